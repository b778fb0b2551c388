"""What rates do in a scenario: shocks by shape and size, floors."""
