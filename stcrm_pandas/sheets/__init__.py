"""CSV, XLSX and Parquet files of frames, written and read back.

`files` writes and reads: `text` turns cells into text that a spreadsheet leaves alone, `csv_file`, `xlsx_file` and
`parquet_file` have the formats. Reading back, `cell_table` goes through the columns and `cells` decides about one cell:
certain, suspect or invalid. `sheet` is the result. `export` writes workbooks and database tables that are not read
back.

A cell that a spreadsheet may have changed must stay suspect: add a case to `tests/sheets` first. Text must never run as
a formula. Edits, the grid and the rooms above import this one; it needs no connection. Tests: `make test ROOM=sheets`.
"""
