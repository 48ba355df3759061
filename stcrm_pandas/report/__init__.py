"""Reports: each is a notebook, run with parameters and written as one HTML file that opens without a network.

`making.py` checks the choices, has `running.py` run the notebooks in `notebooks/`, and `page.py` make HTML of their
outputs with the templates in `template/`. Numbers and sentences come from `analysis/`: a notebook only places them. A
cell with the tag `parameters` has what `Choices` may set; one with the tag `reads` reads what other notebooks share.

papermill, nbconvert and plotly are imported only when a report is made. Only `commands/` imports from here, and the
notebooks. Tests: `make test ROOM=report`.
"""

from stcrm_pandas.errors import require

require("report")

from stcrm_pandas.report.making import REPORTS, Choices, make_all, make_report, write_report
from stcrm_pandas.report.running import Reads, notebook_path, run_notebook

__all__ = ["REPORTS", "Choices", "Reads", "make_all", "make_report", "notebook_path", "run_notebook", "write_report"]
