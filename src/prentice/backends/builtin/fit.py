"""What a title is about in itself, apart from what only qualifies it: modifiers, places, instruments, purposes."""

import re
from typing import Final

from prentice.backends.builtin.concepts import recognise, spans
from prentice.backends.builtin.kinds import MAKING, PARTICLE_VERBS, VERBS
from prentice.backends.builtin.phrase import without_article
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.topic import carried
from prentice.backends.builtin.words import stem, stems

ILLS: Final = frozenset(
    "sqli xss csrf secret vulnerability traversal nplusone race crash memory flaky duplication coupling links "
    "typo".split()
)
"""Concepts that are wrong in themselves: to remove, to reduce or to prevent them is to mend, and no removal."""

QUALITIES: Final = frozenset(
    "a11y mobile i18n humanlanguage configurable encryption permission offline async latency".split()
)
"""Concepts that are qualities of what is there, whatever the verb."""

_LANGUAGE: Final = re.compile(
    r"(?<![\w.-])(?:Python|Go|Golang|Rust|JavaScript|TypeScript|Java|Kotlin|Swift|Ruby|PHP|Scala|Elixir|Perl|Haskell|Dart|Lua|Zig|Fortran|"
    r"COBOL|Bash|PowerShell|Objective-C|C\+\+|C#|C|R|MATLAB)(?![\w+#.-])"
)

_SHAPES: Final = frozenset("godclass duplication coupling async rename deadcode tsmigration monolith".split())
"""Concepts of the shape of code, which a refactoring is on wherever its object names them."""

_CARRYING: Final = frozenset(
    stem(word)
    for word in "support feature functionality system page pages screen view module service api endpoint endpoints "
    "integration handling mechanism flow process layer logic component ui box bar field form button option method "
    "provider login signin management manager engine pipeline job jobs server client setup configuration config file "
    "files policy strategy tool infrastructure stack step steps suite test tests bug bugs error errors issue issues "
    "problem problems attack attacks rule rules panel widget model models chart charts condition conditions usage "
    "workflow workflows plugin limits limit middleware images image mode model calls code".split()
)
"""Last nouns of a phrase that leave what it is about to the word before them: `webhook support`, `backup job`."""

_OPEN: Final = re.compile(
    r"\s+(?:of|for|to|in|on|at|as|that|which|with|by|via|from|through|than|when|where|showing|listing|containing|"
    r"using|into)\s+",
    re.IGNORECASE,
)
_JOINTS: Final = re.compile(r"\s*(?:,|;|/(?=\s)|\band\b|\bor\b)\s*", re.IGNORECASE)
_ON_WHAT_IS_THERE: Final = frozenset({"log out", "log in", "sign out", "set up", "check", "log", "release", "document"})
"""Verbs whose word is also a concept's, though the work is not on that concept: to log someone out builds no login."""


def kind_of(verb: str) -> str:
    """Give the kind of work that a verb announces; empty where it is not known."""
    return PARTICLE_VERBS.get(verb) or VERBS.get(stem(verb), "")


def central(intent: Intent) -> frozenset[str]:  # noqa: C901, PLR0912 - one short case for each kind of title
    """Give the concepts that the work is on, rather than those that only occur in its title."""
    if intent.wish:
        return frozenset()
    if intent.clause:
        return frozenset(recognise(intent.text))
    kind, found = kind_of(intent.verb), set[str]()
    if intent.verb in {"let", "allow", "enable"}:  # the work is on what they will do, not on whom or what it is done to
        action = intent.parts.get("to", "") or intent.object.partition(" ")[2]
        found |= {name for name, start, _ in spans(action) if start == 0 and name != "table"}
    for phrase in _phrases(intent, kind):
        found |= _headed(phrase)
    if kind in {"removal", "performance", "bug", "tests"}:
        found |= recognise(_OPEN.split(intent.object)[0]).keys() & {"flaky"}  # an adjective, which is never the head
    if intent.verb not in _ON_WHAT_IS_THERE:
        found |= _of_verb(intent)
    if kind == "migration":
        if len(set(_LANGUAGE.findall(intent.text))) > 1:
            found.add("languageport")
        sides = "from to into onto with by off instead using"
        for part in _parts(intent, sides if {"to", "into", "onto"} & intent.parts.keys() else f"{sides} in"):
            found |= _headed(part)
        if "into" in intent.parts:
            found |= set(recognise(f"into {intent.parts['into']}"))
    elif kind == "refactoring":
        found |= recognise(f"{intent.object} ; into {intent.parts.get('into', '')}").keys() & _SHAPES
    elif intent.verb in {"make", "translate", "localize", "offer"}:
        found |= recognise(" ; ".join(_parts(intent, "with for on without over into to in"))).keys() & QUALITIES
    elif kind == "security":  # hardened against what, protected from what
        found |= recognise(" ; ".join(_parts(intent, "against from"))).keys() & ILLS
    elif kind == "bug" and "when" in intent.parts:
        found |= set(recognise(intent.parts["when"]))
    if not intent.verb and re.match(r"rate[- ]?limit\b", intent.object, re.IGNORECASE):
        found.add("ratelimit")
    if re.search(r"\bautomatic(?:ally)?$", intent.text):
        found.add("automate")
    return frozenset(found)


def makes(intent: Intent) -> bool:
    """Tell whether a title asks for something new: by its verb, by `a`, or by naming a thing and no verb."""
    fresh = re.match(r"(?:an?|new|another)\b", intent.object, re.IGNORECASE)
    return intent.verb in MAKING or bool(fresh) or (not intent.verb and not intent.clause)


def by_verb(intent: Intent) -> frozenset[str]:
    """Give the concepts that the verb itself belongs to, so that the work is the concept's own."""
    return frozenset() if intent.verb in _ON_WHAT_IS_THERE or not intent.verb else frozenset(_of_verb(intent))


def _parts(intent: Intent, keys: str) -> list[str]:
    return [intent.parts[key] for key in keys.split() if key in intent.parts]


def _phrases(intent: Intent, kind: str) -> list[str]:
    """Give the noun phrases whose heads say what the work is on."""
    topic = carried(intent)
    whole = intent.object or intent.parts.get("to", "") or intent.parts.get("for", "")
    if intent.verb in {"let", "allow"} or (intent.verb == "enable" and "to" in intent.parts):
        return []
    phrases: list[str] = []
    for text in (whole, topic):
        pieces = _OPEN.split(text)
        phrases += pieces if kind == "bug" else pieces[:1]
    return [part for phrase in phrases for part in (*_JOINTS.split(phrase), phrase) if part]


def _headed(phrase: str) -> set[str]:
    """Give the concepts whose words reach to the head of a phrase, or to nouns that only carry it."""
    phrase = without_article(phrase)
    words, found = stems(phrase), set[str]()
    for name, start, end in spans(phrase):
        del start
        if all(word in _CARRYING or word.isdigit() for word in words[end:]):
            found.add(name)
    return found


def _of_verb(intent: Intent) -> set[str]:
    """Give the concepts that the verb itself belongs to: `paginate`, `encrypt`, `import`."""
    text = f"{intent.verb} {intent.object}"
    served = re.search(
        r"\b(?:api|apis|endpoints?|routes?|requests?|calls?|clients?|logins?|attempts)\b", text, re.IGNORECASE
    )
    unfit = {"table"} if served else {"table", "ratelimit"}  # what is sent, read or written has no 429
    return {name for name, start, _ in spans(text) if start == 0 and name not in unfit}
