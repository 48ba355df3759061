"""Plotly figures of analysis results: a file for each analysis, and in `base` what all figures share.

They are made by `result.figure(...)`; plotly is loaded only then.
"""
