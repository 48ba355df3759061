"""Estimates, comparisons and predictions on small tables."""
