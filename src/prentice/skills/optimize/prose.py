"""A prompt taken apart without losing its places: prose and code, sentences, sections, placeholders.

Every part is a `Span` of the text as it was written, so that whatever is said of the text can be quoted from it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

PLACEHOLDER: Final = re.compile(r"\[NEEDS: [^\[\]\n]{1,300}\]")
"""What stands where only the user knows what belongs there."""

TITLE_LENGTH: Final = 110
"""Characters of a line that is read as a title; the longest task names seen in Todo2 files."""

_FENCE: Final = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n.*?(?:^[ \t]*\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_INLINE: Final = re.compile(r"(?<!`)`[^`\n]{1,200}`(?!`)")
_URL: Final = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,15}://[^\s<>\"'`)\]]+", re.IGNORECASE)
_CODE_LINE: Final = re.compile(
    r"""
      \s*(?:>>>|\.\.\.(?=\s+\S)|In\s\[\d+\]:|Out\[\d+\]:)               # a session
    | \s*(?:Traceback\s\(most|File\s"|at\s[\w.$<>]+\()                  # a stack trace
    | \s*[\w.]*(?:Error|Exception|Warning):\s                           # its last line
    | \s*(?:from\s+[\w.]+\s+import\s|import\s+[\w.]+(?:\s+as\s+\w+)?\s*$)
    | \s*(?:(?:async\s+)?def\s+\w+\(|class\s+\w+[(:]|@\w[\w.]*(?:\(|$))
    | \s*(?:if|elif|else|for|while|with|try|except|finally)\b[^.!?]*:\s*$
    | \s*[\w.\[\]'"]+(?:\s*,\s*[\w.\[\]'"]+)*\s*(?:[-+*/|&%]?=)\s*\S
    | \s*[\w.]+\([^\n]*\)\s*;?\s*(?:\#.*)?$
    | \s*(?:\$|%)\s+\w
    | \s*(?:[+-]{3}|@@|diff\s--git)\s
    | \s*[{}\])(]+[;,]?\s*$
    | \s*(?:function|const|let|var|fn|func|pub|public|private|struct|package)\s+\w+.*[{(=;]
    | .*[{;]\s*$
    """,
    re.VERBOSE,
)
_HEADING: Final = re.compile(
    r"^(?:\#{1,6}[ \t]+\S|\*\*[^*\n]{1,60}\*\*:?[ \t]*$|[A-Z][\w /-]{2,40}:[ \t]*$)", re.MULTILINE
)
_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S", re.MULTILINE)
_ITEM_MARK: Final = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)]|\#{1,6}|>)[ \t]+(?:\[[ xX]\][ \t]+)?")
_SENTENCE_END: Final = re.compile(
    r"(?<=[.!?])(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)(?<!\betc\.)[)\"']?\s+(?=[A-Z\"'`(\[])"
    r"|(?<=[\u3002\uff01\uff1f])"  # the full-width full stop and signs
)
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")  # noqa: RUF001 - a typographic apostrophe


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A part of a text: from `start` up to `end`, in code points."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Give the words."""
        return text[self.start : self.end]


@dataclass(frozen=True)
class PromptText:
    """A text with its parts, each found when it is first asked for."""

    text: str

    @cached_property
    def fences(self) -> tuple[Span, ...]:
        """Fenced blocks, with their fences."""
        return tuple(Span(*match.span()) for match in _FENCE.finditer(self.text))

    @cached_property
    def code(self) -> tuple[Span, ...]:
        """Code in whole lines: fenced blocks, sessions, stack traces, lines of the form of code."""
        found = list(self.fences)
        at = 0
        block: int | None = None  # how far the line is indented that opens a block of code
        for line in self.text.split("\n"):
            start, at = at, at + len(line) + 1
            if not line.strip():
                continue
            indent = len(line) - len(line.lstrip())
            block = None if block is not None and indent <= block else block
            is_code = block is not None or _CODE_LINE.match(line)
            if is_code and line.rstrip().endswith((":", "{")) and block is None:
                block = indent
            if is_code and not any(part.start <= start < part.end for part in found):
                found.append(Span(start, start + len(line)))
        return tuple(sorted(found))

    @cached_property
    def inline(self) -> tuple[Span, ...]:
        """Words between single backticks, outside of code."""
        return tuple(Span(*match.span()) for match in _INLINE.finditer(blanked(self.text, self.code)))

    @cached_property
    def placeholders(self) -> tuple[Span, ...]:
        """Places that say what is not known."""
        return tuple(Span(*match.span()) for match in PLACEHOLDER.finditer(self.text))

    @cached_property
    def told(self) -> str:
        """The text with comments of markup and placeholders blanked: they tell a reader nothing."""
        comments = (Span(*match.span()) for match in _COMMENT.finditer(self.text))
        return blanked(self.text, (*self.placeholders, *comments))

    @cached_property
    def prose(self) -> str:
        """The same with code and addresses blanked; every place is as before."""
        addresses = (Span(*match.span()) for match in _URL.finditer(self.text))
        return blanked(self.told, (*self.code, *addresses))

    @cached_property
    def body(self) -> str:
        """The prose without its headings."""
        return blanked(self.prose, self.headings)

    @cached_property
    def words_only(self) -> str:
        """The body without what stands between backticks."""
        return blanked(self.body, self.inline)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """Sentences, list entries and title lines of the prose, without headings, in order."""
        return tuple(self._sentences())

    @cached_property
    def headings(self) -> tuple[Span, ...]:
        """Lines that are headings."""
        ends = ((match.start(), self.prose.find("\n", match.start())) for match in _HEADING.finditer(self.prose))
        return tuple(Span(start, end if end >= 0 else len(self.text)) for start, end in ends)

    @cached_property
    def items(self) -> tuple[Span, ...]:
        """Entries of lists, by their first line."""
        ends = ((match.start(), self.prose.find("\n", match.start())) for match in _ITEM.finditer(self.prose))
        return tuple(Span(start, end if end >= 0 else len(self.text)) for start, end in ends)

    def _sentences(self) -> Iterator[Span]:
        for block in _blocks(self.body, breaks={span.start for span in self.items}):
            text = block.of(self.body)
            lead = _ITEM_MARK.match(text)
            at = lead.end() if lead else 0
            for end in (*(match.start() for match in _SENTENCE_END.finditer(text)), len(text)):
                if end >= at and (span := _trimmed(self.body, block.start + at, block.start + end)):
                    yield span
                at = max(at, end)


def blanked(text: str, spans: tuple[Span, ...]) -> str:
    """Give a text with parts of it replaced by blanks; line breaks stay."""
    parts = []
    at = 0
    for span in sorted(spans):
        start = max(at, span.start)
        parts.append(text[at:start])
        parts.append(re.sub(r"[^\n]", " ", text[start : max(start, span.end)]))
        at = max(at, span.end)
    return "".join((*parts, text[at:]))


def words(text: str) -> list[str]:
    """Give the words of a text in lower case, identifiers in their parts."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]  # noqa: RUF001 - as above


def _blocks(text: str, *, breaks: set[int]) -> Iterator[Span]:
    """Give what can hold a sentence: lines up to a blank one, or to a line that begins anew.

    Headings and list entries begin anew; so does the line after a title, which is a first line that does not go on.
    """
    start: int | None = None
    at = 0
    for line in text.split("\n"):
        title_before = start == 0 and at <= TITLE_LENGTH and not text[:at].rstrip().endswith((".", ","))
        if start is not None and (not line.strip() or at in breaks or title_before):
            yield Span(start, at)
            start = None
        if start is None and line.strip():
            start = at
        at += len(line) + 1
    if start is not None:
        yield Span(start, len(text))


def _trimmed(text: str, start: int, end: int) -> Span | None:
    part = text[start:end]
    if not _WORD.search(part):
        return None
    return Span(start + len(part) - len(part.lstrip()), start + len(part.rstrip()))
