"""What all figures share: plotly figures in `base`, charts that need no script in `svg`.

They are made by `result.figure(...)`; plotly is loaded only then.
"""
