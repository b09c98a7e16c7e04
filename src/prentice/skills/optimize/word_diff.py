"""A diff by words, as `git diff --word-diff` writes it: `[-gone-]` and `{+new+}`."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

_MOST_TOKENS: Final = 12_000  # beyond, comparing words takes seconds, and lines tell as much


def word_diff(before: str, after: str) -> str:
    """Give both texts in one; empty where they are equal."""
    if before == after:
        return ""
    pattern = r"\s+|[^\s]+"
    if len(re.findall(pattern, before)) + len(re.findall(pattern, after)) > _MOST_TOKENS:
        pattern = r"[^\n]*\n|[^\n]+"
    return "".join(_parts(re.findall(pattern, before), re.findall(pattern, after)))


def _parts(before: list[str], after: list[str]) -> Iterator[str]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        gone, new = "".join(before[start:end]), "".join(after[new_start:new_end])
        if kind == "equal":
            yield gone
        else:
            yield f"[-{gone}-]" * bool(gone) + f"{{+{new}+}}" * bool(new)
