"""The demo company: credible, reproducible, and with planted truths to find.

`company.make_company` draws the tables in order: bookings, leads, their outcomes, jobs, customers with locations, and
contacts; then `dirt` (with `duplicates` and `related`) makes records the same, similar or badly written. A file has
both what is drawn about its table and what becomes a row; `world` in `base/` has the drawn columns of all, `reference`
the rows of campaigns, employees and so on, and `truths` counts what was planted.

The same seed must create the same rows, byte for byte: keep the order of draws within a stream, and add new streams at
the end of `STREAMS` in `base/chance.py`. Sizes and rates may change where tests of truths and sizes still pass. Only
`state` imports this folder. Tests: `make test ROOM=sandbox/company`.
"""

from stcrm_pandas.sandbox.company.company import Company, make_company

__all__ = ["Company", "make_company"]
