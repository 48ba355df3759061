"""Bulk edits: what differs between two frames, and the files in which frames go through other hands.

`diff` says which cells of `after` are not those of `before`; `sheets` writes and reads the files.
"""
