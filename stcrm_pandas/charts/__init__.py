"""What all figures share: `base` draws plotly figures, and `svg` draws charts that need no script.

`result.figure(...)` returns plotly figures; plotly is imported only then.
"""
