"""Files that only their owner can read: private folders, files written as a whole, SQLite files, checksums of rows.

Everything that this package stores about people is written with these functions, so that it is private from the first
byte. `private.py` creates folders and files and replaces texts; `sqlite_files.py` identifies the package's SQLite files
and opens them read-only; `row_sums.py` adds checksums to their rows. Formats belong to the rooms that own the files:
the cache to `http`, journals to `edits`, logs to `grid`, decisions to `cleaning`.

Every room but the sandbox may import this one, which imports only `errors`. Its tests run with `make test ROOM=files`.
"""
