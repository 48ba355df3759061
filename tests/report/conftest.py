"""One report on a small company, made once by the command."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stcrm_pandas.cli import app
from stcrm_pandas.sandbox import Sandbox


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """What the command said, and the file it was to write."""
    folder = tmp_path_factory.mktemp("company")
    state, out = folder / "company.sqlite", folder / "leads.html"
    with Sandbox(leads=400, state=state):
        pass  # the state file stays, and the notebook's own process opens it
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("STCRM_CACHE_DIR", str(folder / "cache"))
        given = ["--sandbox", "--state", str(state), "--until", "2030-01-01", "--out", str(out)]
        return CliRunner().invoke(app, ["report", "lead-conversion", *given]), out
