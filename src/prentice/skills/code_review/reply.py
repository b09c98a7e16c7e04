"""What a model answers in a review, and how its quotes are held to the files."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from prentice.backends.reply_schema import reply_schema
from prentice.skills.code_review.finding import Finding, Severity
from prentice.skills.code_review.parts import Part

MOST_FINDINGS: Final = 6
"""In one call. More than that no small model finds in 4,000 tokens without inventing some."""
NEAR: Final = 20
"""How many lines off the stated one a quote may stand."""
_LETTERS: Final = 4
"""A quote with fewer letters and digits (`}`, `else:`) stands anywhere."""
_PREFIX: Final = re.compile(r"^\s*\d{1,7}\| ?")

_PROBLEM: Final = 200
_SUGGESTION: Final = 240
_QUOTE: Final = 160
_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class FindingReply(BaseModel):
    """One finding of a reply. Bounds are wider than the schema's: a server that ignores them is not thereby wrong."""

    model_config = ConfigDict(frozen=True)

    file: _Line
    line: int = Field(ge=1, le=10_000_000)
    quote: _Line
    problem: _Line
    suggestion: str = Field(default="", max_length=2000)
    severity: Severity


class ReviewReply(BaseModel):
    """A whole review of some parts."""

    model_config = ConfigDict(frozen=True)

    findings: tuple[FindingReply, ...] = Field(max_length=50)


def review_schema(files: Sequence[str]) -> dict[str, object]:
    """Give the JSON Schema of a review of these files, with bounds by which any reply ends within `REPLY_TOKENS`."""

    def text(length: int) -> dict[str, object]:
        return {"type": "string", "minLength": 1, "maxLength": length}

    schema = reply_schema(ReviewReply)
    properties: dict[str, object] = {
        "file": {"type": "string", "enum": list(files)},
        "line": {"type": "integer", "minimum": 1, "maximum": 10_000_000},
        "quote": text(_QUOTE),
        "problem": text(_PROBLEM),
        "suggestion": text(_SUGGESTION),
        "severity": {"type": "string", "enum": ["high", "medium", "low"]},
    }
    finding = {
        "type": "object", "properties": properties, "required": list(properties), "additionalProperties": False,
    }  # fmt: skip
    return schema | {"properties": {"findings": {"type": "array", "items": finding, "maxItems": MOST_FINDINGS}}}


def reply_limit(files: Sequence[str]) -> int:
    """Give the token limit of a reply: the longest document that the schema allows at one character a token."""
    longest = max((len(file) for file in files), default=0)
    return 64 + MOST_FINDINGS * (longest + _QUOTE + _PROBLEM + _SUGGESTION + 120)


def confirmed(reply: ReviewReply, parts: Sequence[Part], *, source: str) -> tuple[list[Finding], int]:
    """Give the findings whose quotes stand in the parts at or near their lines, and how many others there were."""
    kept = [finding for item in reply.findings for finding in _placed(item, parts, source)]
    return kept, len(reply.findings) - len(kept)


def _placed(item: FindingReply, parts: Sequence[Part], source: str) -> Iterator[Finding]:
    """Give the finding with the line on which its quote does stand, the nearest of several; nothing without one."""
    quoted = [folded for line in item.quote.splitlines() if (folded := _folded(_PREFIX.sub("", line)))]
    if sum(letter.isalnum() for line in quoted for letter in line) < _LETTERS:
        return
    places = [place for part in parts if part.file == item.file for place in _places(quoted, part)]
    near = [(abs(line - item.line), line, text) for line, text in places if abs(line - item.line) <= NEAR]
    if near:
        _, line, text = min(near)
        yield Finding(
            file=item.file, line=line, severity=item.severity, quote=text, says=" ".join(item.problem.split()),
            suggestion=" ".join(item.suggestion.split()), source=source,
        )  # fmt: skip


def _places(quoted: Sequence[str], part: Part) -> Iterator[tuple[int, str]]:
    """Give where the quote's lines stand one behind the other: the line's number, and the lines as they are."""
    folded = [_folded(line) for line in part.lines]
    for index in range(len(folded) - len(quoted) + 1):
        if all(line in folded[index + step] for step, line in enumerate(quoted)):
            yield part.start + index, "\n".join(part.lines[index : index + len(quoted)]).strip()


def _folded(line: str) -> str:
    return " ".join(line.split())
