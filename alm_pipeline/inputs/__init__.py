"""YAML and settings as frozen records and relations; every problem reported at once."""
