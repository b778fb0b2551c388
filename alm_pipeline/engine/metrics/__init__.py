"""The lenses: what a position's dated rows say about value, income, repricing and liquidity."""
