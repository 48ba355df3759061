"""The rows of a sandbox in one SQLite file: `filling` creates it from a company, `store` reads and changes it.

`tables` says how a row is stored, `columns` does the same for thousands of rows at once, and `clock` has the times. The
file's layout has a number, `LAYOUT` in `store`: increase it when a table changes, since older files cannot be opened
then.
"""
