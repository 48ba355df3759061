"""What a person sees in a notebook: a real kernel runs the cells."""

from __future__ import annotations

import re
import textwrap

import pytest
from jupyter_client.manager import KernelManager

from stcrm_pandas.report.running import OwnKernelSpecs


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    manager = KernelManager(kernel_spec_manager=OwnKernelSpecs())
    manager.start_kernel(cwd=str(tmp_path_factory.mktemp("notebook")))
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=120)
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def run(kernel, sandbox, tmp_path_factory):
    """Runs a cell, by default as a front end at which a person sits; returns the outputs as pairs."""

    def run_cell(code, *, watched=True):
        outputs = []

        def collect(message):
            content = message["content"]
            if message["msg_type"] == "stream":
                outputs.append((content["name"], content["text"]))
            elif message["msg_type"] == "error":
                text = "\n".join(content["traceback"])
                outputs.append(("error", re.sub(r"\x1b\[[0-9;]*m", "", text)))
            elif message["msg_type"] in ("display_data", "execute_result"):
                outputs.append(("data", content["data"]))

        kernel.execute_interactive(code, allow_stdin=watched, stdin_hook=print, output_hook=collect, timeout=120)
        return outputs

    connection = {name: value for name, value in sandbox.connection().items() if name != "sandbox_id"}
    connection["cache_dir"] = str(tmp_path_factory.mktemp("cache"))
    run_cell(f"import stcrm_pandas as stcrm\ncrm = stcrm.connect(**{connection!r})")
    run_cell("crm.lookups.call_reasons.list()")  # the first request logs where secrets are sent
    return run_cell


def test_warning_is_black_in_a_notebook(run):
    outputs = run("leads = crm.leads.list()")
    assert [name for name, _ in outputs] == ["stdout"]
    assert "DriftWarning: leads does not match the API description" in outputs[0][1]
    assert outputs[0][1].rstrip().endswith("leads = crm.leads.list()"), "it names the person's own line"
    assert run("leads = crm.leads.list(refresh=True)") == []


def test_report_contains_no_warnings(run):
    outputs = run("bookings = crm.bookings.list()", watched=False)
    assert {name for name, _ in outputs} == {"stderr"}


def test_a_recorded_warning_is_not_printed(run):
    code = """
    import warnings
    with warnings.catch_warnings(record=True) as recorded:
        warnings.simplefilter("always")
        customers = crm.customers.list()
    [one.category.__name__ for one in recorded]
    """
    ((_, data),) = run(code)
    assert data["text/plain"] == "['DriftWarning']"


def test_traceback_ends_at_the_users_line(run):
    run("def mine():\n    return crm.leads.list(statsu='Open')")
    ((kind, text),) = run("mine()")
    assert kind == "error"
    assert "UsageError: leads.list has no filter 'statsu'. Did you mean 'status'?" in text
    assert "return crm.leads.list(statsu='Open')" in text
    assert "stcrm_pandas/" not in text
    assert "_bound" not in text


def test_sql_shows_no_progress_bar_of_duckdb(run):
    code = """
    import duckdb
    from stcrm_pandas.mirror.queries import private_duckdb

    shown = "SELECT current_setting('enable_progress_bar')"
    with private_duckdb() as ours, duckdb.connect() as other:
        print(ours.sql(shown).fetchall(), other.sql(shown).fetchall())
    """
    assert run(textwrap.dedent(code)) == [("stdout", "[(False,)] [(True,)]\n")]
