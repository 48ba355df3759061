"""Recipes: functions of frames that repair what is certain and list the rest.

Each recipe has a file: `phones.py`, `emails.py`, `names.py`, `addresses.py`, `zips.py`, `cities.py`, and `spellings.py`
for sources, tags and custom fields, whose maps people confirm. It decides about one value (`Changed`, `Skipped` or
None), and `apply_to` in `fix.py` applies that to the columns of a frame and returns a `Fix`. `words.py` has the words
of names and streets. `pipeline.py` composes recipes, saves and loads them.

A value with two usual spellings is listed, never written. A second run changes nothing. When a recipe starts to return
something else, its version increases: files of pipelines name it. `audit/`, `matching/` and `commands/` import from
here.

Tests: `make test ROOM=cleaning`, values with their results in `tests/cleaning/recipes/nasty/`.
"""
