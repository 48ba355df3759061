"""Pairs of customers shown to people who decide whether both are the same."""
