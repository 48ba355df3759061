"""The methods of a connection: one class per resource of the API.

Most methods are a signature and a docstring: the decorator `operation` in `resource` looks up the operation of that
name, and passes the arguments to `reads`. `resource` also has plans of edits and the export feed,
`customer_or_location` what customers and locations share; the other files have one family each. `client.py` puts them
together.

Add a method with the filters of its operation in `contract/`, then run `make docs`: it describes shared parameters. No
method has logic of its own that a plan or a read could have. Only `client.py`, `cleaning/` and `commands/` import this
room. Tests: `make test ROOM=resources`.
"""
