"""Which customers are not blocked, by purpose and channel, and why the others are blocked.

ServiceTitan has preferences, not consent: not being blocked is not a permission.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd

from stcrm_pandas.analysis.base.conversion import lazy_rows
from stcrm_pandas.analysis.base.display import Shown
from stcrm_pandas.analysis.base.engine import created_within, refuse_mixed_tenants, refuse_mixtures
from stcrm_pandas.analysis.base.headline import Headline
from stcrm_pandas.analysis.base.inputs import Inputs, MirrorLike, lacking
from stcrm_pandas.analysis.base.names import dimensions, lookups
from stcrm_pandas.analysis.base.periods import Period, checked_period, measurable
from stcrm_pandas.analysis.base.provenance import Moment, known_until
from stcrm_pandas.analysis.base.result import Analysis
from stcrm_pandas.analysis.preferences import findings, lists, text
from stcrm_pandas.analysis.preferences.consent import by_consent, consent_list, with_refusals
from stcrm_pandas.analysis.preferences.groups import DIMENSIONS, By, Lookups, compared, groups_of, measured, pairs_of
from stcrm_pandas.analysis.preferences.owners import (
    Owners,
    customers_of,
    locations_of,
    newer_contacts_of,
    places_of,
    states_of,
)
from stcrm_pandas.analysis.preferences.records import invalid_phones, kinds_of, linked, refuse_parts, stores_of
from stcrm_pandas.analysis.preferences.result import ContactPreferencesResult
from stcrm_pandas.analysis.statistics.comparison import together
from stcrm_pandas.errors import UsageError, require

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class ContactPreferences(ContactPreferencesResult, Analysis):
    """The result of `contact_preferences`: numbers, sentences, tables, figures, actions and cleanup lists.

    See `ContactPreferencesResult` for the numbers.
    """

    _findings: ClassVar[ModuleType] = findings
    _lists: ClassVar[ModuleType] = lists
    _text: ClassVar[ModuleType] = text

    def store_table(self, store: Literal["locations", "newer"]) -> Shown:
        """Return the main table for all locations, or for all contacts in the newer contacts API.

        Parameters
        ----------
        store : {"locations", "newer"}
            `"locations"` shows all locations, `"newer"` all contacts in the newer contacts API.

        Returns
        -------
        Shown
            The table for display, with one row per purpose and channel; empty if these contacts were not passed.
        """
        frame = self.locations if store == "locations" else self.newer
        shown = self.overall.iloc[:0] if frame is None else frame
        return self._defined(text.reach_shown(self, shown, store, grouped=False))

    def kinds_table(self) -> Shown:
        """Return how many contact records of customers, locations and the newer contacts API there are of each type.

        Returns
        -------
        Shown
            The table for display, with one row per kind of owner and type.
        """
        return self._defined(text.kinds_shown(self))

    def consent_table(self) -> Shown:
        """Return how the company's own list compares with ServiceTitan.

        Returns
        -------
        Shown
            The table for display, with one row per purpose and channel; empty if no list was passed.
        """
        return self._defined(text.consent_shown(self))

    def headline(self) -> Headline:
        """Return the share of customers not blocked for marketing by text, in total and by month of creation.

        Returns
        -------
        Headline
            The headline, its evidence in one or two sentences, and the chart by month.
        """
        return findings.headline(self)

    def figure(self, kind: Literal["reach", "reasons", "combinations", "groups"] = "reach") -> Figure:
        """Return a plotly figure.

        - `reach`: the share of customers who are not blocked, by purpose and channel
        - `reasons`: the share of customers blocked for each reason
        - `combinations`: how many customers each set of channels reaches for marketing
        - `groups`: the share of each group that is not blocked, by marketing channel

        Parameters
        ----------
        kind : {"reach", "reasons", "combinations", "groups"}, default "reach"
            The kind of figure to draw.

        Returns
        -------
        Figure
            The plotly figure, which notebooks display.

        Raises
        ------
        UsageError
            The kind is unknown, or it is `groups` and there is no `by`.
        """
        require("figure")
        from stcrm_pandas.analysis.preferences import figures
        from stcrm_pandas.charts.base import draw

        if kind == "groups" and not self.by:
            raise UsageError("there are no groups: contact_preferences(..., by='customer_type')")
        return draw(figures, kind, self)


def contact_preferences(
    customers: Any = None,
    contacts: Any = None,
    *,
    mirror: MirrorLike | None = None,
    locations: Any = None,
    location_contacts: Any = None,
    methods: Any = None,
    method_preferences: Any = None,
    newer_contacts: Any = None,
    by: By | tuple[By, By] | None = None,
    names: Mapping[str, Lookups] | Lookups | None = None,
    consent: pd.DataFrame | None = None,
    double_opt_in: bool | None = None,
    marketing_names: Sequence[str] = (),
    service_names: Sequence[str] = (),
    numbers: Literal["plan", "length"] = "plan",
    many: int = 10,
    as_of: Moment | None = None,
    time_zone: str | None = None,
    min_group: int = 30,
    period: Period | str | None = None,
) -> ContactPreferences:
    """Analyze who is not blocked in ServiceTitan, by purpose (service, marketing) and channel.

    The channels are "call", "text", "e-mail" and "mail". Customers are reached by their own contacts. Opt-outs on
    contacts of locations and in the newer contacts API apply to the same numbers and addresses. Locations and contacts
    in the newer contacts API are also reported separately.

    For marketing, the preference must be on. For service (job reminders), customers with an unknown preference are
    possibly not blocked. For texts, the type must be mobile phone, and no record of the number may be marked 'do not
    text'. 'Do not mail' blocks mail, and also marketing by e-mail and by text, but no calls; 'do not service' blocks
    everything. Opt-outs from texts and from marketing e-mail may also be recorded outside the CRM, so the shares for
    texts and for marketing by e-mail are upper bounds.

    Parameters
    ----------
    customers : object
        All customers, including inactive and merged ones, because their opt-outs apply to their numbers: a
        pandas, polars or Spark frame or a DuckDB relation with the columns of `stcrm.schemas.Customers` (times in UTC).
        Shares cover only active customers that are not merged. Optional with a `mirror`.
    contacts : object
        All contacts of these customers, with the columns of `stcrm.schemas.CustomerContacts`. Optional with a `mirror`.
    mirror : Mirror or Mirrors, optional
        A mirror (`crm.mirror(folder)`, or `stcrm.mirrors(folder)` for all its tenants), for every input that is not
        given, except `consent` and `method_preferences`: the rows as of `as_of`, the names of tags and the time zone.
        By default, the rows are those of the last sync, so later opt-outs are missing.
    locations, location_contacts : object, optional
        All locations and their contacts, with the columns of `stcrm.schemas.Locations` and `LocationContacts`.
    methods, method_preferences, newer_contacts : object, optional
        Frames from the newer contacts API: `stcrm.schemas.ContactMethods`, `ContactPreferences` and `Contacts`.
    by : str or tuple of str, optional
        One or two of "customer_type", "tag", "age" (full years since the record was created, in local time) and
        "tenant". By default, the total only.
    names : mapping or DataFrame, optional
        The names of tags or tenants: a mapping from id to name, or a frame with `id`, `name` and `active`. With two
        dimensions, a mapping from dimension to one of these. The names of tags (`{"tag": …}`, also without `by`) tell
        who has the tag `Email Dormant`, which blocks marketing by e-mail.
    consent : DataFrame, optional
        The company's own list, including text opt-outs recorded outside the CRM; see `consent.consent_list` for its
        columns. Its opt-outs count as blocked; its opt-ins do not unblock anybody.
    double_opt_in : bool, optional
        True if double opt-in is on in ServiceTitan, which the API does not return: then marketing by e-mail needs the
        tag `Opted In`. By default, the setting of the mirror's connection, else False.
    marketing_names, service_names : sequence of str, default ()
        The preferences in the newer contacts API that mean marketing, and messages about a customer's own job. Without
        them, both are unknown.
    numbers : {"plan", "length"}, default 'plan'
        "plan" requires a number that is valid in its country's numbering plan; "length" checks only the length.
    many : int, default 10
        The number of customers that must share a phone number or e-mail address for it to be listed as shared. Such a
        number may be a property manager's.
    as_of : str, date or Timestamp, optional
        The time for which the rows are current. The default time zone is the company's. By default, the time of the
        read. With a `mirror`, any time that it covers.
    time_zone : str, optional
        The company's time zone, also for times without one. By default, the one that the frame records.
    min_group : int, default 30
        The minimum number of customers for a group to be compared.
    period : Period or str, optional
        Count only customers whose record was created on these days: `analysis.period`, or a month such as "2026-10". By
        default, all. Pass all customers in any case, because the opt-outs of the others apply to the same numbers.
        Lists, locations, the newer contacts API and tiles are always as of the time of the read. If the period has
        fewer than `min_group` active customers, the latest period of the same length that has enough is counted.

    Returns
    -------
    ContactPreferences
        The result: tables, and the sentences, lists and figures computed from them.

    Raises
    ------
    UsageError
        A column, the time zone or `as_of` is missing, an id appears twice, the frames are on different engines, or rows
        were filtered by modification date or are incomplete.
    MirrorError
        The mirror does not have the customers or their contacts, or does not cover `as_of`.

    Examples
    --------
    >>> customers = pd.DataFrame({"id": [1], "active": True, "type": "Residential", "do_not_mail": False,
    ...     "do_not_service": False, "created_on": pd.to_datetime(["2026-01-05"], utc=True), "merged_to_id": pd.NA,
    ...     "address_street": "1 Elm St", "address_city": "Austin", "address_state": "TX", "address_zip": "78701"})
    >>> said = {"phone_settings_do_not_text": False, "preferences_job_reminders_enabled": True,
    ...     "preferences_marketing_updates_enabled": pd.NA, "preferences_invoice_statement_notification": pd.NA,
    ...     "preferences_invoice_notification": pd.NA, "preferences_statement_notification": pd.NA}
    >>> contacts = pd.DataFrame({"customer_id": [1], "id": [7], "type": "MobilePhone", "value": "512-555-0101", **said})
    >>> found = contact_preferences(customers, contacts, as_of="2026-03-01T00:00Z")
    >>> found.overall.set_index(["purpose", "channel"]).loc["marketing", ["lower", "preference_unknown"]].T.to_dict()
    {'call': {'lower': 0, 'preference_unknown': 1}, 'text': {'lower': 0, 'preference_unknown': 1}, \
'e-mail': {'lower': 0, 'preference_unknown': 0}, 'mail': {'lower': 1, 'preference_unknown': 0}}
    """
    chosen = dimensions(by, DIMENSIONS)
    if min_group < 1 or many < 2:
        raise UsageError("min_group must be 1 or more, many 2 or more")
    inputs = Inputs(mirror, chosen, as_of=as_of, time_zone=time_zone)
    as_of, customers = inputs.as_of, inputs.required("customers", customers)
    contacts = inputs.required("contacts", contacts, "customer_contacts")
    locations = inputs.optional("locations", locations)
    if mirror is None or locations is not None:
        location_contacts = inputs.optional("location_contacts", location_contacts)
    methods = inputs.optional("methods", methods, "contact_methods")
    newer_contacts = inputs.optional("newer_contacts", newer_contacts, "contacts")
    names = inputs.names(names, *chosen, "tag")
    double_opt_in = inputs.double_opt_in(setting=double_opt_in)
    if location_contacts is not None and locations is None:
        raise UsageError("contacts of locations also need the locations: crm.locations.list()")
    inputs.admit(
        customers=customers,
        contacts=contacts,
        locations=locations,
        location_contacts=location_contacts,
        methods=methods,
        method_preferences=method_preferences,
        newer_contacts=newer_contacts,
    )
    local, read = inputs.zone, inputs.frames
    customers, locations, newer_contacts = read["customers"], read["locations"], read["newer_contacts"]
    refuse_mixtures(**read)
    refuse_parts(read)
    if "age" in chosen and local is None:
        raise UsageError("ages need a time zone: pass time_zone='America/Chicago', or connect with one")
    known = known_until(customers, as_of, local)
    by_length = numbers == "length"

    group_names = lookups(names, chosen, DIMENSIONS)
    owners = customers_of(
        customers,
        tags="tag" in chosen,
        tag_names=group_names.get("tag"),
        double_opt_in=double_opt_in,
        time_zone=None if local is None else local.key,
    )
    refuse_mixed_tenants(lazy_rows(customers, "customers"), chosen)
    stores, deleted = stores_of(read, marketing_names, service_names)
    stores = linked(stores, by_length=by_length)
    entries = None if consent is None else consent_list(consent, known)
    counting = stores if entries is None else {store: with_refusals(frame, entries) for store, frame in stores.items()}
    states = states_of(owners.frame, counting["customers"])
    asked_for = checked_period(period, known, local)
    counted = None if asked_for is None else _measurable(owners.frame["created_on"], asked_for, min_group)
    shown = _created_in(owners.frame, counted)
    people, shown_states = (frame[shown].reset_index(drop=True) for frame in (owners.frame, states))
    groups = groups_of(people, chosen, known, local)
    overall = measured(shown_states, min_group=min_group)
    of_locations = None if "locations" not in stores else locations_of(locations, owners)
    of_newer = None if "newer" not in stores else newer_contacts_of(newer_contacts, stores["newer"])
    of_all_newer = _all(of_newer, counting.get("newer"), "All newer contacts", min_group)
    table = (
        measured(shown_states, min_group=min_group, groups=groups, by=chosen, names=group_names) if chosen else overall
    )
    alone = shown_states if entries is None else states_of(people, stores["customers"])
    result = ContactPreferences(
        table=table,
        overall=overall,
        locations=_all(of_locations, counting.get("locations"), "All locations", min_group),
        newer=None if of_all_newer is None else of_all_newer[of_all_newer["channel"] != "mail"].reset_index(drop=True),
        others=_in_no_share(customers=owners, locations=of_locations, newer=of_newer),
        combinations=pairs_of(shown_states),
        kinds=kinds_of(stores),
        consent=None if entries is None else by_consent(people, alone, stores["customers"], entries),
        comparisons={}
        if lacking("preferences: groups", inputs.present())
        else compared(table, people, shown_states, groups, chosen, known, local, min_group=min_group),
        left_out={
            "inactive customers": len(owners.others),
            "merged customers": owners.merged,
            "deleted contacts": deleted,
            "contacts of other customers": int((places_of(owners.frame, stores["customers"]) < 0).sum()),
        },
        by=chosen,
        as_of=known,
        time_zone=None if local is None else local.key,
        min_group=min_group,
        many=many,
        by_length=by_length,
        double_opt_in=double_opt_in,
        complete=inputs.complete(),
        cautions=(*inputs.cautions, *invalid_phones(stores)),
        marketing_names=tuple(marketing_names),
        marketing_known=method_preferences is not None and bool(marketing_names),
        owners=owners,
        states=states,
        stores=stores,
        read=read,
        consent_entries=entries,
        shown=shown,
        period=counted,
        requested=asked_for,
        inputs=inputs.present(),
    )
    return together(result)[0] if chosen else result


def _created_in(customers: pd.DataFrame, period: Period | None) -> pd.Series:
    """Return which customers were created in a period; all of them if there is none."""
    if period is None:
        return pd.Series(True, index=customers.index)
    return created_within(customers["created_on"], period).fillna(value=False).astype(bool)


def _measurable(created: pd.Series, requested: Period, min_group: int) -> Period:
    known = created.dropna()
    if known.empty:
        return requested
    begins = pd.Timestamp(int(known.min()), unit="us", tz=requested.zone).date()
    return measurable(requested, lambda period: int(created_within(known, period).sum()) >= min_group, begins)


def _all(owners: Owners | None, records: pd.DataFrame | None, name: str, min_group: int) -> pd.DataFrame | None:
    """Return the eight rows of all locations, or of all newer contacts; None if there are none."""
    if owners is None or records is None:
        return None
    return measured(states_of(owners.frame, records), min_group=min_group, everybody=name)


_NOT_COUNTED = {
    "customers": "Inactive or merged customers",
    "locations": "Inactive or merged locations",
    "newer": "Archived contacts",
}


def _in_no_share(**owners: Owners | None) -> pd.DataFrame:
    """Return a row for each store: how many are inactive or merged, which shares exclude."""
    rows = [
        (
            store,
            _NOT_COUNTED[store],
            len(kept.others) + kept.merged,
            len(kept.others),
            kept.merged,
        )
        for store, kept in owners.items()
        if kept is not None
    ]
    kinds = {"store": "str", "name": "str", **dict.fromkeys(("customers", "inactive", "merged"), "Int64")}
    return pd.DataFrame(rows, columns=[*kinds]).astype(kinds)
