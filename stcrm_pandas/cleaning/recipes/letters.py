"""Words and their letters: lists of words, capital initials, and how many letters differ. Pure."""

from __future__ import annotations

import re

_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th|s)", re.IGNORECASE)


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text.

    >>> sorted(words_in("of the"))
    ['of', 'the']
    """
    return frozenset(text.split())


def capitalized(word: str) -> str:
    """Return a word with a capital initial, and one after Mc, O' and D'; a number with letters as it is.

    >>> [capitalized(word) for word in ("MCDONALD", "o'brien", "BOB'S", "D'ANGELO", "1ST", "a1", "24hr", "amazon.com")]
    ['McDonald', "O'Brien", "Bob's", "D'Angelo", '1st', 'A1', '24hr', 'Amazon.com']
    """
    if _ORDINAL.fullmatch(word):
        return word.lower()
    if any(one.isdigit() for one in word):
        return word.upper() if sum(map(str.isalpha, word)) == 1 else word
    low = word.lower()
    start = next((place for place, one in enumerate(low) if one.isalpha()), None)
    if start is None:
        return word
    capitals = [start]
    if re.match(r"mc[^\W\d_]{2}", low[start:]):
        capitals.append(start + 2)
    if re.match(r"[od]['\u2019][^\W\d_]{2}", low[start:]):
        capitals.append(start + 2)
    return "".join(one.upper() if place in capitals else one for place, one in enumerate(low))


def letters_apart(one: str, other: str) -> int:
    """Return the optimal string alignment distance: insertions, deletions, replacements and swaps of neighbors.

    Definition: Boytsov (2011), "Indexing methods for approximate dictionary searching", section 2.2.

    >>> letters_apart("Chicago", "Chciago"), letters_apart("Austin", "Austen"), letters_apart("Joliet", "Plano")
    (1, 1, 5)
    """
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    before: list[int] = []
    line = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        earlier, before, line = before, line, [row]
        for column, against in enumerate(other, 1):
            cost = min(before[column] + 1, line[-1] + 1, before[column - 1] + (letter != against))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against:
                cost = min(cost, earlier[column - 2] + 1)
            line.append(cost)
    return line[-1]
