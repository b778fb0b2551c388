"""Numbers to pages: what people see first of a close."""
