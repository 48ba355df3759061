"""Edit a frame in JupyterLab: a grid that logs each edit to disk before it acknowledges it.

`edit.py` opens a grid; `grid.py` is what users hold, and `widget.py` its front end, written in `view/`. An edit arrives
in `messages.py`; `session.py` judges it with `columns.py` (is the text a value?) and `judge.py` (would the plan refuse
it?), and writes it to `log.py`. `history.py` says which edits are in force, and `replay.py` what they mean for the rows
of today. No edit is acknowledged before its commit, and none is applied unseen: keep both when you change anything.
Logs of earlier versions must open. `client.py`, `resources/` and `commands/` import from here.

Tests: `make test ROOM=grid`.
"""
