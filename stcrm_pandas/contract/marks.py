"""Marks and tags of a customer, and which messages ServiceTitan's marketing then leaves the customer out of.

They reach further than their names: a customer marked Do Not Mail gets no letters, no marketing e-mail and no texts
that Marketing Pro sends. No mark blocks calls but Do Not Service.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["CHANNELS", "DORMANT", "FORBIDS", "MARKS", "MESSAGES", "OPTED_IN", "PURPOSES"]

PURPOSES = ("service", "marketing")
CHANNELS = ("call", "text", "e-mail", "mail")
MESSAGES = tuple((purpose, channel) for purpose in PURPOSES for channel in CHANNELS)
"""What may be sent to a customer: each purpose by each channel."""

MARKS = ("do_not_service", "do_not_mail")
"""The flags of a customer that leave it out of messages; setting one is an opt-out, removing it an opt-in."""

_LETTERS_AND_MARKETING = (("service", "mail"), ("marketing", "text"), ("marketing", "e-mail"), ("marketing", "mail"))

FORBIDS: Mapping[str, frozenset[tuple[str, str]]] = {
    "do_not_service": frozenset(MESSAGES),
    "do_not_mail": frozenset(_LETTERS_AND_MARKETING),
    "email_dormant": frozenset({("marketing", "e-mail")}),
    "not_opted_in": frozenset({("marketing", "e-mail")}),
}
"""The messages that each mark forbids, the first that counts first: the flags, then those that tags stand for."""

DORMANT = "emaildormant"
"""The tag `Email Dormant`, as `spelling_key` has it: its customers get no marketing e-mail."""
OPTED_IN = "optedin"
"""The tag `Opted In`: where double opt-in is on, customers without it get no marketing e-mail."""
