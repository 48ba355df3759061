"""Whatever two frames hold: each difference is in a call or refused, and each call is what the contract takes."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from stcrm_pandas.contract.operations import OPERATIONS
from stcrm_pandas.contract.schemas.fields import Field
from stcrm_pandas.edits.columns import LEGACY, OTHER_OPERATIONS, TARGETS
from stcrm_pandas.edits.diff import diff
from stcrm_pandas.edits.plan import plan_file
from stcrm_pandas.edits.plan.build import rows_of
from stcrm_pandas.edits.plan.fill import body_of
from stcrm_pandas.edits.plan.steps import PlanOptions
from stcrm_pandas.edits.plans import Plan
from stcrm_pandas.edits.values import parts_of, to_json

from ...frame.random_frames import frames
from .rows import ORIGIN, plan_changes

KINDS = {"integer": int, "boolean": bool, "double": (int, float), "decimal": (int, float)}
LIBERAL = PlanOptions(
    allow_opt_in=True,
    consent_source="all of them",
    keep_coordinates=True,
    allow_inactive=True,
    allow_deactivate=True,
    allow_move=True,
    application_guid="6f1d3c52-a0b8-4e7d-9c15-e2f480ab37d6",
)


def conforms(fields: tuple[Field, ...], body: dict[str, Any], where: str) -> None:
    """An object is what the contract says: no field besides, those there that have to be, each of its kind."""
    names = {field.name: field for field in fields}
    assert set(body) <= set(names), where
    for name, field in names.items():
        assert name in body or not field.required, f"{where}.{name}"
    for name, value in body.items():
        field = names[name]
        if value is None:
            assert field.nullable, f"{where}.{name} is null"
        elif field.many:
            for one in value:
                of_kind(field, one, f"{where}.{name}")
        else:
            of_kind(field, value, f"{where}.{name}")


def of_kind(field: Field, value: Any, where: str) -> None:
    if field.kind == "object":
        conforms(field.fields, value, where)
    else:
        assert isinstance(value, KINDS.get(field.kind, str)), where
        assert isinstance(value, bool) == (field.kind == "boolean"), where
        assert not field.values or value in field.values, where


@st.composite
def repaired(draw: st.DrawFn, resource: str) -> tuple[Any, Any]:
    """A frame and the same with other cells."""
    row = TARGETS[resource].row
    before, after = draw(frames(row, most=4)), draw(frames(row, most=4))
    count = min(len(before), len(after))
    before, after = before.head(count), after.head(count).copy()
    for name in row.key:
        after[name] = before[name]
    for name in draw(st.sets(st.sampled_from(list(TARGETS[resource].rules)))):
        after[name] = before[name]
    return before, after


@settings(phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(resource=st.sampled_from(sorted(TARGETS)), options=st.sampled_from([PlanOptions(), LIBERAL]), data=st.data())
def test_every_difference_is_planned_or_refused(resource, options, data, tmp_path_factory):
    target = TARGETS[resource]
    before, after = data.draw(repaired(resource))
    plan = plan_changes(resource, before, after, origin=ORIGIN, options=options)
    rows = dict(rows_of(target, before, None))
    refused = {(one.key, one.column.partition(".")[0]) for one in plan.refusals}
    sent = set()
    for step in plan.steps:
        sent |= {(key, cell.column.partition(".")[0]) for key in step.keys for cell in step.cells}
        body = body_of(step, rows[step.key])
        conforms(OPERATIONS[step.operation].body.fields, body, step.operation)
        if step.operation not in OTHER_OPERATIONS:
            assert step.path.keys() == set(target.call.path_names)
    for change in diff(before, after, row=target.row).frame.to_dict("records"):
        key, column = tuple(change[name] for name in target.row.key), change["column"]
        nothing = any(one.key == key and one.column == "" for one in plan.refusals)
        assert (key, column) in sent | refused or nothing or _no_change(target, change), column
    plan.save(path := tmp_path_factory.mktemp("plans") / "plan")
    assert Plan.of(plan_file.read(path)) == plan
    assert repr(plan)
    assert plan._repr_html_()
    assert len(plan.changes) >= len(plan.requests) == len(plan.steps)


def _no_change(target: Any, change: dict[str, Any]) -> bool:
    """A difference that means nothing to the service: a word spelt another way, a field's name, what follows itself."""
    rule, old, new = target.rules[change["column"]], change["old"], change["new"]
    if change["column"] == LEGACY:
        return True
    if rule.group in ("tags", "custom fields", "external data"):
        try:
            one, other = (
                {name: value for name, value in parts_of(change["column"], value).items() if value is not None}
                for value in (old, new)
            )
        except ValueError:
            return False
        return one == other
    return str(to_json(old, rule.column)).lower() == str(to_json(new, rule.column)).lower()
