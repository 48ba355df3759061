"""Make one report, or all of them in a file or a folder. A file is written completely or not at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict, Unpack, get_args

from stcrm_pandas.analysis.overview import NOTHING_CLEAR
from stcrm_pandas.charts.svg import colors
from stcrm_pandas.errors import ReportError, UsageError, require
from stcrm_pandas.files.private import replace_all
from stcrm_pandas.mirror.many import mirrors
from stcrm_pandas.reads.progress import Progress
from stcrm_pandas.report.page import first_screen_of, index_page, page_of, render, title_of, together_page
from stcrm_pandas.report.running import notebook_path, parameters_of, run_notebook, run_side_by_side
from stcrm_pandas.sandboxes import ServedSandbox, start_sandbox
from stcrm_pandas.settings.connection import read_settings

REPORTS = {
    "lead-conversion": "lead_conversion",
    "contact-preferences": "contact_preferences",
    "booking-sources": "booking_sources",
}
"""The name of each report, and of its notebook."""

ALONE = {"audit": "audit"}
"""Reports that are not among all reports: they are about the data, not about the company."""

_OF_ANALYSES = ("month", "weeks", "since", "until", "by", "with_lists")
"""Choices of which rows an analysis counts and shows."""

_PAGE = (".html", ".htm")


class Choices(TypedDict, total=False):
    """What a report is about; every choice is optional.

    Parameters
    ----------
    sandbox : bool, str or Path
        True reads the demo company, a path reads the sandbox with this state file. By default, the connection that the
        environment names is read.
    mirror : str or Path
        The folder of a mirror to read instead of the service, without sending a request.
    as_of : str
        The time as of which to read the mirror, such as "2026-10-01". The default time zone is the company's. By
        default, its latest versions are read.
    month : str
        The month to show, such as "2026-10".
    weeks : int
        The number of complete weeks before the read to show.
    since, until : str
        The first day to show, and the first day after the period.
    by : str or sequence of str
        One or two dimensions to group the rows by, such as "campaign". By default, the report chooses.
    spend : str or Path
        A CSV or XLSX file with the columns campaign, month and amount, for the cost per job.
    anonymous : bool
        True leaves out the rows of the call lists, and with them all personal data.
    with_lists : bool
        True includes the call lists in a file. By default, a file has none, because it may be sent to others; a folder
        always has them, unless `anonymous=True`.
    company : str
        The company's name, which the report shows.
    time_zone : str
        The company's time zone, if the environment does not set it.
    """

    sandbox: bool | str | Path
    mirror: str | Path | None
    as_of: str | None
    month: str | None
    weeks: int | None
    since: str | None
    until: str | None
    by: Sequence[str] | str | None
    spend: str | Path | None
    anonymous: bool
    with_lists: bool
    company: str | None
    time_zone: str | None


def make_report(
    name: str, out: str | Path | None = None, *, summary: str | Path | None = None, **choices: Unpack[Choices]
) -> Path:
    """Make one report, as an HTML file.

    Parameters
    ----------
    name : {"lead-conversion", "contact-preferences", "booking-sources", "audit"}
        The report to make.
    out : str or Path, optional
        The HTML file to write, in a folder that exists. It does not contain call lists, unless `with_lists=True`.
    summary : str or Path, optional
        A second HTML file, with the first screen of the report for the body of an e-mail. It does not contain personal
        data.
    **choices
        What the report is about, as described in `Choices`.

    Returns
    -------
    Path
        The path of the report, or of the summary if `out` is None.

    Raises
    ------
    UsageError
        The folder does not exist, the report has no such parameter, or the choices contradict each other.
    ReportError
        A cell of the notebook failed, or the file could not be written. An existing file is then not changed.

    Examples
    --------
    >>> make_report("lead-conversion", "leads.html", month="2026-10")  # doctest: +SKIP
    """
    notebooks = {**REPORTS, **ALONE}
    if name not in notebooks:
        raise UsageError(f"There is no report {name!r}. The reports are {', '.join(notebooks)}.")
    if name in ALONE and (unused := [option for option in _OF_ANALYSES if choices.get(option)]):
        raise UsageError(f"{unused[0]}: the report {name} does not use it. Leave it out.")
    if name in REPORTS:
        _refuse_unknown(_by(choices), [name])
    notebook = notebook_path(notebooks[name])
    if choices.get("spend") is not None and "spend" not in parameters_of(notebook):
        raise UsageError(f"spend: the report {name} does not use it. Leave it out.")
    _refuse_contradiction(choices)
    report, mail = _files(out, summary)
    # an audit has no call lists: its examples are ids
    done = run_notebook(notebook, _parameters(choices if name in ALONE else _for_file(choices)))
    pages = {} if report is None else {report: page_of(done)}
    return _write(pages, mail, {name: _screen(done)})


def make_all(out: str | Path | None = None, *, summary: str | Path | None = None, **choices: Unpack[Choices]) -> Path:
    """Make all reports, in one file or in a folder with an index.

    Rows that several reports need are read only once. If the application lacks the scope for the main rows of a report,
    the other reports are made, the index names the missing scope, and an older file of that report is not changed.

    Parameters
    ----------
    out : str or Path, optional
        The file or folder to write. A name that ends in `.html` or `.htm` is one file with all reports. Any other name
        is a folder with a file for each report and an `index.html`; it is created if it does not exist. The folder
        above must exist. Only a folder contains call lists, unless `with_lists=True`.
    summary : str or Path, optional
        One more HTML file, with the first screens of all reports for the body of an e-mail. It does not contain
        personal data.
    **choices
        What the reports are about, as described in `Choices`. `by` and `spend` apply only to the reports that can use
        them.

    Returns
    -------
    Path
        The path of the file, or of the index in the folder, or of the summary if `out` is None.

    Raises
    ------
    UsageError
        The file or folder cannot be created, or the choices contradict each other.
    ReportError
        A cell of a notebook failed, a file could not be written, or the scopes for all reports are missing. No file is
        then changed.

    Examples
    --------
    >>> make_all("reports.html", weeks=13, company="Example Heating")  # doctest: +SKIP
    """
    _refuse_contradiction(choices)
    folder = None if out is None or Path(out).suffix.lower() in _PAGE else folder_to_write(out)
    if folder is None:
        choices = _for_file(choices)
    report, mail = _files(out if folder is None else folder / "index.html", summary, made=folder)
    _refuse_unknown(_by(choices), list(REPORTS))
    notebooks, screens = _run_all(choices)
    pages: dict[Path, str] = {}
    if folder is not None:
        pages = {folder / "index.html": index_page("Reports", screens)}
        pages |= {folder / f"{name}.html": page_of(done, has_index=True) for name, done in notebooks.items()}
    elif report is not None:
        pages = {report: together_page("Reports", notebooks, screens)}
    return _write(pages, mail, screens)


def _files(
    report: str | Path | None, summary: str | Path | None, *, made: Path | None = None
) -> tuple[Path | None, Path | None]:
    """Return the paths of a report and of a summary; raise if they cannot be written. `made` is a folder to make."""
    report, summary = (None if path is None else Path(path).absolute() for path in (report, summary))
    if report is None and summary is None:
        raise UsageError("Name the file to write: out, summary, or both.")
    names = [*REPORTS, "index"] if made else []
    if summary is not None and summary in (report, *(report.parent / f"{name}.html" for name in names if report)):
        raise UsageError(f"{summary} is the file of a report. Name another one for the summary.")
    for path in (report, summary):
        if path is not None and path.parent != made:
            file_to_write(path)
    return report, summary


def _write(pages: dict[Path, str], summary: Path | None, screens: Mapping[str, dict[str, Any]]) -> Path:
    """Write the pages and the summary, and return the first path."""
    if summary is not None:
        pages[summary] = summary_page("Reports", screens)
    write_files(pages)
    return next(iter(pages))


def _screen(done: Any) -> dict[str, Any]:
    return {"title": title_of(done), **first_screen_of(done)}


def _run_all(choices: Choices) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the notebooks that were run and the first screens, by the name of the report.

    A report for which a scope is missing has only a first screen, which names the scope.
    """
    done: dict[str, Any] = {}
    screens: dict[str, dict[str, Any]] = {}
    last: ReportError | None = None
    for name, result in _results(choices).items():
        if isinstance(result, ReportError):
            screens[name] = {"title": name.replace("-", " ").capitalize(), "denied": result.denied}
            last = result
        else:
            done[name] = result
            screens[name] = _screen(result)
    if not done and last is not None:
        raise last
    return done, screens


def _results(choices: Choices) -> dict[str, Any]:
    """Return each notebook that was run, or its error if a scope is missing.

    On a sandbox they run at the same time; otherwise, one after another, since each may hold a large company.
    """
    parameters = _parameters(choices)
    with _running_sandbox(choices.get("sandbox", False)) as (sandbox, environment):
        runs = {}
        for name, file in REPORTS.items():
            notebook = notebook_path(file)
            runs[name] = (notebook, _taken(name, notebook, {**parameters, "sandbox": sandbox}))
        if sandbox:
            return run_side_by_side(runs, environment)
        results: dict[str, Any] = {}
        for name, run in runs.items():
            results |= run_side_by_side({name: run}, environment)
        return results


def write_report(notebook: Path, out: str | Path, parameters: Mapping[str, Any]) -> Path:
    """Run a notebook and write it as one HTML file.

    Parameters
    ----------
    notebook : Path
        The notebook to run. It needs a cell tagged `parameters`.
    out : str or Path
        The HTML file to write, in a folder that exists.
    parameters : mapping
        The values of its parameters by name. They are stored in the notebook, so never pass a secret.

    Returns
    -------
    Path
        The absolute path of the file.
    """
    path = file_to_write(out)
    write_files({path: page_of(run_notebook(notebook, parameters))})
    return path


def _parameters(choices: Choices) -> dict[str, Any]:
    """Return the notebook's parameters; None keeps the notebook's default."""
    if choices.get("sandbox"):
        require("sandbox")
    elif choices.get("mirror") is None:
        read_settings(time_zone=choices.get("time_zone"))  # a mistake in them is reported before a notebook is run
    _refuse_period(choices)
    by, spend = _by(choices), choices.get("spend")
    kept = {name: value for name, value in choices.items() if name != "with_lists"}  # no parameter of a notebook
    return {
        **kept,
        "sandbox": _plain(choices.get("sandbox", False)),
        "mirror": _mirror(choices),
        "by": by[0] if len(by) == 1 else by or None,
        "spend": None if spend is None else str(Path(spend).absolute()),
        "anonymous": choices.get("anonymous") or None,
        "progress": False,
    }


def _mirror(choices: Choices) -> str | None:
    """Return the folder of the mirror to read; raise before a notebook is run if there is none."""
    folder = choices.get("mirror")
    if folder is None:
        return None
    mirrors(folder).client()
    return str(Path(folder).expanduser().absolute())


def _refuse_contradiction(choices: Choices) -> None:
    if choices.get("mirror") is not None and choices.get("sandbox"):
        raise UsageError("mirror reads the files of a mirror, and sandbox a service: choose one.")
    if choices.get("as_of") is not None and choices.get("mirror") is None:
        raise UsageError("as_of needs a mirror: the service only has the rows of today.")
    if choices.get("anonymous") and choices.get("with_lists"):
        raise UsageError("anonymous leaves out the call lists, and with_lists keeps them: choose one.")


def _for_file(choices: Choices) -> Choices:
    """Return the choices for a file that may be sent: without call lists, unless they are asked for."""
    return {**choices, "anonymous": not choices.get("with_lists")}


def _by(choices: Choices) -> list[str]:
    by = choices.get("by")
    return [] if by is None else [by] if isinstance(by, str) else list(by)


def _groups() -> dict[str, tuple[str, ...]]:
    """Return the names that each report can group by."""
    from stcrm_pandas.analysis.bookings.counts import DIMENSIONS
    from stcrm_pandas.analysis.leads.keys import BY
    from stcrm_pandas.analysis.preferences.groups import By

    known = {"lead-conversion": BY, "contact-preferences": get_args(By), "booking-sources": tuple(DIMENSIONS)}
    # A report is about one company.
    return {name: tuple(dimension for dimension in groups if dimension != "tenant") for name, groups in known.items()}


def _refuse_unknown(by: Sequence[str], names: Sequence[str]) -> None:
    """Raise before anything is read if none of the reports can group by these names."""
    groups = _groups()
    if by and not any(set(by) <= set(groups[name]) for name in names):
        listed = "; ".join(f"{name} by {', '.join(groups[name])}" for name in names)
        raise UsageError(f"by: {' and '.join(by)} cannot be used. Available: {listed}.")
    if len(by) > 2:
        raise UsageError("by: give one or two names.")


def _refuse_period(choices: Choices) -> None:
    """Raise before anything is read if the choices of a period contradict each other, or it is in the future."""
    from stcrm_pandas.analysis.base.periods import period_at

    now = dt.datetime.now(
        dt.timezone(dt.timedelta(hours=14))
    )  # the day begins first there, and the zone may be unknown
    if not isinstance(choices.get("sandbox", False), bool) or choices.get("mirror") is not None:
        now = dt.datetime(
            9000, 1, 1, tzinfo=dt.UTC
        )  # a sandbox of a state file, and its mirror, have a clock of their own
    period_at(
        now,
        month=choices.get("month"),
        weeks=choices.get("weeks"),
        since=choices.get("since"),
        until=choices.get("until"),
    )


def _plain(sandbox: bool | str | Path) -> bool | str:
    return sandbox if isinstance(sandbox, bool) else str(Path(sandbox).absolute())


def _taken(report: str, notebook: Path, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that this report uses."""
    by = arguments["by"]
    dimensions = {by} if isinstance(by, str) else set(by or ())
    known = {**arguments, "by": by if dimensions <= set(_groups()[report]) else None}
    names = parameters_of(notebook)
    return {name: value for name, value in known.items() if name != "spend" or name in names}


@contextlib.contextmanager
def _running_sandbox(choice: bool | str | Path) -> Iterator[tuple[bool | str, dict[str, str]]]:
    """Run one sandbox for all notebooks, which connect to it and have one cache; remove it afterward if it is new."""
    if choice is False:
        yield False, {}
        return
    from stcrm_pandas.sandbox import Sandbox

    with contextlib.ExitStack() as stack:
        folders = {}
        if choice is True:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="stcrm-"))
            choice = Path(folder) / "sandbox.sqlite"
            folders = {"STCRM_CACHE_DIR": folder, "STCRM_STATE_DIR": folder}
        sandbox = Sandbox(state=choice)
        start_sandbox(sandbox, Progress(False))
        stack.enter_context(sandbox)
        yield _plain(choice), {**folders, **ServedSandbox.of(sandbox).environment}


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


def file_to_write(path: str | Path) -> Path:
    """Return the absolute path of a file to write; raise before anything is read if there cannot be such a file.

    Examples
    --------
    >>> file_to_write("missing/report.html")
    Traceback (most recent call last):
    stcrm_pandas.errors.UsageError: The folder ...missing does not exist. Create it, or write the report elsewhere.
    """
    place = Path(path).absolute()
    if not place.parent.is_dir():
        raise UsageError(f"The folder {place.parent} does not exist. Create it, or write the report elsewhere.")
    if place.is_dir():
        raise UsageError(f"{place} is a folder. Name the file to write.")
    _refuse_read_only(place.parent)
    return place


def folder_to_write(path: str | Path) -> Path:
    """Return the absolute path of a folder to write into; raise before anything is read if there cannot be one."""
    place = Path(path).absolute()
    if not place.parent.is_dir() or (place.exists() and not place.is_dir()):
        raise UsageError(f"The reports cannot be written to {place}: it is a file, or the folder above it is missing.")
    _refuse_read_only(place if place.is_dir() else place.parent)
    return place


def _refuse_read_only(folder: Path) -> None:
    if not os.access(folder, os.W_OK):
        raise UsageError(f"The folder {folder} is not writable. Write the report elsewhere.")


def write_files(pages: Mapping[Path, str]) -> None:
    """Write all files under temporary names, and rename them only when all are written; make their folder.

    Raises
    ------
    ReportError
        The disk is full, or the folder is not writable. Older files are then not changed.
    """
    try:
        for path in pages:
            path.parent.mkdir(exist_ok=True)
        replace_all({path: page.encode() for path, page in pages.items()})
    except OSError as error:
        path = Path(error.filename)
        kept = " The file from before is unchanged." if path.exists() else ""
        raise ReportError(f"{path} could not be written: {error.strerror or error}.{kept}") from error
