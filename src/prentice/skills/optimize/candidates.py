"""Candidates: rewrites made of small patches, each of which has to fit its place and to pass the guards."""

from collections.abc import Iterable
from dataclasses import dataclass

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.guard import objections

MAX_PATCHES = 4
"""Patches of one candidate; small models lose the thread in longer lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One change: exact old text, new text, the finding that it answers, and where its new facts are said to be from.

    What it says of its source is shown to the user and proves nothing: the guards look each fact up themselves.
    """

    old: str
    new: str
    finding: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A patch that was left out, and why, in sentences that a model can act on."""

    patch: Patch
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A text with what became of each patch."""

    text: str
    kept: tuple[Patch, ...] = ()
    refused: tuple[Refused, ...] = ()


def patched(text: str, patches: Iterable[Patch], grounds: Grounds) -> Candidate:
    """Apply patches one after the other, each only where it fits and where no guard objects to what it makes."""
    kept: list[Patch] = []
    refused: list[Refused] = []
    for patch in patches:
        if why := _misfit(text, patch):
            refused.append(Refused(patch=patch, why=(why,)))
            continue
        changed = text.replace(patch.old, patch.new, 1)
        if found := objections(changed, grounds):
            refused.append(Refused(patch=patch, why=tuple(objection.sentence for objection in found)))
        else:
            text = changed
            kept.append(patch)
    return Candidate(text=text, kept=tuple(kept), refused=tuple(refused))


def _misfit(text: str, patch: Patch) -> str:
    """Say why a patch cannot be applied; empty where it can."""
    if not patch.old.strip():
        return "`old` is empty; copy the words that are to be replaced."
    if patch.old == patch.new:
        return "`new` is the same as `old`."
    count = text.count(patch.old)
    if count == 0:
        return "`old` does not stand in the prompt; copy it exactly."
    return "" if count == 1 else f"`old` stands in the prompt {count} times; copy more of its surroundings."
