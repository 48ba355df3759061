"""Reports: each is a notebook, run with parameters and written as one HTML file that opens without a network.

papermill, nbconvert and plotly are imported only when a report is made.
"""

from stcrm_pandas.errors import require

require("report")

from stcrm_pandas.report.making import REPORTS, Choices, make_all, make_report, write_report
from stcrm_pandas.report.running import Reads, notebook_path, run_notebook

__all__ = ["REPORTS", "Choices", "Reads", "make_all", "make_report", "notebook_path", "run_notebook", "write_report"]
