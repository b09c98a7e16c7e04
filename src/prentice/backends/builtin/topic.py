"""What the work is about: its topic in the lengths and forms that the playbooks ask for."""

import re
from typing import Final

from prentice.backends.builtin.kinds import HEADS, VERBS
from prentice.backends.builtin.phrase import definite, gerund, plural, without_article
from prentice.backends.builtin.symptom import clause_slots, symptom_slots
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.words import clip, is_name, lowered, stem

_TOPIC_LENGTH: Final = 44
_SHORT_LENGTH: Final = 30
_MEASURES: Final = re.compile(
    r"^(?:the )?(?:(?:p9\d|average|median|overall|high|slow|peak) )?(?P<measure>p\d\d(?: latency)?|ram(?: usage)?|latency|response times?|memory (?:usage|consumption|footprint)|memory|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"cpu (?:usage|load|time)|performance|speed|throughput|load(?:ing)? times?|start-?up times?|build times?|bundle size|image size|size|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"query times?|run ?times?|cold starts?|page load times?|test times?|time to first byte|slowness)(?: of| for| in|$)\s*(?P<rest>.*)$",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_MEASURE_LAST: Final = re.compile(
    r"^(.{3,60}?)\s+(performance|latency|memory usage|startup time|speed|throughput|load times?|response times?)$",
    re.IGNORECASE,
)
_LEVELS: Final = frozenset({"unit", "integration", "e2e", "end-to-end", "regression", "smoke", "browser", "load"})
"""What is left of `unit tests` without the noun: a level of testing, and no topic."""
_SUFFIXES: Final = re.compile(
    r"\s+(?:unit tests?|integration tests?|e2e tests?|tests?|test suite|test coverage|coverage|documentation|docs|"
    r"bugs?|issues?|feature|functionality|support)$",
    re.IGNORECASE,
)
_QUESTION: Final = re.compile(
    r"^(?:why|how|whether|if|when|where)\s+(?=(?:the|a|an|our|some|\w+s)\s)(.+)$", re.IGNORECASE
)
_QUESTION_WORDS: Final = re.compile(
    r"^(?:whether|if|which|what|how|why|where)\b(?: (?:we|it|to|can|could|should|use|is|are|would|be|i))*\s+"
)
_WHY: Final = re.compile(r"(?:why|how come) (?:do|does|did|is|are|was|were|has|have|can)\b", re.IGNORECASE)
_QUALIFIED: Final = re.compile(r"^(.*\S)\s+(\S+)$")
_READERS: Final = re.compile(
    r"\b(?:developers|users|newcomers|customers|contributors|admins|administrators|team|staff|beginners|operators)$"
)
_CARRIERS: Final = frozenset(
    stem(word)
    for word in "support ability option way feature functionality possibility mechanism handling capability".split()
)


def topic_slots(intent: Intent, *, kind: str, altering: bool) -> dict[str, str]:
    """Give what the work is about: `topic` as already mentioned, `bare` without article, `new` as the title has it.

    Where the title names no topic, `title` alone.
    """
    title = {"title": clip(intent.text, 80)}
    told = _thing(intent)
    thing, measure = _measured(_QUESTION_WORDS.sub("", told) or told, intent)
    if kind in {"tests", "docs", "performance", "refactoring"} and not intent.clause and thing == intent.object:
        thing = _SUFFIXES.sub("", thing) or thing
    quality = ""
    if intent.verb == "make" and not altering and (match := _QUALIFIED.match(thing)):
        thing, quality = match.groups()
    if kind == "performance":
        thing = re.sub(r"^(?:slow|the slow)\s+", "", thing, flags=re.IGNORECASE)
    thing = _activity(intent) or thing.strip() or intent.text
    bare = without_article(thing).lower()
    if (kind in {"docs", "tests"} and stem(bare) in HEADS) or bare in _LEVELS or _WHY.match(intent.object):
        return title
    if kind == "docs" and re.match(r"(?:how|why|what|when|where)\b", intent.object, re.IGNORECASE):
        thing = re.split(r"\s+(?:in|on|for|to) (?:the|our)\s+", intent.object)[0]
        return title | _unchanging(lowered(thing)) | {"full": clip(thing, 90)}
    if _is_activity(thing):
        return title | _unchanging(thing) | {"full": clip(thing, 90)}
    forms = _forms(intent, thing, measured=bool(measure), altering=altering)
    values = title | forms | {"measure": measure, "quality": quality}
    if intent.verb in {"automate", "schedule", "script"} or re.match(r"(?:an?|new)\b", intent.object):
        values["chore"] = forms["topic"]
    return values | _asked(told) | _options(intent, thing) | _deed(intent) | symptom_slots(intent)


def _thing(intent: Intent) -> str:
    """Give the object, or what stands for it; one of few words with what it is there to do."""
    purpose = intent.parts.get("to", "")
    thing = carried(intent) or intent.object or re.sub(r"\s+v?\d[\d.x]*$", "", purpose)
    short = thing == intent.object and len(thing.split()) <= 3 and len(thing) + len(purpose) < 42
    if short and purpose and stem(purpose.split()[0].lower()) in VERBS:
        return f"{thing} to {purpose}"
    return thing


def _measured(thing: str, intent: Intent) -> tuple[str, str]:
    """Part a thing from the measure that is to get better: `latency of the search` into the search and its latency."""
    if match := _MEASURES.match(thing):
        rest = match["rest"] or intent.parts.get("for", "") or intent.parts.get("in", "")
        return rest or thing, match["measure"].lower()
    if match := _MEASURE_LAST.match(thing):
        return match[1], match[2].lower()
    return thing, ""


def _is_activity(thing: str) -> bool:
    """Tell whether a thing is a deed with its object: `moving the uploads`."""
    first, _, rest = thing.partition(" ")
    deed = first.endswith("ing") and stem(first.lower()) in VERBS
    return deed and (is_name(rest) or bool(re.match(r"(?:the|a|an|our)\b|[A-Z]", rest)))


def _unchanging(topic: str) -> dict[str, str]:
    """Give the forms of a topic that takes no article, the same wherever it stands."""
    return dict.fromkeys(("topic", "bare", "short", "new"), clip(topic, _TOPIC_LENGTH)) | {"does": "does"}


def _forms(intent: Intent, thing: str, *, measured: bool, altering: bool) -> dict[str, str]:
    """Give a thing in the forms that sentences need, or, where the work is an activity, the activity as the topic."""
    activity = _activity(intent) or (_change(intent) if altering else "")
    topic, short = clip(definite(thing), _TOPIC_LENGTH), definite(_head(thing))
    if activity and not measured:
        topic, short = clip(activity, _TOPIC_LENGTH), clip(activity, _TOPIC_LENGTH - 4)
    return {
        "topic": topic,
        "bare": clip(without_article(thing), _TOPIC_LENGTH),
        "short": short,
        "new": clip(thing, _TOPIC_LENGTH),
        "full": clip(definite(thing), 90),
        "does": "do" if not activity and plural(topic) else "does",
    }


def _asked(told: str) -> dict[str, str]:
    """Give the statement in a question: `why the build is slow` says that the build is slow."""
    question = _QUESTION.match(told)
    return clause_slots(question[1]) if question and not question[1].startswith("to ") else {}


def _deed(intent: Intent) -> dict[str, str]:
    """Give the whole title as something to do and as something that is done: `add X` and `adding X`."""
    if not intent.verb:
        return {}
    first, _, rest = intent.text.partition(" ")
    activity = {"activity": clip(f"{gerund(first.lower())} {rest}", 50)} if first.isalpha() and rest else {}
    return {"doing": clip(lowered(intent.text), 60)} | activity


def carried(intent: Intent) -> str:
    """Give the object's real topic where its head only carries it: `support for webhooks` is about webhooks."""
    head, modifiers = intent.head, without_article(intent.object).split()[:-1]
    documents = head in HEADS and HEADS[head][0] in {"tests", "docs"}
    if not documents and not (head in _CARRIERS and not modifiers):
        return ""
    for key in ("for", "of", "about", "on", "in", "to"):
        if key in intent.parts and not _READERS.search(intent.parts[key]) and not intent.parts[key][:1].isdigit():
            return intent.parts[key]
    match = re.search(r"\b(?:of|about) (.+)$", intent.object)
    return match[1] if match else ""


def _activity(intent: Intent) -> str:
    """Give what an enabling verb is about: `support X` is about support for X, `let users pin X` about pinning X."""
    if intent.verb == "support" and intent.object:
        deed = intent.object.split()[0].endswith("ing")
        return re.sub(r"^(?:importing|exporting) ", "", intent.object) if deed else f"support for {intent.object}"
    if intent.verb not in {"let", "allow", "enable"}:
        return ""
    action = intent.parts.get("to", "") if intent.verb != "let" else _action(intent.object)
    first, _, rest = action.partition(" ")
    if stem(first.lower().rsplit("-", 1)[-1]) not in VERBS and not rest:
        return ""
    if intent.verb == "enable" and stem(first.lower()) not in VERBS:
        return ""
    return f"{gerund(first.lower())} {rest}".strip()


def _action(text: str) -> str:
    """Give what somebody is let do: in `support staff impersonate a customer` what stands from `impersonate` on."""
    words = text.split()
    for at, word in enumerate(words[1:4], start=1):
        if stem(word.lower()) in VERBS and not word.endswith("s") and at + 1 < len(words):
            return " ".join(words[at:])
    return text.partition(" ")[2]


def _change(intent: Intent) -> str:
    """Give the activity of a verb that changes what is there: `warn users` is about warning them, not about users."""
    first, _, rest = intent.text.partition(" ")
    if not rest or stem(first.lower()) != stem(intent.verb.split()[0]):
        return ""
    whole = f"{gerund(first.lower())} {rest}"
    if len(whole) <= _TOPIC_LENGTH:
        return whole
    return f"{gerund(first.lower())} {intent.verb.partition(' ')[2]} {intent.object}".replace("  ", " ")


def _options(intent: Intent, thing: str) -> dict[str, str]:
    """Give what is to be chosen from: `A or B`, `A vs. B`, `between A and B`, `compare A and B`."""
    sides = (intent.parts.get("from", ""), intent.parts.get("to", ""))
    if intent.verb in {"evaluate", "assess", "explore", "study"} and all(sides):
        return {"options": f"{clip(sides[0], 18)} and {clip(sides[1], 18)}"}
    text = intent.parts.get("between", "") or thing
    joint = (
        r" (?:or|vs\.?|versus|and) "
        if "between" in intent.parts or intent.verb == "compare"
        else r" (?:or|vs\.?|versus) "
    )
    match = re.search(rf"([\w.+#/-]+(?: [A-Z][\w.+#-]*)*){joint}([\w.+#/-]+(?: [A-Z][\w.+#-]*)*)", text)
    return {"options": f"{match[1]} and {match[2]}"} if match else {}


def _head(thing: str) -> str:
    """Give the phrase without what hangs on it: `the export of orders as CSV` becomes `the export`."""
    head = re.split(
        r"\s+(?:of|for|to|that|which|as|and|or|than|about|with|showing|listing|containing|using)\s+|,\s", thing
    )[0]
    words = head.split()
    if len(head) > _SHORT_LENGTH and len(words) > 2:
        kept = words[-3:] if len(" ".join(words[-3:])) <= _SHORT_LENGTH else words[-2:]
        head = " ".join(kept)
    return clip(head, _SHORT_LENGTH)
