"""The guards of the form: how long a rewrite may be, that it keeps its language, and that it is no answer."""

import re
from collections.abc import Iterator
from typing import Final

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.language import language
from prentice.skills.optimize.prose import PLACEHOLDER, PromptText
from prentice.skills.optimize.rules import criteria

MOST_GROWTH: Final = 1.6
MOST_WORDS: Final = 120
"""A rewrite has at most 1.6 times the words, or 120 more; answers of the user come on top. From the reference."""
MOST_PLACEHOLDERS: Final = 6
"""New placeholders: the three questions, and as many for guesses that are asked about."""

_PREAMBLE: Final = (
    r"(?i)\s*(?:sure|certainly|of course|okay|ok|absolutely|great|happy to|i(?:'ve| have| will|'ll)|"
    r"here(?:'s| is| are)|the (?:improved|rewritten|optimized|revised|updated) (?:prompt|version|text)|"
    r"(?:improved|rewritten|optimized|revised) (?:prompt|version)|as an ai|let me|below is)\b"
)
_DIFF: Final = r"(?m)^(?:diff --git|@@ -\d|\+\+\+ |--- a/|<<<<<<<|>>>>>>>)"
_FILL_IN: Final = (
    r"(?i)<(?:insert|your|the|answer|quote|yes|no|placeholder|fill)[^<>\n]{0,60}>|"
    r"\[(?!NEEDS: )(?:insert|your|placeholder|fill|x{2,})[^\[\]\n]{0,60}\]|\{(?:insert|your)[^{}\n]{0,60}\}"
)


def misshapen(before: str, after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Object to a rewrite that is too long, empty, in another language, or not a prompt at all."""
    return (*_size(before, after, grounds), *_language(before, after), *_answer(before, after))


def _size(before: str, after: str, grounds: Grounds) -> Iterator[Objection]:
    were, now = (len(PLACEHOLDER.sub(" ", text).split()) for text in (before, after))
    brought = sum(len(answer.split()) for answer in grounds.answers.values())
    most = max(int(were * MOST_GROWTH), were + MOST_WORDS) + brought
    if now > most:
        yield Objection(guard="size", says=f"It has {now} words; {most} are the most.", evidence="")
    asked = len(PLACEHOLDER.findall(after)) - len(PLACEHOLDER.findall(before))
    if asked > MOST_PLACEHOLDERS:
        yield Objection(
            guard="size", says=f"It asks {asked} new things; {MOST_PLACEHOLDERS} are the most.", evidence=""
        )
    if not after.strip():
        yield Objection(guard="size", says="It is empty.", evidence="")


def _language(before: str, after: str) -> Iterator[Objection]:
    was, now = language(before), language(after)
    if was and now and was != now:
        yield Objection(guard="language", says=f"The prompt is in {was}, the rewrite in {now}.", evidence="")


def _answer(before: str, after: str) -> Iterator[Objection]:
    if (match := re.match(_PREAMBLE, after)) and not re.match(_PREAMBLE, before):
        yield Objection(
            guard="answer", says="It begins by talking to the user; give the prompt alone.", evidence=match[0].strip()
        )
    for says, pattern in (("It holds a diff.", _DIFF), ("It holds a form to fill in; use [NEEDS: ...].", _FILL_IN)):
        new = [match[0] for match in re.finditer(pattern, after) if match[0] not in before]
        if new:
            yield Objection(guard="answer", says=says, evidence=new[0])
    known = {line.strip() for line in before.split("\n")}
    for span in PromptText(after).code:
        lines = [line.strip() for line in span.of(after).split("\n")]
        if fresh := [line for line in lines if re.search(r"\w", line) and line not in known]:
            yield Objection(guard="answer", says="It holds code that the prompt does not have.", evidence=fresh[0][:80])
            return
    for criterion in criteria():
        if criterion.asks in after or (criterion.id in after and criterion.id not in before):
            yield Objection(guard="answer", says="It repeats the checklist.", evidence=criterion.id)
            return
