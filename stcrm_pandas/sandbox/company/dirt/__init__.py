"""Duplicates, related customers and badly written values, with the truth about them."""
