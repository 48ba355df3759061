"""The rows of a sandbox, in one SQLite file."""
