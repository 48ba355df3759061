"""Merges of duplicate customers, which are made in ServiceTitan: what to do before, and what is done after.

`desk.py` is what users hold: which customer is kept, and what would be lost. `before_merge.py` makes the plan from
`carry_over.py` (tags and custom fields) and `strictest_consent.py`, which also tells which opt-outs a customer lacks
afterward. `merge_list.py` writes and reads the list for the person who merges, and compares it with customers that
were read later.

Nobody is opted in here, and no tag whose name is unknown is added: keep both when you change anything. What the API
cannot change is listed in the plan. `matching/`, `audit/` and `commands/` import from here.

Tests: `make test ROOM=cleaning`.
"""
