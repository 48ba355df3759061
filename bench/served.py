"""A sandbox in a separate process, so that it does not share the client's interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def served(*, leads: int, customers: int = 5_000, latency_ms: int = 0, rate_limit: int = 0) -> Iterator[dict[str, Any]]:
    """Run `stcrm sandbox serve`, and yield the JSON that it prints."""
    options = {"leads": leads, "customers": customers, "latency-ms": latency_ms, "rate-limit": rate_limit}
    command = [sys.executable, "-m", "stcrm_pandas", "sandbox", "serve"]
    command += [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            process.terminate()


def settings(place: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the arguments of `connect` for a sandbox."""
    names = ("api_url", "auth_url", "tenant", "client_id", "client_secret", "app_key")
    return {**{name: place[name] for name in names}, "rate_limit": 1000, "time_zone": "America/Chicago", **more}
