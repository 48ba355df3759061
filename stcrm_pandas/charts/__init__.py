"""What all figures share: `base` draws plotly figures, and `svg` draws charts that need no script.

`result.figure(...)` calls `base.draw`, which looks up the kind in the `figures.py` of the analysis; that builds on the
functions of `base.py`, in the look of `template.py`. `svg.py` draws the year and the sparklines of a first screen, for
pages and mails that run no script. The colors of both are in `theme.toml`, for light, dark and paper.

A figure reads the tables of a result and counts nothing. `analysis/` and `report/` import from here; nothing here knows
an analysis. plotly is imported only for a figure, never by `svg.py`. Tests: `make test ROOM=analysis`.
"""
