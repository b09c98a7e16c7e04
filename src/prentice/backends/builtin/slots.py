"""The words of one task, ready for the slots of a playbook: what it is about, both sides, place, files, commands."""

import re
from collections.abc import Mapping
from typing import Final

from prentice.backends.builtin.concepts import concepts
from prentice.backends.builtin.kinds import HEADS, VERBS
from prentice.backends.builtin.title import Intent, carried, definite, indefinite_free
from prentice.backends.builtin.words import PROPER_NAMES, clip, is_name, lowered, stem
from prentice.tasks.plan import RepositoryFacts

_LANGUAGES: Final = (
    "Python Go Golang Rust JavaScript TypeScript Java Kotlin Swift Ruby PHP Scala Elixir Perl Haskell Dart Lua Zig "
    "Fortran COBOL Bash PowerShell Node Node.js C C++ C# Objective-C VB.NET Clojure Erlang R MATLAB"
).split()
_SERVICES: Final = frozenset(
    "Stripe PayPal Adyen Braintree Slack Discord Teams Jira Linear Notion Salesforce HubSpot Zendesk Twilio SendGrid "
    "Mailgun Google Microsoft Apple Facebook GitHub GitLab Okta Auth0 Keycloak Shopify Ollama Sentry Datadog "
    "Mailchimp Segment Zapier Trello Telegram Azure AWS S3".split()
)
_TOPIC_LENGTH: Final = 44
_SHORT_LENGTH: Final = 30
_MEASURES: Final = re.compile(
    r"^(?:the )?(?:(?:p9\d|average|median|overall|high|slow|peak) )?(?P<measure>p\d\d(?: latency)?|ram(?: usage)?|latency|response times?|memory (?:usage|consumption|footprint)|memory|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"cpu (?:usage|load|time)|performance|speed|throughput|load(?:ing)? times?|start-?up times?|build times?|bundle size|image size|size|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"query times?|run ?times?|cold starts?|page load times?|test times?|time to first byte|slowness)(?: of| for| in|$)\s*(?P<rest>.*)$",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_BUG_WORDS: Final = re.compile(
    r"^(?:the |an? )?(?:bug|issue|problem|defect|error)(?:\s+(?:where|that|with|when|in which|causing|of|in))\s+(?P<rest>.+)$",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_HUMAN: Final = re.compile(
    rf"\b(?:{'|'.join(word for words in concepts()['humanlanguage'].words for word in words)})\b", re.IGNORECASE
)
_LEVELS: Final = frozenset({"unit", "integration", "e2e", "end-to-end", "regression", "smoke", "browser", "load"})
"""What is left of `unit tests` without the noun: a level of testing, and no topic."""
_FORMATS: Final = re.compile(
    r"\b(?:ZIP(?: archive| file)?(?: (?:of|with) (?:\w+ )?(?:PDFs?|images|files|CSVs?))?|PDFs?|XLSX|Excel(?: file)?|CSVs?|JSON(?: Lines)?|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"NDJSON|Parquet|XML|iCal(?:endar)?|ICS|vCard|Markdown|HTML|EPUB|SVG|PNG|GeoJSON|GPX|BibTeX|TSV|YAML|Word|DOCX)\b",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(
    r"^(?:about |under |below |less than )?\d[\d.,]*\s?(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|h|days?|%|percent|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"[kmgt]i?b|rps|qps|fps)\b", re.IGNORECASE,
)  # fmt: skip
_SUFFIXES: Final = re.compile(
    r"\s+(?:unit tests?|integration tests?|e2e tests?|tests?|test suite|test coverage|coverage|documentation|docs|"
    r"bugs?|issues?|feature|functionality|support)$",
    re.IGNORECASE,
)


def slots(
    intent: Intent, *, kind: str, text: str, repository: RepositoryFacts, altering: bool = False
) -> dict[str, str]:
    """Give the slots that this task can fill; see the playbooks for how they are used.

    With `altering` the work is a change of what is there, and the topic is the activity (`warning users`).
    """
    found: dict[str, str] = {}
    found |= _about(intent, kind=kind, altering=altering)
    found |= _sides(intent, found)
    found |= _circumstances(intent, text=text)
    found |= _facts(repository)
    if "limit" not in found and (match := _text_limit(text)):
        found["limit"] = match
    return {name: value for name, value in found.items() if value}


def _about(intent: Intent, *, kind: str, altering: bool) -> dict[str, str]:  # noqa: C901, PLR0912 - one short case for each part of a sentence
    """Give what the work is about: `topic` as already mentioned, `bare` without article, `new` as the title has it."""
    thing = carried(intent) or intent.object or re.sub(r"\s+v?\d[\d.x]*$", "", intent.parts.get("to", ""))
    purpose = intent.parts.get("to", "")
    if (
        thing == intent.object
        and len(thing.split()) <= 3
        and purpose
        and stem(purpose.split()[0].lower()) in VERBS
        and len(thing) + len(purpose) < 42
    ):
        thing = f"{thing} to {purpose}"
    question = re.match(
        r"^(?:why|how|whether|if|when|where)\s+(?=(?:the|a|an|our|some|\w+s)\s)(.+)$", thing, re.IGNORECASE
    )
    why = question[1] if question and not question[1].startswith("to ") else ""
    measure = ""
    thing = (
        re.sub(
            r"^(?:whether|if|which|what|how|why|where)\b(?: (?:we|it|to|can|could|should|use|is|are|would|be|i))*\s+",
            "",
            thing,
        )
        or thing
    )
    if match := _MEASURES.match(thing):
        measure = match["measure"].lower()
        rest = match["rest"] or intent.parts.get("for", "") or intent.parts.get("in", "")
        thing = rest or thing
    elif match := re.match(
        r"^(.{3,60}?)\s+(performance|latency|memory usage|startup time|speed|throughput|load times?|response times?)$",
        thing,
        re.IGNORECASE,
    ):
        thing, measure = match[1], match[2].lower()
    if kind in {"tests", "docs", "performance", "refactoring"} and not intent.clause and thing == intent.object:
        thing = _SUFFIXES.sub("", thing) or thing
    if (
        intent.verb == "make"
        and not altering
        and (match := re.match(r"^(.*?)\s+(\S+)$", thing))
        and len(thing.split()) > 1
    ):
        found_quality = match[2]
        thing = match[1]
    else:
        found_quality = ""
    if kind == "performance":
        thing = re.sub(r"^(?:slow|the slow)\s+", "", thing, flags=re.IGNORECASE)
    thing = _activity(intent) or thing.strip() or intent.text
    bare = indefinite_free(thing).lower()
    asked = re.match(r"(?:why|how come) (?:do|does|did|is|are|was|were|has|have|can)\b", intent.object, re.IGNORECASE)
    if (kind in {"docs", "tests"} and stem(bare) in HEADS) or bare in _LEVELS or asked:
        return {"title": clip(intent.text, 80)}
    if kind == "docs" and re.match(r"(?:how|why|what|when|where)\b", intent.object, re.IGNORECASE):
        thing = re.split(r"\s+(?:in|on|for|to) (?:the|our)\s+", intent.object)[0]
        topic = clip(lowered(thing), _TOPIC_LENGTH)
        return {"topic": topic, "bare": topic, "short": topic, "new": topic, "does": "does",
                "full": clip(thing, 90), "title": clip(intent.text, 80)}  # fmt: skip
    first, _, rest = thing.partition(" ")
    if (
        first.endswith("ing")
        and stem(first.lower()) in VERBS
        and (is_name(rest) or re.match(r"(?:the|a|an|our)\b|[A-Z]", rest))
    ):
        topic = clip(thing, _TOPIC_LENGTH)
        return {"topic": topic, "bare": topic, "short": topic, "new": topic, "does": "does",
                "full": clip(thing, 90), "title": clip(intent.text, 80)}  # fmt: skip
    topic = clip(definite(thing), _TOPIC_LENGTH)
    short = definite(_head(thing))
    activity = _activity(intent) or (_change(intent) if altering else "")
    if activity and not measure:
        topic, short = clip(activity, _TOPIC_LENGTH), clip(activity, _TOPIC_LENGTH - 4)
    values = {
        "topic": topic, "bare": clip(indefinite_free(thing), _TOPIC_LENGTH), "short": short,
        "new": clip(thing, _TOPIC_LENGTH), "measure": measure, "quality": found_quality,
        "full": clip(definite(thing), 90), "title": clip(intent.text, 80),
        "does": "do" if not activity and _plural(topic) else "does",
    }  # fmt: skip
    if intent.verb in {"automate", "schedule", "script"} or re.match(r"(?:an?|new)\b", intent.object):
        values["chore"] = topic
    if why:
        values |= _clause(why)
    values |= _options(intent, thing)
    if intent.verb:
        values["doing"] = clip(lowered(intent.text), 60)
        first, _, rest = intent.text.partition(" ")
        if first.isalpha() and rest:
            values["activity"] = clip(f"{_gerund(first.lower())} {rest}", 50)
    return values | _symptom(intent)


def _activity(intent: Intent) -> str:
    """Give what an enabling verb is about: `support X` is about support for X, `let users pin X` about pinning X."""
    if intent.verb == "support" and intent.object:
        gerund = intent.object.split()[0].endswith("ing")
        return re.sub(r"^(?:importing|exporting) ", "", intent.object) if gerund else f"support for {intent.object}"
    if intent.verb not in {"let", "allow", "enable"}:
        return ""
    action = intent.parts.get("to", "") if intent.verb != "let" else _action(intent.object)
    first, _, rest = action.partition(" ")
    if stem(first.lower().rsplit("-", 1)[-1]) not in VERBS and not rest:
        return ""
    if intent.verb == "enable" and stem(first.lower()) not in VERBS:
        return ""
    return f"{_gerund(first.lower())} {rest}".strip()


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
    whole = f"{_gerund(first.lower())} {rest}"
    if len(whole) <= _TOPIC_LENGTH:
        return whole
    return f"{_gerund(first.lower())} {intent.verb.partition(' ')[2]} {intent.object}".replace("  ", " ")


def _plural(phrase: str) -> bool:
    """Tell whether a noun phrase is plural, by the ending of its head."""
    head = re.split(r"\s+(?:of|for|in|on|from|with|to|at|out)\s+", phrase)[0].split()
    last = head[-1].lower() if head else ""
    return (last.endswith("s") and not last.endswith(("ss", "us", "is", "ics", "js", "os"))) or " and " in phrase


def _gerund(verb: str) -> str:
    if len(verb) > 5 and verb.endswith(("er", "en", "it", "et", "on", "or", "op")):
        return verb + "ing"  # stressed on an earlier syllable: `limiting`, `registering`
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"


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


def _symptom(intent: Intent) -> dict[str, str]:  # noqa: PLR0911 - each way to tell a failure ends by itself
    """Give the failure: `symptom` as a noun phrase, or `clause` as a statement that goes after `that`."""
    if intent.clause:
        if match := re.match(r"(\w+(?:Error|Exception))\b", intent.text):
            where = next((f" {key} {intent.parts[key]}" for key in ("in", "at", "on") if key in intent.parts), "")
            return {
                "symptom": f"the {match[1]}{clip(where, 40) and ' ' + clip(where, 40)}",
                "short_symptom": f"the {match[1]}",
            }
        if intent.wish:
            clause = _clause(lowered(intent.object))
            return clause if clause.get("short_clause") == clause["clause"] else {"clause": clause["clause"]}
        subject = re.split(
            r"\s+(?=(?:does|do|did|is|are|was|were|has|have|cannot|can|fails?|causes?|throws?|returns?)\b)", intent.text
        )[0]
        named = {"subject": definite(subject)} if subject != intent.text and len(subject) <= 36 else {}
        return _clause(lowered(intent.text)) | named
    thing, when = intent.object, intent.parts.get("when", "")
    kept = intent.parts.get("from", "")
    if intent.verb in {"prevent", "stop"} and re.match(r"\w+ing\b", kept):
        return _clause(f"{thing} are not kept from {kept}")
    if match := _BUG_WORDS.match(f"{thing} {when}".strip()):
        return _clause(re.sub(r"^(?:where|that|when)\s+", "", match["rest"]))
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


def _clause(text: str) -> dict[str, str]:
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


def _sides(intent: Intent, about: Mapping[str, str]) -> dict[str, str]:  # noqa: C901, PLR0912 - one short case for each part of a sentence
    """Give the two sides of a change: `source`, `target`, and the languages in them."""
    parts, found = intent.parts, dict[str, str]()
    source, target = parts.get("from", ""), parts.get("to", "") or parts.get("into", "") or parts.get("onto", "")
    if intent.verb in {"replace", "swap"}:
        source, target = intent.object, parts.get("with", "") or parts.get("by", "") or target
    elif intent.verb in {"use", "adopt"} or parts.get("instead"):
        source, target = parts.get("instead", "") or source, target or intent.object
    elif intent.verb in {"rewrite", "port", "translate", "convert"} and not target:
        target = parts.get("in", "") or parts.get("using", "") or parts.get("with", "") or parts.get("as", "")
    elif intent.verb in {"switch", "transition", "rename", "convert"} and not source:
        source = intent.object
    target = target.removeprefix("use ")
    languages = named_languages(intent.object)
    if source:
        found["source"] = clip(_named(source), 40)
        found["old"] = clip(indefinite_free(source), 32)
    elif languages:
        found["source"] = found["old"] = languages[0]
    if target and not re.match(r"(?:under|below|less|at most|at least)\b", target):
        found["target"] = clip(_named(target), 40)
        found["next"] = clip(indefinite_free(target), 32)
    for name in ("old", "next"):
        if name in found and about.get("bare") and found[name].startswith(about["bare"] + " "):
            found[name] = found[name].removeprefix(about["bare"] + " ")
    from_language = (named_languages(source) or languages)[:1]
    to_language = named_languages(target)[:1]
    if from_language and (not to_language or from_language != to_language):
        found["from_language"] = from_language[0]
    if to_language:
        found["to_language"] = to_language[0]
    if languages and "bare" in about:
        rest = " ".join(word for word in about["bare"].split() if word not in languages)
        if rest and len(rest) > 2:
            found["ported"] = rest
    return found


def _named(phrase: str) -> str:
    """Give a side with its article, unless it is a product's name: `date-fns`, `vite`, `uv`."""
    if (
        len(phrase.split()) == 1
        and definite(phrase) != phrase
        and not definite(phrase[:1].upper() + phrase[1:]).startswith("the ")
    ):
        return phrase
    return definite(phrase)


def named_languages(text: str) -> list[str]:
    """Give the programming languages that a text names, in their order."""
    return [word for word in re.findall(r"[A-Za-z][\w.+#-]*", text) if word in _LANGUAGES]


def _circumstances(intent: Intent, *, text: str) -> dict[str, str]:  # noqa: C901, PLR0912 - one short case for each part of a sentence
    """Give where, with what, for whom, how far, by when; services and other names."""
    parts, found = intent.parts, dict[str, str]()
    moved = VERBS.get(stem(intent.verb)) in {"migration", "dependency"} or intent.verb in {
        "allow",
        "enable",
        "let",
        "localize",
        "translate",
        "split",
        "extract",
    }
    for key in ("in", "on", *(() if moved else ("to", "into")), "at", "across", "onto", "within", "inside"):
        phrase = parts.get(key, "")
        if (
            phrase
            and len(phrase) <= 44
            and not (key in {"to", "into"} and re.match(r"[a-z]+ [a-z]", phrase) and stem(phrase.split()[0]) in VERBS)
            and not re.match(r"(?:under|below|less|\d|support |allow |handle |use |avoid |be |make |prevent )", phrase)
        ):
            found.setdefault("place", definite(phrase))
            surface = re.search(
                r"(?:page|pages|screen|screens|site|website|dashboard|form|server|phone|map|list)$", phrase
            )
            word = ("on" if surface else "in") if key in {"to", "into", "onto", "within", "inside", "in"} else key
            found.setdefault("in_place", f"{word} {definite(phrase)}")
    if intent.scope:
        found.setdefault("place", intent.scope)
        found.setdefault("in_place", f"in {intent.scope}")
    for key in ("with", "using", "via", "through"):
        if key in parts and "instrument" not in found:
            found["instrument"] = clip(parts[key], 40)
    if "for" in parts:
        found["beneficiary"] = clip(definite(parts["for"]), 40)
        found["for_whom"] = clip(parts["for"], 40)
    if purpose := parts.get("so") or (
        parts["to"] if re.match(r"[a-z]+ ", parts.get("to", "")) and stem(parts["to"].split()[0]) else ""
    ):
        found["purpose"] = clip(purpose.removeprefix("that "), 60)
    if "when" in parts:
        found.setdefault("condition", clip(parts["when"], 60))
    if "without" in parts:
        found["without"] = clip(parts["without"], 40)
    if "deadline" in parts:
        found["deadline"] = clip(parts["deadline"], 30)
    goal = parts.get("to", "")
    if _AMOUNT.match(goal):
        found["limit"] = clip(goal, 40)
    elif intent.limits:
        found["limit"] = intent.limits[0]
    if match := _FORMATS.search(f"{intent.text} {text[:2_000]}"):
        found["format"] = match[0]
    if match := _HUMAN.search(intent.text):
        found["humanlanguage"] = match[0].capitalize()
    if intent.quotes:
        found["quoted"] = clip(intent.quotes[0], 60)
    elif match := re.search(r"\b\w*(?:Error|Exception|Panic)\b", intent.text):
        found["quoted"] = match[0]
    names = [word for word in re.findall(r"[A-Za-z][\w.+-]*", f"{intent.text} {text[:2_000]}") if word in _SERVICES]
    if names:
        found["service"] = next(iter(dict.fromkeys(names)))
        if len(set(names)) > 1:
            found["services"] = " and ".join(list(dict.fromkeys(names))[:2])
    technologies = [
        word for word in re.findall(r"[A-Za-z][\w.+-]*", intent.text) if word in PROPER_NAMES and is_name(word)
    ]
    if technologies:
        found["technology"] = technologies[-1]
    if versions := re.findall(r"\bv?\d+(?:\.[\dx]+)*\b", intent.text):
        found["version"] = versions[-1]
    return found


def _text_limit(text: str) -> str:
    match = re.search(
        r"\b(?:under|below|within|less than|at most|no more than|at least|above)\s+\d[\d.,]*\s?"
        r"(?:ms|milliseconds?|seconds?|s|minutes?|%|percent|[kmgt]i?b|requests? per second|rps)(?!\w)|[<>]=?\s?\d[\d.,]*\s?(?:ms|s|%|[kmg]b)(?!\w)",  # noqa: E501 - a pattern or a list of words reads best in one piece
        text[:20_000], re.IGNORECASE,
    )  # fmt: skip
    return match[0] if match else ""


def _facts(repository: RepositoryFacts) -> dict[str, str]:
    """Commands, places and named files of the repository, as far as known."""
    found = {kind: f"`{clip(command, 60)}`" for kind, command in repository.checks.items() if command.strip()}
    for kind, paths in repository.places.items():
        if paths:
            found[f"{kind}_place"] = f"`{paths[0]}`"
    files = named_files(repository)
    code = [path for path in files if not re.search(r"\.(?:md|rst|txt|adoc)$", path)] or files
    if code:
        found["file"] = f"`{code[0]}`"
        found["file_name"] = f"`{code[0].rsplit('/', 1)[-1]}`"
    if symbols := [symbol.written for symbol in repository.named_symbols if symbol.found]:
        found["symbol"] = f"`{symbols[0]}`"
    if repository.languages:
        found["language"] = repository.languages[0]
    return found


def named_files(repository: RepositoryFacts) -> list[str]:
    """Give the files that the text names and that exist, tests last, each once; a name that is ambiguous is left out."""  # noqa: E501 - a pattern or a list of words reads best in one piece
    paths = [named.found[0] for named in repository.named_paths if len(named.found) == 1]
    return sorted(
        dict.fromkeys(paths), key=lambda path: bool(re.search(r"(?:^|/)tests?/|test_|_test\.|\.test\.", path))
    )
