"""The guard of what programs read: template variables, JSON keys, tags and fenced blocks stay byte for byte."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.prose import PromptText

_SHOWN: Final = 5
_PARTS: Final[Mapping[str, str]] = {
    "template variable": (
        r"\{\{[^{}\n]{1,80}\}\}|\{%[^%\n]{1,120}%\}|[$#]\{[^{}\n]{1,80}\}|\$[A-Za-z_]\w{0,40}|"
        r"(?<![{\w])\{(?:\d{0,3}|[A-Za-z_][\w.]{0,40})(?:![rsa])?\}(?!\})|%\(\w{1,40}\)[sd]|(?<![\w%])%[sdrfxq](?!\w)|<%[^%\n]{1,80}%>"
    ),
    "JSON key": r"\"[^\"\n]{1,80}\"(?=\s*:)|(?<!\w)'[^'\n]{1,80}'(?=\s*:)",
    "comparison": r"(?<=[\w)\]}] )(?:[<>]=?|[=!]==?|≤|≥|≠)(?= ?[\w({\[\"'-])",
    "tag": r"</?[A-Za-z][\w.-]{0,40}(?:\s[^<>\n]{0,120})?/?>",
}


def broken(before: str, after: str) -> tuple[Objection, ...]:
    """Object to each part of the contract that is gone, changed, or new."""
    return (*_parts(before, after), *_fences(before, after))


def _parts(before: str, after: str) -> Iterator[Objection]:
    for name, pattern in _PARTS.items():
        were, now = (Counter(re.findall(pattern, text)) for text in (before, after))
        for part in list(were - now)[:_SHOWN]:
            yield Objection(guard="contract", says=f"A {name} is gone or changed.", evidence=part)
        for part in [part for part in now if part not in were][:_SHOWN]:
            yield Objection(guard="contract", says=f"There is a {name} that the prompt does not have.", evidence=part)


def _fences(before: str, after: str) -> Iterator[Objection]:
    were, now = (Counter(span.of(text) for span in PromptText(text).fences) for text in (before, after))
    for block in were - now:
        yield Objection(guard="contract", says="A fenced block is gone or changed.", evidence=block[:80])
    code = {line.strip() for span in PromptText(before).code for line in span.of(before).split("\n")}
    for block in now - were:
        _, *inner, last = block.split("\n")
        if not set(last.strip()) <= {"`", "~"} or not {line.strip() for line in inner} <= code | {""}:
            yield Objection(guard="contract", says="A fence holds what was no code.", evidence=block[:80])
