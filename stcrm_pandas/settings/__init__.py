"""The settings of a connection, and how much each source is trusted.

`connection` defines every setting and reads them: each value comes from `sources` (an argument, the environment, a
`.env` file), and each address is checked by `addresses` before a secret is sent to it.

Add a setting as a field of `Settings`, with its description, and as an argument of `connect`. What a `.env` file may
not set is in `sources`: it may come from somebody else. Only this room reads the environment. The sandbox and analyses
may not import it. Tests: `make test ROOM=settings`.
"""
