"""Complete reads: pagination, generations, feeds, progress; and the one write.

`reading` turns a method's arguments into a read and its pages into a frame. `fetching` takes each page from the cache
or from the service, in a loop of `pagination`, which has all loops over pages and the check that no row is missing.
`decoded` keeps the columns of a complete read, `provenance` has where a frame comes from, `naming` adds names for ids,
`progress` shows what is going on. `connection` sends everything that changes something, and is what edits get.

Part of the rows must never pass for all: a new loop belongs in `pagination`, with its end and its check. The rooms
above import `reading` and `connection`; analyses and the sandbox may not. Tests: `make test ROOM=reads`.
"""
