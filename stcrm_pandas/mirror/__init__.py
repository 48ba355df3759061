"""A local copy of one tenant, with every version of every row.

`mirror` is what a connection gives, `reading` what it can read without one; `many` joins tenants, `client` stands in
for a connection, `queries` runs SQL. A sync (`sync`) reads the `resources`, and compares the rows with the newest
`versions`; `store` appends a file with what differs: `sealed` (checksums and label), with its `commits`. `derived` has
the current rows, in files of `current`. `status_log` dates statuses, `verification` compares with the service,
`privacy/` erases people.

A file of the history never changes, damage is an error and never a row, and what earlier versions wrote must open
(`tests/written_before`). Rows that one list lacks are not deleted. Analyses get frames and import nothing from here;
`client.py`, `cleaning/`, `report/` and `commands/` do. Tests: `make test ROOM=mirror`.
"""
