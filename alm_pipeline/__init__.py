"""A bank's monthly asset-liability close, from core-banking extracts to board-ready tables."""

__version__ = "0.1.0"
