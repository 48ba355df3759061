"""The audit of a company's data: what is wrong, what it costs the numbers of reports, and what repairs it.

`audit.py` runs it: `rows.py` reads the rows once, `findings.py` is the table of all checks with their words and the
line of code that repairs each, `checks.py` has a function per check, and `finding.py` what a check and its result are.
`result.py` is what users hold, and `page.py` shows it.

A count that a report has, too, comes from the function of the report. A printed line never confirms anything: it opens
the rows for people who decide. `commands/` imports from here.

Tests: `make test ROOM=cleaning`.
"""
