"""Words of a text: maximal runs of letters and digits, in lower case (contract/server.md, section 2.18)."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 200


def words(text: str) -> list[str]:
    """The words of a text in order. Words of more than 200 characters (encoded data, mostly) are left out."""
    return [word for word in _WORD.findall(text.lower()) if len(word) <= _LONGEST]
