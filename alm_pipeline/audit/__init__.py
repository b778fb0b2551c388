"""Evidence: where a column comes from, and later trace, replay and difference."""
