"""Requests and responses: pure functions first, then session, token and cache.

`query` and `body` turn arguments into a path, a query and a request body; `wire` builds the request and interprets the
response. These three do no I/O. `session` sends: it adds the token, waits for the rate limit and retries, and Ctrl-C
ends its waits. It uses `transport`, which reads one response within its limits. Above it, `cache` stores which pages
form one complete read, in the file of `cache_file`.

Retries and limits change what a failed write means: change `wire` only with a case in `tests/http/test_wire.py`. Rooms
above import it; the sandbox and analyses may not. Tests: `make test ROOM=http`.
"""
