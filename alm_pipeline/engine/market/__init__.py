"""Curves from quotes: zero rates, discount factors, forwards, par rates."""
