"""Applying a plan: checks, locks, fresh rows, requests, the journal, and the undo.

`start` takes the lock and opens the journal; `check` refuses what only a read can tell, `opt_in_checks` and `opt_ins`
refuse opt-ins of people who have opted out since. `scheduler` decides what `fresh_rows` reads and `sending` sends,
`outcomes` what became of each row. `journal` has each request before it is sent, `result` shows it, and `undo` plans
the way back.
"""
