"""Turn response bodies into one validated frame. Pure: no I/O, no clock.

`decode` reads one body, `assemble` combines pages and validates the frame by its model. Most pages take the fast path,
which reads a complete response at once and rejects whatever does not fit. Rejected pages are read by `repair`, value by
value; what departs from the API becomes `drift`. For frames that people edited, `foreign_cells` reads cells by their
documented type and `matching` finds the same rows; `contact_values` has the normal forms of numbers and addresses, and
`customers` what columns of customers mean.

Both paths must agree: a change to one needs the other, and `tests/frame/test_properties.py`. Every room above may
import this one but the sandbox. Tests: `make test ROOM=frame`.

>>> from stcrm_pandas.contract.schemas.lookups import CALL_REASONS
>>> body = b'{"hasMore": false, "data": [{"id": 7, "name": "Leak", "isLead": true, "active": true}]}'
>>> page = decode(CALL_REASONS, "page", body)
>>> assemble(CALL_REASONS, [page]).frame[["id", "name", "is_lead"]]
   id  name  is_lead
0   7  Leak     True
>>> print(drift_message(page.drift))
call_reasons does not match the API description: created_on is null in 1 row (7); modified_on is null in 1 row (7)
"""

from stcrm_pandas.frame.assemble import Assembled, DecodedPage, assemble, mark, validate
from stcrm_pandas.frame.decode import decode
from stcrm_pandas.frame.drift import Drift, drift_frame, drift_message

__all__ = [
    "Assembled",
    "DecodedPage",
    "Drift",
    "assemble",
    "decode",
    "drift_frame",
    "drift_message",
    "mark",
    "validate",
]
