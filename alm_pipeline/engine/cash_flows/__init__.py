"""From terms to dated events: the one projection that every lens reads."""
