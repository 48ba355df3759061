"""The subcommands of `stcrm`: each turns options into one call of the package, and prints what it did.

`cli.py` registers them; `terminal.py` has what they share. A file has the commands of one subject, and loads what is
slow only when its command runs. Rules, checks and texts of errors belong to the room that a command calls, so that
Python shows the same. After a change of an option, run `docs/make.py`. Only `cli.py` imports from here; commands may
import from every room. Exit codes: 0 done, 1 an error, 2 refused, and those in `edit.py` and `mirror.py`.

Tests: `make test ROOM=commands`.
"""
