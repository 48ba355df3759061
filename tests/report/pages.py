"""The text of a report, taken apart."""

from __future__ import annotations

import re
from html.parser import HTMLParser


class Tags(HTMLParser):
    """All tags of a page with their attributes, and the text between them by tag."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self._open, []).append(data)


def fetches_nothing(page: str) -> bool:
    """No tag names another place, and neither does the style."""
    parsed = Tags(page)
    for tag, attributes in parsed.tags:
        if tag in ("link", "iframe", "object", "embed", "base"):
            return False
        if tag == "a" and re.match(r"index\.html$|tel:|mailto:|https:", attributes.get("href") or ""):
            continue  # fetched only when somebody follows it
        for name in ("src", "href", "srcset", "data", "poster", "action"):
            if not re.match(r"data:|#|$", attributes.get(name) or ""):
                return False
    return not re.search(r"url\(|@import", "".join(parsed.texts.get("style", [])))
