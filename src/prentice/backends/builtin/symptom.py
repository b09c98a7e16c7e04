"""How a task tells what goes wrong: as a thing (`the blank page`), or as a statement (`login fails on Safari`)."""

import re
from typing import Final

from prentice.backends.builtin.phrase import definite
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.words import clip, lowered

_BUG_WORDS: Final = re.compile(
    r"^(?:the |an? )?(?:bug|issue|problem|defect|error)(?:\s+(?:where|that|with|when|in which|causing|of|in))\s+(?P<rest>.+)$",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)


def symptom_slots(intent: Intent) -> dict[str, str]:  # noqa: PLR0911 - each way to tell a failure ends by itself
    """Give the failure: `symptom` as a noun phrase, or `clause` as a statement that goes after `that`."""
    if intent.clause:
        if match := re.match(r"(\w+(?:Error|Exception))\b", intent.text):
            where = next((f" {key} {intent.parts[key]}" for key in ("in", "at", "on") if key in intent.parts), "")
            return {
                "symptom": f"the {match[1]}{clip(where, 40) and ' ' + clip(where, 40)}",
                "short_symptom": f"the {match[1]}",
            }
        if intent.wish:
            clause = clause_slots(lowered(intent.object))
            return clause if clause.get("short_clause") == clause["clause"] else {"clause": clause["clause"]}
        subject = re.split(
            r"\s+(?=(?:does|do|did|is|are|was|were|has|have|cannot|can|fails?|causes?|throws?|returns?)\b)", intent.text
        )[0]
        named = {"subject": definite(subject)} if subject != intent.text and len(subject) <= 36 else {}
        return clause_slots(lowered(intent.text)) | named
    thing, when = intent.object, intent.parts.get("when", "")
    kept = intent.parts.get("from", "")
    if intent.verb in {"prevent", "stop"} and re.match(r"\w+ing\b", kept):
        return clause_slots(f"{thing} are not kept from {kept}")
    if match := _BUG_WORDS.match(f"{thing} {when}".strip()):
        return clause_slots(re.sub(r"^(?:where|that|when)\s+", "", match["rest"]))
    if not thing:
        return {}
    place = next(
        (
            f" {key} {intent.parts[key]}"
            for key in ("in", "on", "at", "for", "from", "during", "with", "to", "between", "by")
            if key in intent.parts
        ),
        "",
    )
    symptom = definite(thing)
    values = {"symptom": clip(f"{symptom}{place} {when}".strip(), 70), "short_symptom": clip(symptom, 46)}
    if when:
        values["condition"] = clip(when, 60)
    return values


def clause_slots(text: str) -> dict[str, str]:
    """Give a failure told as a statement: whole, and cut before its circumstances."""
    values = {"clause": clip(text, 92)}
    if " kept from " in text:
        return values | ({"short_clause": text} if len(text) <= 52 else {})
    cut = re.split(
        r",?\s(?:when|whenever|if|after|while|before|because|since|on|in|at|with|during|for|from|due to)\s", text
    )[0]
    if len(cut) <= 40 and len(cut.split()) >= 3:
        values["short_clause"] = cut
    elif len(text) <= 40:
        values["short_clause"] = text
    return values
