"""Every example on every page runs, in order, against the small sandbox."""

from __future__ import annotations

import datetime as dt
import doctest
import json
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import stcrm_pandas as stcrm
from stcrm_pandas import sandboxes
from stcrm_pandas.errors import StcrmWarning
from stcrm_pandas.sandbox import Fault

from .pages import PAGES, TUTORIALS, Block, blocks, name

RUN = {"python", "pycon", "json"}
WITH_EXAMPLES = [
    page for page in PAGES if page not in TUTORIALS and any(block.language in RUN for block in blocks(page))
]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=name)
def test_examples_run(page: Path, sandbox: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # `connect(sandbox=True)` means the sandbox of this process: here it is the small one.
    monkeypatch.setitem(sandboxes._sandboxes, "", sandbox)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "page", "stcrm": stcrm, "pd": pd}
    sandbox.advance(dt.timedelta(minutes=15))  # what earlier pages changed is in the feeds by now
    with warnings.catch_warnings(), stcrm.connect(sandbox=sandbox) as names["crm"]:
        warnings.simplefilter("ignore", StcrmWarning)  # the sandbox drifts, as the service does; the pages say so
        try:
            for block in blocks(page):
                run(block, names, page)
        finally:
            for value in list(names.values()):
                if isinstance(value, stcrm.Client):
                    value.close()


def run(block: Block, names: dict[str, Any], page: Path) -> None:
    if block.language == "python":
        code = compile("\n" * block.line + block.code, str(page), "exec")
        exec(code, names)
    elif block.language == "pycon":
        examples = doctest.DocTestParser().get_doctest(block.code, names, page.name, str(page), block.line)
        examples.globs = names
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        doctest.DebugRunner(optionflags=options).run(examples, clear_globs=False)
    elif block.language == "json":
        value = json.loads(block.code)
        for fault in value if isinstance(value, list) else ():
            Fault(**fault)


def test_wrong_example_is_detected() -> None:
    with pytest.raises(ZeroDivisionError):
        run(Block("python", "1 / 0\n", 0), {}, Path("page.md"))
    with pytest.raises(doctest.DocTestFailure):
        run(Block("pycon", ">>> 1 + 1\n3\n", 0), {}, Path("page.md"))
