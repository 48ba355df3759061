"""The first screens of reports as HTML for the body of an e-mail: tables and text, without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stcrm_pandas.analysis.overview import NOTHING_CLEAR
from stcrm_pandas.charts.svg import colors
from stcrm_pandas.report.page import render

__all__ = ["summary_page"]


def summary_page(title: str, screens: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the summary of reports, from their first screens by the name of the report.

    Parameters
    ----------
    title : str
        The title of the page, which mail programs do not show.
    screens : mapping
        The first screens as `first_screen_of` returns them, with the title. If a report could not be made, `denied` is
        the reason.
    """
    shown = [*screens.values()]
    company = next((screen for screen in shown if "company" in screen), None)
    return render(
        "summary.html.j2", title=title, screens=shown, company=company, colors=colors("light"), nothing=NOTHING_CLEAR
    )
