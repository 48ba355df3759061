"""The result of an audit: a table of findings, worst first, with examples and repairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from stcrm_pandas.cleaning.audit.checks import with_suggestions
from stcrm_pandas.cleaning.audit.finding import Checked
from stcrm_pandas.cleaning.audit.rows import Rows
from stcrm_pandas.errors import UsageError
from stcrm_pandas.output.printable import closest, plural

if TYPE_CHECKING:
    from stcrm_pandas.analysis.base.display import Definitions
    from stcrm_pandas.analysis.base.findings import Action
    from stcrm_pandas.analysis.base.headline import Headline, Tile
    from stcrm_pandas.cleaning.audit.page import FindingsShown


class Audit:
    """The result of `stcrm.audit`: findings, worst first.

    The repr has counts, shares and ids, but no names, numbers or addresses.
    """

    def __init__(
        self,
        checked: Sequence[Checked],
        rows: Rows,
        *,
        cautions: Sequence[str] = (),
        since: pd.Timestamp | None = None,
        anonymous: bool = False,
    ) -> None:
        self.checked = sorted(checked, key=lambda checked: (checked.cost, checked.faults.share), reverse=True)
        self.cautions = tuple(cautions)
        self.since = since
        self.anonymous = anonymous
        self._rows = rows

    @property
    def table(self) -> pd.DataFrame:
        """One row per finding, worst first: by what it costs a number of the reports, then by its share.

        - `finding`: its name, for `rows`
        - `of`, `problem`: what was checked, and what is wrong
        - `rows`, `checked`, `share`: how many rows have the problem, of how many
        - `before`, `change`: the count at the earlier time, and the difference; missing without a mirror
        - `examples`: the ids of the first rows (of contacts, the ids of their customers); empty if anonymous
        - `number`, `now`, `repaired`: the number of a report that moves most if all rows are repaired, its value, and
          its value after the repair; missing if that cannot be computed
        - `cost`: how far that number is off: the difference of a share, the relative difference of a count
        - `repair`: the line of Python that plans the repair, or saves or shows the rows for people who decide. It
          expects `crm`, and the result of the audit as `audit`
        - `by_hand`: what to do in ServiceTitan
        """
        lines: list[dict[str, Any]] = []
        jobs = ', jobs=audit.frame("jobs")' if "jobs" in self._rows.frames else ""
        for checked in self.checked:
            effect = None if checked.faults.rows.empty else checked.effect
            lines.append(
                {
                    "finding": checked.finding.key,
                    "of": checked.finding.of,
                    "problem": checked.finding.problem,
                    "rows": len(checked.faults.rows),
                    "checked": checked.faults.of,
                    "share": checked.faults.share if checked.faults.of else None,
                    "before": None if checked.before is None else len(checked.before.rows),
                    "change": None if checked.before is None else len(checked.faults.rows) - len(checked.before.rows),
                    "examples": checked.examples,
                    "number": None if effect is None else checked.named(effect),
                    "now": None if effect is None else effect.now,
                    "repaired": None if effect is None else effect.repaired,
                    "cost": None if effect is None else effect.cost,
                    "repair": checked.finding.code.format(key=checked.finding.key, jobs=jobs),
                    "by_hand": checked.finding.words,
                }
            )
        kinds = {
            **dict.fromkeys(("finding", "of", "problem", "number", "repair", "by_hand"), "str"),
            **dict.fromkeys(("rows", "checked", "before", "change"), "Int64"),
            **dict.fromkeys(("share", "now", "repaired", "cost"), "Float64"),
        }
        names = ["finding", "of", "problem", "rows", "checked", "share", "before", "change", "examples"]
        names += ["number", "now", "repaired", "cost", "repair", "by_hand"]
        return pd.DataFrame(lines, columns=names).astype(kinds)

    @property
    def effects(self) -> pd.DataFrame:
        """Every number that a repair moves: `finding`, `number`, `now`, `repaired` and `cost`, as in `table`."""
        lines = [
            (checked.finding.key, checked.named(effect), effect.now, effect.repaired, effect.cost)
            for checked in self.checked
            for effect in checked.faults.effects
            if len(checked.faults.rows)
        ]
        effects = pd.DataFrame(lines, columns=["finding", "number", "now", "repaired", "cost"])
        return effects.astype({"finding": "str", "number": "str"} | dict.fromkeys(effects.columns[2:], "Float64"))

    @property
    def missing(self) -> Mapping[str, str]:
        """What could not be read, with the scope that is missing; an empty text if a mirror does not have it."""
        return dict(self._rows.missing)

    @property
    def as_of(self) -> pd.Timestamp:
        """The time of the rows, by the service's clock."""
        return self._rows.now

    @property
    def source(self) -> pd.DataFrame:
        """The first rows that were read, without any row: they name the company and the time of the read."""
        first = next(iter(self._rows.frames.values()))
        empty = first.head(0)
        empty.attrs = first.attrs
        return empty

    @property
    def day(self) -> str:
        """The day of the rows in the company's time zone: 'Jun 1, 2026'."""
        local = self.as_of.tz_convert(self.time_zone)
        return f"{local:%b} {local.day}, {local.year}"

    @property
    def next_day(self) -> str:
        """The working day after the audit, for follow-ups."""
        return str((self.as_of.tz_convert(self.time_zone) + pd.offsets.BDay(1)).date())

    @property
    def dismissing_reason_id(self) -> int | None:
        """The reason that most dismissed leads have; None if there is none."""
        reasons = self._rows["leads"]["dismissing_reason_id"].value_counts()
        return int(reasons.index[0]) if len(reasons) else None

    def rows(self, finding: str) -> pd.DataFrame:
        """Return all rows of a finding, as they were read.

        Parameters
        ----------
        finding : str
            The name of the finding, from `table`.

        Returns
        -------
        DataFrame
            The rows, for a plan or a sheet.

        Raises
        ------
        UsageError
            There is no such finding, or the audit is anonymous.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> result = stcrm.audit(mirror=mirror)
        >>> plan = crm.leads.plan_follow_up(result.rows("leads_follow_up"), result.next_day)
        """
        self._refuse_anonymous("rows")
        rows = self._checked(finding).faults.rows
        kept = rows.reset_index(drop=True)
        kept.attrs = rows.attrs
        return kept

    def suggested(self, finding: str) -> pd.DataFrame:
        """Return the rows of a finding with the values that the recipe suggests. Review them before you send them.

        Parameters
        ----------
        finding : str
            `"emails_misspelled"`.

        Returns
        -------
        DataFrame
            The rows, in the order of `rows`.

        Raises
        ------
        UsageError
            No recipe suggests values for this finding, or the audit is anonymous.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["customers", "customer_contacts"])
        >>> result = stcrm.audit(mirror=mirror)
        >>> before, after = result.rows("emails_misspelled"), result.suggested("emails_misspelled")
        >>> plan = crm.customers.plan_contact_changes(before, after, reason="misspelled domains")
        """
        if finding != "emails_misspelled":
            raise UsageError("Values are suggested for the finding 'emails_misspelled' only.")
        return with_suggestions(self.rows(finding), self._rows.emails.skipped)

    def frame(self, name: str) -> pd.DataFrame:
        """Return the rows that were checked: active customers and their contacts, all bookings and so on.

        Parameters
        ----------
        name : str
            `"leads"`, `"bookings"`, `"customers"`, `"customer_contacts"`, `"locations"`, `"location_contacts"`,
            `"jobs"`, `"campaigns"`, `"call_reasons"` or `"tag_types"`.

        Returns
        -------
        DataFrame
            The rows, for a recipe.

        Raises
        ------
        UsageError
            The audit did not read these rows, or it is anonymous.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> result = stcrm.audit(mirror=mirror)
        >>> len(result.frame("leads")) == len(mirror.leads())
        True
        """
        self._refuse_anonymous("frame")
        if name not in self._rows.frames:
            raise UsageError(f"The audit has no rows {name!r}. It has: {', '.join(self._rows.frames)}.")
        if name == "customer_contacts":
            return self._rows.contacts
        if name in ("customers", "locations"):
            return self._rows.customers if name == "customers" else self._rows.locations
        return self._rows[name]

    def summary(self) -> str:
        """Return the findings as text, worst first.

        Returns
        -------
        str
            A line for each finding that has rows, with its effect, and a line for each caution.

        Examples
        --------
        >>> import tempfile
        >>> mirror = crm.mirror(tempfile.mkdtemp())
        >>> _ = mirror.sync(only=["leads"])
        >>> result = stcrm.audit(mirror=mirror)
        >>> result.summary()
        '... of ... checks found something...'
        """
        bad = [checked for checked in self.checked if len(checked.faults.rows)]
        lines = [f"{len(bad)} of {plural(len(self.checked), 'check')} found something{'.' if not bad else ':'}"]
        for checked in bad:
            lines.append(f"  {checked.sentence} ({checked.faults.share:.1%}){checked.trend}")
            if checked.effect is not None:
                lines.append(f"    {checked.described(checked.effect)} if repaired")
        return "\n".join([*lines, *self.cautions])

    def headline(self) -> Headline:
        """Return the worst finding, for the first screen of a report.

        Returns
        -------
        Headline
            The headline and its evidence.
        """
        from stcrm_pandas.cleaning.audit import page

        return page.headline(self.checked, self.time_zone)

    def actions(self) -> Sequence[Action]:
        """Return what to correct first.

        Returns
        -------
        sequence of Action
            The worst findings.
        """
        from stcrm_pandas.cleaning.audit import page

        return page.actions(self.checked)

    def tiles(self) -> Sequence[Tile]:
        """Return the numbers that are off most.

        Returns
        -------
        sequence of Tile
            At most four numbers, as they are and after a repair.
        """
        from stcrm_pandas.cleaning.audit import page

        return page.tiles(self.checked, self.day)

    @property
    def definitions(self) -> Definitions:
        """The terms of a report about the audit."""
        from stcrm_pandas.cleaning.audit import page

        return page.definitions()

    def shown(self) -> FindingsShown:
        """Return the findings as a table, with their examples and what to do, for a notebook or a report.

        Returns
        -------
        FindingsShown
            The findings for display.
        """
        from stcrm_pandas.cleaning.audit import page

        return page.FindingsShown(self.checked, compared=self.since is not None, text=self.summary())

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return self.shown()._repr_html_()

    @property
    def time_zone(self) -> str:
        """The company's time zone; UTC if it is not known."""
        return self._rows.settings.time_zone or "UTC"

    def _refuse_anonymous(self, what: str) -> None:
        if self.anonymous:
            raise UsageError(f"{what}: an anonymous audit has no rows. Audit without anonymous=True.")

    def _checked(self, key: str) -> Checked:
        known = {checked.finding.key: checked for checked in self.checked}
        if key not in known:
            near = closest(key, known)
            hint = f" Did you mean {near!r}?" if near else ""
            raise UsageError(f"The audit has no finding {key!r}.{hint} It has: {', '.join(known)}.")
        return known[key]
