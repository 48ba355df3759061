"""The messages between a view in a browser and the session of its frame.

Columns of texts travel as binary buffers in Arrow's layout, which a browser decodes without a library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from stcrm_pandas.edits.preview import as_html
from stcrm_pandas.errors import StcrmError
from stcrm_pandas.grid.log import LogNotWritten
from stcrm_pandas.grid.session import Answer, EditText, Session

DICTIONARY = 0.5
"""A column with a smaller share of different texts is sent as a dictionary."""

Send = Callable[[dict[str, Any], Sequence[Any]], object]
NO_PLAN = "<p>These rows have no plan: no operation of the API changes them. Use <code>grid.after</code>.</p>"


class Messages:
    """Answers the messages of all views of one grid.

    Parameters
    ----------
    session : Session
        The session.
    about : mapping
        What a view shows above the grid: `title` and `tenant`.
    send : callable
        Sends a message with buffers to all views.
    show_plan : callable
        Shows the plan in the output below the grid.
    """

    def __init__(self, session: Session, about: Mapping[str, Any], send: Send, show_plan: Callable[[], object]) -> None:
        self._session = session
        self.about: dict[str, Any] = dict(about)
        self._send = send
        self._show_plan = show_plan
        self._listed = self._lists()

    def receive(self, content: Any) -> None:
        """Answer one message. A message that cannot be read is answered with `failed`."""
        client, number = "", 0
        with self._session.lock:
            try:
                client, number = str(content["client"]), int(content.get("number", 0))
                self._answer(str(content["type"]), client, number, content)
            except LogNotWritten as error:
                self.say(type="failed", client=client, number=number, reason=str(error))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError, StcrmError) as error:
                reason = str(error) if isinstance(error, StcrmError) else "Python cannot read the message"
                self.say(type="failed", client=client, number=number, reason=reason)

    def _answer(self, type: str, client: str, number: int, content: Mapping[str, Any]) -> None:
        session = self._session
        if type not in ("edit", "undo", "redo", "resolve", "discard"):
            self.report(session.catch_up())
        match type:
            case "open":
                self.open(client)
            case "columns":
                for name in content["names"]:
                    self._column(client, str(name))
            case "edit":
                edits = [_edit(sent) for sent in content["edits"]]
                self.report(session.edit(client, number, str(content.get("group") or ""), edits))
            case "undo":
                self.report(session.undo(client, number))
            case "redo":
                self.report(session.redo(client, number))
            case "resolve":
                cell = (str(content["key"]), str(content["column"]))
                self.report(session.resolve(client, number, cell, str(content["take"])))
            case "discard":
                self.report(session.discard(client, number))
            case "plan":
                self._plan(client)
            case "show_plan":
                self._show_plan()
                self.say(type="pong", client=client, number=number)
            case _:
                self.say(type="pong", client=client, number=number)

    def say(self, **content: Any) -> None:
        """Send a message without buffers to all views."""
        self._send(content, [])

    def report(self, answers: Sequence[Answer]) -> None:
        """Send what events did, and the lists of edits that are not applied if they changed."""
        for answer in answers:
            self.say(
                type="verdicts",
                client=answer.client,
                number=answer.number,
                group=answer.group,
                kind=answer.action,
                verdicts=[list(verdict) for verdict in answer.verdicts],
                counts=self.counts(),
                sequence=self._session.history.sequence,
            )
            if answer.action == "discard":
                self.open(None)
        listed = self._lists()
        if listed != self._listed:
            self._listed = listed
            self.say(type="conflicts", **listed)

    def open(self, client: str | None) -> None:
        """Send the frame's description; None is for all views."""
        session = self._session
        self.say(
            type="frame",
            client=client,
            session=session.log.path.stem,
            log=session.log.path.stem,
            revision=session.history.sequence,
            rows=len(session),
            key=list(session.row.key),
            editable=True,
            plan=session.planner is not None,
            columns=session.about_columns(),
            counts=self.counts(),
            **self.about,
            **self._lists(),
        )

    def counts(self) -> dict[str, int]:
        """Return how many rows and cells are changed, refused and in conflict."""
        session = self._session
        return {
            "rows": len(session),
            "changed_cells": len(session.replay.applied),
            "changed_rows": session.changed_rows,
            "refused": len(session.refused),
            "conflicts": len(session.replay.conflicts),
            "absent": len(session.replay.absent),
            "sequence": session.history.sequence,
            "undo": session.history.undo_count,
            "redo": session.history.redo_count,
        }

    def _lists(self) -> dict[str, list[dict[str, Any]]]:
        replay = self._session.replay
        return {
            "conflicts": [
                {
                    "key": conflict.key,
                    "column": conflict.column,
                    "old": conflict.old,
                    "mine": conflict.mine,
                    "theirs": conflict.theirs,
                }
                | {"reason": conflict.reason}
                for conflict in replay.conflicts.values()
            ],
            "absent": [
                {"key": edit.key, "column": edit.column, "old": edit.old, "new": edit.new, "reason": edit.reason}
                for edit in replay.absent.values()
            ],
        }

    def _column(self, client: str, name: str) -> None:
        session = self._session
        about, buffers = encoded(session.current_texts(name))
        content = {
            "type": "column",
            "client": client,
            "name": name,
            "rows": len(session),
            "revision": session.history.sequence,
            "marks": session.marks(name),
            **about,
        }
        self._send(content, buffers)

    def _plan(self, client: str) -> None:
        plan = self._session.plan()
        if plan is None:
            self.say(type="plan", client=client, calls=0, cells=0, refusals=0, html=NO_PLAN)
            return
        cells = sum(len(step.cells) * len(step.keys) for step in plan.steps)
        refusals = len(plan.refusals)
        self.say(type="plan", client=client, calls=len(plan.steps), cells=cells, refusals=refusals, html=as_html(plan))


def _edit(sent: Sequence[Any]) -> EditText:
    key, column, old, new = sent
    for text in (key, column):
        if not isinstance(text, str):
            raise TypeError(text)
    for text in (old, new):
        if text is not None and not isinstance(text, str):
            raise TypeError(text)
    return key, column, old, new


def encoded(texts: Any) -> tuple[dict[str, Any], list[memoryview]]:
    """Return how an Arrow array of texts is encoded, and its buffers.

    `utf8`: validity bitmap (least significant bit first), offsets (int32), UTF-8. `dictionary`: validity bitmap, codes
    (int32), and offsets and UTF-8 of the different texts. Nulls have any code or offset.
    """
    texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    validity = np.packbits(np.asarray(texts.is_valid()), bitorder="little")
    coded = texts.dictionary_encode()
    if len(coded.dictionary) <= DICTIONARY * len(texts):
        codes = np.asarray(coded.indices.fill_null(0), dtype=np.int32)
        about = {"encoding": "dictionary", "size": len(coded.dictionary)}
        return about, [validity.data, codes.data, *_offsets_and_bytes(coded.dictionary)]
    return {"encoding": "utf8"}, [validity.data, *_offsets_and_bytes(texts)]


def _offsets_and_bytes(texts: Any) -> list[memoryview]:
    if texts.offset:  # a slice: its buffers start elsewhere
        texts = pa.concat_arrays([texts])
    _, offsets, letters = texts.buffers()
    offsets = np.frombuffer(offsets, np.int32, count=len(texts) + 1) if offsets else np.zeros(1, np.int32)
    return [offsets.data, memoryview(letters or b"")]
