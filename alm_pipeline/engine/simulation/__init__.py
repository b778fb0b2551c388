"""One pass over chunks of positions: terms to events to lenses."""
