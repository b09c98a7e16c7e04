"""The instruction bullets of a template, and small edits to them that lose nothing a program reads."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

MAX_EDITS: Final = 3
"""Edits of one candidate: of more, nobody could say which one helped."""
MAX_BULLET: Final = 300
"""Characters of a reworded bullet."""
_GROWTH: Final = 1.5
"""How much longer than the default a candidate may be: tuned prompts grow, and copy their examples (gepa's FAQ)."""
_ROOM: Final = 200  # characters that a short template may grow by all the same
_SHARED_WORDS: Final = 6
"""So many words in a row are copied from an example, and not found again by chance."""
_LEAST_WORDS: Final = 3  # of an example that is shorter than that

_BULLET: Final = re.compile(r"^- (.+)$", re.MULTILINE)
_FIXED: Final = re.compile(r"`[^`\n]+`|\{\{\w+\}\}|\[[^\]\n]+\]")
_FOREIGN: Final = re.compile(r"<<<|>>>|</?\w*think\w*|<\|", re.IGNORECASE)
_CUT: Final = re.compile(
    r"(?:[,:;(\-\u2013\u2014\u2026/]|\.\.\.|\b(?:and|or|but|the|a|an|of|to|in|with|that|which|for|if|when|as|by))\s*$",
    re.IGNORECASE,
)
"""How a text ends that was broken off."""
_PAIRS: Final = (("(", ")"), ("[", "]"), ("{", "}"), ("“", "”"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit: a bullet by its number from 1, of the template or, for `take`, of those that lie ready."""

    do: Literal["drop", "reword", "take"]
    bullet: int
    text: str = ""


def bullets(body: str) -> tuple[str, ...]:
    """Give the bullets of a template in order, without their dashes."""
    return tuple(_BULLET.findall(body))


def edited(body: str, edits: Sequence[Edit], *, ready: Sequence[str]) -> str:
    """Give the template with the edits made; the numbers are those before any edit."""
    changes = {edit.bullet: edit for edit in edits if edit.do != "take"}
    lines, number, last = [], 0, len(bullets(body))
    for line in body.split("\n"):
        if not _BULLET.fullmatch(line):
            lines.append(line)
            continue
        number += 1
        change = changes.get(number)
        if change is None or change.do == "reword":
            lines.append(f"- {change.text.strip()}" if change else line)
        if number == last:
            lines += [f"- {ready[edit.bullet - 1]}" for edit in edits if edit.do == "take"]
    return "\n".join(lines)


def objections(
    edits: Sequence[Edit], body: str, *, ready: Sequence[str], default: str, examples: Iterable[str]
) -> list[str]:
    """Say what speaks against edits, in sentences that a model can act on; nothing where they may be tried."""
    there = bullets(body)
    if not edits:
        return ["There is no edit."]
    found = [problem for edit in edits for problem in _misfits(edit, there, ready)]
    if len({(edit.do == "take", edit.bullet) for edit in edits}) < len(edits):
        found.append("A bullet is edited twice.")
    if found:
        return found
    for edit in edits:
        if edit.do == "reword":
            found += _problems(edit.text, before=there[edit.bullet - 1])
        elif edit.do == "drop" and (lost := _FIXED.findall(there[edit.bullet - 1])):
            others = [text for number, text in enumerate(there, start=1) if number != edit.bullet]
            if missing := [item for item in lost if not any(item in text for text in others)]:
                found.append(f"Bullet {edit.bullet} is the only one that says {', '.join(missing)}.")
    changed = edited(body, edits, ready=ready)
    if not bullets(changed):
        found.append("No bullet would be left.")
    if len(changed) > len(default) * _GROWTH + _ROOM:
        found.append("The template would grow too long.")
    texts = [edit.text for edit in edits if edit.do == "reword"]
    return found + [f"These words are copied from a case: “{words}”." for words in _copied(texts, examples)]


def _misfits(edit: Edit, there: Sequence[str], ready: Sequence[str]) -> Iterator[str]:
    listed, called = (ready, "bullet that lies ready") if edit.do == "take" else (there, "bullet")
    if not 1 <= edit.bullet <= len(listed):
        yield f"There is no {called} {edit.bullet}."
    elif edit.do == "reword" and edit.text.strip() == there[edit.bullet - 1]:
        yield f"Bullet {edit.bullet} would stay as it is."


def _problems(text: str, *, before: str) -> Iterator[str]:
    """Say what is wrong with the new words of a bullet: cut off, thought aloud, or without what programs read."""
    text = text.strip()
    if not text or "\n" in text:
        yield "A bullet is one line of text."
    if len(text) >= MAX_BULLET:
        yield f"A bullet has fewer than {MAX_BULLET} characters; this one was cut off there, or is too long."
    if _CUT.search(text) or any(text.count(left) != text.count(right) for left, right in _PAIRS):
        yield f"This bullet is broken off: “{text[-60:]}”."
    elif text.count("`") % 2 or text.count('"') % 2:
        yield f"A quote is left open in “{text[-60:]}”."
    if _FOREIGN.search(text):
        yield "A bullet holds no thoughts, tags or marks."
    kept, now = _FIXED.findall(before), _FIXED.findall(text)
    if lost := [item for item in kept if item not in now]:
        yield f"Programs read {', '.join(lost)}: it must stay."
    if places := [item for item in now if item.startswith("{{") and item not in kept]:
        yield f"Nothing fills {', '.join(places)}."


def _copied(texts: Iterable[str], examples: Iterable[str]) -> Iterator[str]:
    copied = {run for example in examples for run in _runs(example, size=_SHARED_WORDS) or (_whole(example),) if run}
    sizes = {len(run) for run in copied}
    for text in texts:
        found = next((run for size in sorted(sizes) for run in _runs(text, size=size) if run in copied), None)
        if found:
            yield " ".join(found)


def _runs(text: str, *, size: int) -> list[tuple[str, ...]]:
    words = re.findall(r"\w+", text.casefold())
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]


def _whole(text: str) -> tuple[str, ...]:
    """Give all words of a short text, where they are enough to be known again."""
    words = tuple(re.findall(r"\w+", text.casefold()))
    return words if len(words) >= _LEAST_WORDS else ()
