"""The particulars of a text that no plan may lose: numbers with their units, versions, quoted and code names, names."""

import re
from collections.abc import Iterator
from typing import Final

from prentice.backends.builtin.words import PROPER_NAMES

MAX_SCANNED: Final = 6_000
"""Characters of a description whose particulars are kept; a longer one is more than a plan can carry."""

_UNITS: Final = (
    r"ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|hrs?|h|days?|weeks?|months?|quarters?|years?|%|percent|"
    r"[kKmMgGtT]i?[bB]|bytes?|bits?|kHz|MHz|GHz|Hz|mA|mW|rps|qps|fps|rpm|px|dpi|mm|cm|km|m|V|W|A|x|"
    r"(?:million |thousand )?(?:[a-z]+(?: per| a) [a-z]+|[a-z]{3,}s)"
)
_COUNTS: Final = "one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|ninety|hundred|thousand|million"
_PATTERN: Final = re.compile(
    r"`[^`\n]{1,60}`"
    r"|\"[^\"\n]{2,60}\"|\u201c[^\u201d\n]{2,60}\u201d"
    r"|(?<![\w/])(?:/[\w{}:.-]+){1,8}"
    r"|(?<!\w)--[a-z][\w-]*"
    r"|\b[A-Za-z_]\w*(?:[./]\w+)+(?:\(\))?"
    r"|\b\w+\(\)"
    r"|\b[a-z]+(?:_[a-z0-9]+)+\b|\b[A-Z]+(?:_[A-Z0-9]+)+\b"
    r"|\b[a-z]+[A-Z]\w*|\b[A-Z][a-z]+[A-Z]\w*"
    r"|\bv\d+(?:\.\d+)*\b|\b\d+(?:\.\d+){1,3}(?![\w])"
    rf"|(?<![\w.])[<>]?=?\s?\d[\d.,]*\s?(?:{_UNITS})(?!\w)"
    rf"|\b(?:{_COUNTS}) (?:{_UNITS})(?!\w)"
    r"|\b[A-Z]{2,}[A-Z0-9-]*\b"
    r"|\b\d+\b"
)
_NAMES: Final = frozenset(PROPER_NAMES)
_NAME: Final = re.compile(r"(?<=[\w,;:)] )[A-Z][a-z][\w+#]*(?: [A-Z][a-z]\w+)*")


def particulars(text: str) -> tuple[str, ...]:
    """Give each particular of a text once, in its order and as it is written."""
    return tuple(dict.fromkeys(_found(text[:MAX_SCANNED])))


def missing(text: str, said: str) -> tuple[str, ...]:
    """Give the particulars of a text that another does not contain, whatever the case of its letters."""
    known = flat(said)
    return tuple(entry for entry in particulars(text) if flat(entry) not in known)


def flat(text: str) -> str:
    """Give a text for comparing: in lower case, one blank between words, without quotes and backticks."""
    return " ".join(re.sub(r"[`\"\u201c\u201d]", "", text).lower().split())


def _found(text: str) -> Iterator[str]:
    spots: list[tuple[int, str]] = [(match.start(), match[0]) for match in _PATTERN.finditer(text)]
    taken = [(match.start(), match.end()) for match in _PATTERN.finditer(text)]
    names = [match for match in re.finditer(r"[A-Za-z][\w.+#-]*\w", text) if match[0] in _NAMES]
    spots += [
        (match.start(), match[0])
        for match in (*names, *_NAME.finditer(text))
        if not any(start <= match.start() < end for start, end in taken)
    ]
    yield from (entry.strip() for _, entry in sorted(spots))
