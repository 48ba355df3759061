"""Plans as data: changed cells, the requests that make the change, and refusals. Pure.

`build` makes a plan of two frames: `steps` turns the cells of one row into a request or refusals, `fill` adds what the
API requires besides, `consent` tells opt-ins and opt-outs. `actions` has dismissals, follow-ups and tags, `opt_out` the
opt-out of numbers and addresses. `model` is the plan itself, and `plan_file` reads and writes it.
"""
