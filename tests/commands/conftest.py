"""The commands that edit, on the company and the connections of the tests of `apply`."""

from ..edits.apply.conftest import box, command, count, crm, join, renamed, tenant, time

__all__ = ["box", "command", "count", "crm", "join", "renamed", "tenant", "time"]
