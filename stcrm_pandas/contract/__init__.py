"""The API as data: operations, fields, request bodies, rules and pandera models.

`operations` is the table of all requests. Its rows name the kinds of rows in `schemas/` (`fields` has their types,
`bodies` what is sent, `models` the pandera models, `arrow` and `list_dtype` how cells look in Arrow and in pandas).
`rules` has what the API describes only in prose, `arguments` what methods that write take, `parameters` how docstrings
describe parameters.

Add rows to the tables; `tests/contract` compares them with the published API. Only facts about the API belong here, no
request. Every room may import it; it imports only `errors` and `output`. Tests: `make test ROOM=contract`.
"""
