"""A second, independent valuation: plain Python, and QuantLib where it is installed."""
