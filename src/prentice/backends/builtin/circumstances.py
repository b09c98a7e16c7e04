"""The circumstances of a task: where, with what, for whom, how far, by when; formats, services and other names."""

import re
from typing import Final

from prentice.backends.builtin.concepts import concepts
from prentice.backends.builtin.kinds import VERBS
from prentice.backends.builtin.phrase import definite
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.words import PROPER_NAMES, clip, is_name, stem

_SERVICES: Final = frozenset(
    "Stripe PayPal Adyen Braintree Slack Discord Teams Jira Linear Notion Salesforce HubSpot Zendesk Twilio SendGrid "
    "Mailgun Google Microsoft Apple Facebook GitHub GitLab Okta Auth0 Keycloak Shopify Ollama Sentry Datadog "
    "Mailchimp Segment Zapier Trello Telegram Azure AWS S3".split()
)
_HUMAN: Final = re.compile(
    rf"\b(?:{'|'.join(word for words in concepts()['humanlanguage'].words for word in words)})\b", re.IGNORECASE
)
_FORMATS: Final = re.compile(
    r"\b(?:ZIP(?: archive| file)?(?: (?:of|with) (?:\w+ )?(?:PDFs?|images|files|CSVs?))?|PDFs?|XLSX|Excel(?: file)?|CSVs?|JSON(?: Lines)?|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"NDJSON|Parquet|XML|iCal(?:endar)?|ICS|vCard|Markdown|HTML|EPUB|SVG|PNG|GeoJSON|GPX|BibTeX|TSV|YAML|Word|DOCX)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"^(?:about |under |below |less than )?\d[\d.,]*\s?(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|h|days?|%|percent|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"[kmgt]i?b|rps|qps|fps)\b", re.IGNORECASE,
)  # fmt: skip
_LIMIT: Final = re.compile(
    r"\b(?:under|below|within|less than|at most|no more than|at least|above)\s+\d[\d.,]*\s?"
    r"(?:ms|milliseconds?|seconds?|s|minutes?|%|percent|[kmgt]i?b|requests? per second|rps)(?!\w)"
    r"|[<>]=?\s?\d[\d.,]*\s?(?:ms|s|%|[kmg]b)(?!\w)",
    re.IGNORECASE,
)
_GOING_TO: Final = frozenset("allow enable let localize translate split extract".split())
"""Verbs after which `to` and `into` lead to what comes of it, and to no place."""
_NO_PLACE: Final = re.compile(r"(?:under|below|less|\d|support |allow |handle |use |avoid |be |make |prevent )")
_SURFACE: Final = re.compile(r"(?:page|pages|screen|screens|site|website|dashboard|form|server|phone|map|list)$")
_PLACE_LENGTH: Final = 44
_SCANNED: Final = 2_000
"""Characters of the text in which formats and services are looked for."""


def circumstances(intent: Intent, *, text: str) -> dict[str, str]:
    """Give where, with what, for whom, how far, by when; services and other names. `text` is all that the task says."""
    found = _place(intent) | _ends(intent) | _names(intent, text=text)
    if limit := _limit(intent, text=text):
        found["limit"] = limit
    if match := _FORMATS.search(f"{intent.text} {text[:_SCANNED]}"):
        found["format"] = match[0]
    if match := _HUMAN.search(intent.text):
        found["humanlanguage"] = match[0].capitalize()
    if intent.quotes:
        found["quoted"] = clip(intent.quotes[0], 60)
    elif match := re.search(r"\b\w*(?:Error|Exception|Panic)\b", intent.text):
        found["quoted"] = match[0]
    if versions := re.findall(r"\bv?\d+(?:\.[\dx]+)*\b", intent.text):
        found["version"] = versions[-1]
    return found


def _place(intent: Intent) -> dict[str, str]:
    """Give where the work is: as a noun, and with its preposition."""
    moved = VERBS.get(stem(intent.verb)) in {"migration", "dependency"} or intent.verb in _GOING_TO
    for key in ("in", "on", *(() if moved else ("to", "into")), "at", "across", "onto", "within", "inside"):
        phrase = intent.parts.get(key, "")
        does = key in {"to", "into"} and re.match(r"[a-z]+ [a-z]", phrase) and stem(phrase.split()[0]) in VERBS
        if not phrase or len(phrase) > _PLACE_LENGTH or does or _NO_PLACE.match(phrase):
            continue
        word = key
        if key in {"to", "into", "onto", "within", "inside", "in"}:
            word = "on" if _SURFACE.search(phrase) else "in"
        return {"place": definite(phrase), "in_place": f"{word} {definite(phrase)}"}
    return {"place": intent.scope, "in_place": f"in {intent.scope}"} if intent.scope else {}


def _ends(intent: Intent) -> dict[str, str]:
    """Give with what, for whom, what for, when, without what and by when."""
    parts, found = intent.parts, dict[str, str]()
    if instrument := next((parts[key] for key in ("with", "using", "via", "through") if key in parts), ""):
        found["instrument"] = clip(instrument, 40)
    if "for" in parts:
        found["beneficiary"] = clip(definite(parts["for"]), 40)
        found["for_whom"] = clip(parts["for"], 40)
    deed = parts.get("to", "")
    if purpose := parts.get("so") or (deed if re.match(r"[a-z]+ ", deed) else ""):
        found["purpose"] = clip(purpose.removeprefix("that "), 60)
    for key, name, length in (("when", "condition", 60), ("without", "without", 40), ("deadline", "deadline", 30)):
        if key in parts:
            found[name] = clip(parts[key], length)
    return found


def _limit(intent: Intent, *, text: str) -> str:
    """Give how far the work has to go: as the title says it, else as the text does."""
    goal = intent.parts.get("to", "")
    if _AMOUNT.match(goal):
        return clip(goal, 40)
    match = _LIMIT.search(text[:20_000])
    return next(iter(intent.limits), match[0] if match else "")


def _names(intent: Intent, *, text: str) -> dict[str, str]:
    """Give the services that the task names, and the technology that its title names last."""
    services = list(dict.fromkeys(word for word in _words(f"{intent.text} {text[:_SCANNED]}") if word in _SERVICES))
    found = {"service": services[0]} if services else {}
    if len(services) > 1:
        found["services"] = " and ".join(services[:2])
    if technologies := [word for word in _words(intent.text) if word in PROPER_NAMES and is_name(word)]:
        found["technology"] = technologies[-1]
    return found


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Za-z][\w.+-]*", text)
