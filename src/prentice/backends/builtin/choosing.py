"""Deciding what kind of work a task is, and which playbook fits it best."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from prentice.backends.builtin.concepts import concepts, recognise
from prentice.backends.builtin.fit import ILLS, QUALITIES, by_verb, central, kind_of, makes
from prentice.backends.builtin.kinds import HEADS
from prentice.backends.builtin.playbook import Playbook, library
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.words import is_name, stems

_Vote = Callable[[str, float], None]

_WEAK_VERBS: Final = frozenset(
    "add write create make update change improve enhance build give show read run set use set up".split()
)
_NEUTRAL_VERBS: Final = frozenset("record trace measure guard automate complete finish configure handle ensure".split())
_MENDING: Final = frozenset({"removal", "performance", "bug"})
"""Kinds whose verbs, said of something that is wrong in itself, leave the kind to that."""
_LESSENING: Final = frozenset("reduce lower cut decrease halve trim shrink".split())
_MEASURED: Final = re.compile(
    r"\b(?:time|times|latency|memory|size|speed|performance|cpu|cost|costs|load|p\d\d|queries|footprint|usage|startup|"
    r"bytes|image|bundle|binary|duration|runtime|overhead|\d+\s?(?:ms|s|seconds?|minutes?|[kmg]i?b))\b",
    re.IGNORECASE,
)
_REWORDING: Final = frozenset("proofread update clarify mention add put refresh extend shorten move rename".split())
"""Verbs that change a document which is there."""
_ALTERING: Final = frozenset(
    "verify cover convert translate turn stop avoid prevent lower reduce cut decrease trim shrink increase".split()
)
"""Verbs of other kinds that may also ask for a change of behaviour; asked only where the kind is a feature."""
_GENERAL: Final = frozenset("improve redesign restyle rework configure automate publish import export sync".split())
_SETTING: Final = re.compile(
    r"\b(?:interval|limit|threshold|time-?out|retention|number|frequency|price|quota|period|ttl|delay|batch size|level|"
    r"priority|opacity|margin|padding|volume|brightness)s?$",
    re.IGNORECASE,
)
"""What is set and not measured: to lower it makes nothing faster by itself."""
_FORMS: Final = frozenset("PDF PDFs CSV JSON XML HTML Markdown YAML TOML UTC UTF-8 ZIP Excel".split())
"""Forms that things are given, and no technologies to move to."""
_LONE: Final = frozenset(
    "tests docs removal research investigation review design dependency refactoring migration".split()
)
"""Kinds whose work is unlike any other: only a playbook for the kind itself serves them."""
_BUILT: Final = frozenset("feature api ui data integration configuration devops security improve release".split())
"""Kinds whose special playbooks build a thing: for a verb that changes a thing that is there they would be too much."""
_MENDS: Final = frozenset({"bug"})
_QUALITIES: Final = {
    "fast": ("performance", 4.0), "faster": ("performance", 4.0), "quicker": ("performance", 4.0),
    "slow": ("performance", 2.0), "accessible": ("ui", 3.0), "responsive": ("ui", 3.0),
    "configurable": ("configuration", 4.0), "testable": ("refactoring", 4.0), "readable": ("refactoring", 3.0),
    "secure": ("security", 4.0), "async": ("refactoring", 3.0), "asynchronous": ("refactoring", 3.0),
    "thread-safe": ("bug", 3.0), "idempotent": ("improve", 3.0), "smaller": ("performance", 2.0),
    "reliable": ("improve", 2.0), "deterministic": ("bug", 2.0),
}  # fmt: skip
_VERSION: Final = re.compile(r"^(?:v|version )?\d+(?:\.[\dx]+)*\+?$|\b(?:latest|newest)\b")
_TIME_LIMIT: Final = re.compile(r"\d\s?(?:ms|milliseconds?|s|seconds?|rps|fps|qps|mb|gb|kb)\b", re.IGNORECASE)
_MIN_CONCEPT: Final = 1.7
"""Weight from which a concept may choose the playbook: one word of the title, or three of the description."""


def votes(intent: Intent, *, recognised: Mapping[str, float]) -> dict[str, float]:
    """Weigh the kinds of work that a title speaks for; no single word decides."""
    found: dict[str, float] = {}

    def vote(kind: str, weight: float) -> None:
        found[kind] = found.get(kind, 0.0) + weight

    core = central(intent)
    kind = _announced(intent, core)
    mended = kind in _MENDING and bool(core & ILLS)
    if kind and not mended:
        vote(kind, _verb_weight(intent, kind))
    if intent.label:
        vote(intent.label, 4.0)
    if intent.clause:
        vote("bug", 4.0)
    _vote_head(intent, kind, vote)
    _vote_shape(intent, kind, vote)
    _vote_qualities(intent, vote)
    for name, weight in recognised.items():
        for suggested, strength in concepts()[name].votes.items():
            share = 1.0 if name in core else 0.2
            vote(suggested, strength * min(weight, 4.5) / 3.0 * 0.8 * share)
    if intent.verb in {"document", "describe", "explain"} or (kind == "tests" and intent.verb == "test"):
        vote(kind, 2.0)
    return found


def _announced(intent: Intent, core: frozenset[str]) -> str:
    """Give the kind that the verb announces, said of this object."""
    kind = kind_of(intent.verb)
    if intent.verb in {"convert", "translate", "turn"} and not _exchanges(intent, core):
        kind = "feature"  # into PDF or into German: neither is a technology that replaces another
    if intent.verb in {"verify", "cover"} and not re.search(
        r"\btest(?:s|ed|ing)?\b|^that\b", f"{intent.object} {intent.text}"
    ):
        kind = "feature"  # `verify signatures` is what the program does
    if intent.verb in {"stop", "avoid", "prevent"} and re.match(r"\w{3,}ing\b", intent.object) and not core & ILLS:
        kind = "feature"  # to stop doing something is a wanted change, and no defect
    if intent.verb in _LESSENING | {"increase", "raise"} and _SETTING.search(
        re.split(r"\s(?:of|for|to)\s", intent.object)[0]
    ):
        kind = "feature"  # a setting gets another value
    return kind


def _exchanges(intent: Intent, core: frozenset[str]) -> bool:
    """Tell whether a conversion swaps one known technology for another, rather than giving things another form."""
    keys = (
        ("to", "into", "using", "with", "as") if {"to", "into"} & intent.parts.keys() else ("in", "using", "with", "as")
    )
    targets = " ".join(intent.parts.get(key, "") for key in keys)
    if "humanlanguage" in core or recognise(targets).keys() & {"humanlanguage"}:
        return False
    known = [word for word in re.findall(r"[A-Za-z][\w.+#-]*", targets) if is_name(word) and word not in _FORMS]
    moves = {name for book in library() if "migration" in book.kinds for group in book.needs for name in group}
    return bool(known or "from" in intent.parts or recognise(targets).keys() & moves)


def _verb_weight(intent: Intent, kind: str) -> float:
    """Say how strongly a verb speaks for its kind: hardly where it goes with anything, much where it means one."""
    if intent.verb in _NEUTRAL_VERBS:
        return 0.6
    if intent.verb in _WEAK_VERBS:
        return 1.4
    if intent.verb in _LESSENING and not _MEASURED.search(intent.text):
        return 2.0
    return {"performance": 4.5, "removal": 6.0, "tests": 5.0, "investigation": 5.0, "docs": 5.0}.get(kind, 3.0)


def _vote_head(intent: Intent, kind: str, vote: _Vote) -> None:
    """Vote by the last noun of the object: `add tests` is about tests, whatever the verb."""
    head = intent.head
    phrase = re.split(r"\s(?:of|for|to|as|that|which)\s", intent.object)[0]
    for word in dict.fromkeys([head, *stems(phrase)]) if not intent.clause else ():
        if word in HEADS:
            suggested, weight = HEADS[word]
            strong = word == head or (suggested in {"tests", "docs"} and word != "test")
            share = 1.0 if strong else 0.3
            if kind in {"bug", "migration", "removal", "refactoring", "dependency"} and suggested in {
                "ui",
                "api",
                "data",
                "devops",
                "configuration",
                "release",
                "refactoring",
                "dependency",
            }:
                share *= 0.3
            if kind == "performance":
                share *= 0.4
            if kind == "feature" and not makes(intent) and suggested in {"ui", "api", "data", "configuration"}:
                share *= 0.3
            if kind == "removal" and suggested == "bug":
                share *= 0.2
            if intent.verb == "design" and suggested == "ui" and word == head:
                share = 2.0
            vote(suggested, weight * share)
    if intent.object and not intent.verb and not intent.clause:
        vote("feature", 1.0)


def _vote_shape(intent: Intent, kind: str, vote: _Vote) -> None:  # noqa: C901 - one short case for each shape
    """Vote by the grammar: `from X to Y`, a version after `to`, `instead of`."""
    parts = intent.parts
    target = parts.get("to", "")
    if kind == "migration":
        if not (
            target or parts.get("into") or parts.get("with") or parts.get("from") or parts.get("in") or parts.get("off")
        ):
            vote("migration", -1.0)
        if "from" in parts and target:
            vote("migration", 1.5)
        if intent.verb in {"move", "convert"} and "from" not in parts and not re.search(r"[A-Z]", target):
            vote("refactoring", 2.0)
        if intent.verb == "replace":
            vote("refactoring", 0.5)
    if intent.verb in {"upgrade", "update", "bump", "migrate"} and (
        _VERSION.search(target) or re.search(r"\s\d+(?:\.\d+)*$", target)
    ):
        vote("dependency", 3.0)
    if parts.get("instead"):
        vote("migration", 2.5)
    if kind == "refactoring" and re.search(
        r"\b(?:deprecated|unused|obsolete|stale|dead|legacy|orphaned|leftover)\b", intent.object, re.IGNORECASE
    ):
        vote("removal", 5.0)
    if intent.verb in {"deduplicate", "clean", "clean up"} and re.search(
        r"\b(?:records?|rows?|customers?|contacts?|entries|users?|data|accounts?|addresses|dataset|events?|messages?|notifications?|photos|files|leads|orders|products|patients?)\b",
        intent.object,
        re.IGNORECASE,
    ):
        vote("data", 4.0)
    if intent.verb in {"split", "extract", "break up", "break down"}:
        vote("refactoring", 1.0)


def _vote_qualities(intent: Intent, vote: _Vote) -> None:
    for word in re.findall(r"[a-z][a-z-]+", intent.text.lower()):
        if word in _QUALITIES:
            kind, weight = _QUALITIES[word]
            vote(kind, weight if intent.verb in {"make", "improve", "fix", ""} else weight * 0.4)
    places = " ".join(intent.parts.get(key, "") for key in ("to", "in", "into", "on"))
    if intent.verb in {"add", "put", "write", "include", "update", "mention", "extend", "insert", "show"} and any(
        HEADS.get(word, ("", 0))[0] == "docs" for word in stems(places)[-1:]
    ):
        vote("docs", 4.5)
    if any(_TIME_LIMIT.search(limit) for limit in intent.limits):
        vote("performance", 1.5)
    if intent.verb in {"reduce", "lower", "improve", "increase"} and re.search(
        r"\b(?:time|latency|memory|size|speed|performance|cpu|cost|load)\b", intent.object, re.IGNORECASE
    ):
        vote("performance", 2.0)
    if intent.verb == "design":
        vote("design", 2.5)
    if intent.verb in {"research", "evaluate", "decide", "choose", "explore", "compare", "assess", "pick"}:
        vote("research", 2.0)
    if re.match(r"(?:why|how come|what causes)\b", intent.object):
        vote("investigation", 2.0)


def decide(found: Mapping[str, float]) -> str:
    """Give the kind with the most votes; `feature` where nothing speaks."""
    best = max(found.items(), key=lambda item: item[1], default=("feature", 0.0))
    return best[0] if best[1] > 0 else "feature"


def weighed(intent: Intent, recognised: Mapping[str, float]) -> dict[str, float]:
    """Give concepts that the work is on more weight than those that only say where it happens."""
    core, result = central(intent), dict(recognised)
    if "languageport" in core:
        result["languageport"] = 4.0
    for name in recognised:
        if not intent.clause:
            result[name] += 1.0 if name in core else -0.6
    return dict(sorted(result.items(), key=lambda item: -item[1]))


def choose(intent: Intent, found: Mapping[str, float], recognised: Mapping[str, float]) -> Playbook:
    """Give the playbook that fits: its kind is the task's, and what it needs is what the work is on.

    A concept that only occurs in the title (as a modifier, a place, a purpose) chooses nothing; where no special
    playbook fits, the general one of the kind is taken, which says less but nothing wrong.
    """
    top = max(found.values(), default=0.0)
    leading, core = decide(found), central(intent)
    own = by_verb(intent) | (core & ILLS) | (core & QUALITIES) | (core & {"automate"})
    best, best_score = None, -1.0
    for playbook in library():
        strength = max((found.get(kind, 0.0) for kind in playbook.kinds), default=0.0)
        if not playbook.kinds or {"addon", "brief", "spare"} & set(playbook.kinds) or strength < 0.62 * top:
            continue
        if playbook.name == "behaviour-change":
            continue
        if leading not in playbook.kinds and (leading in _LONE or not _akin(leading, playbook)):
            continue
        special = own if leading in _BUILT and not _brings_about(intent) else core
        if leading == "docs" and intent.verb in _REWORDING:
            special = core & ILLS
        fit = _fit(playbook, recognised, special) if playbook.needs else 0.0
        anyhow = ("*",) in playbook.needs and (leading != "configuration" or makes(intent))
        if playbook.needs and fit < _MIN_CONCEPT and not anyhow:
            continue
        score = strength + fit + (0.7 if playbook.kinds[0] == leading else 0.0)
        if score > best_score:
            best, best_score = playbook, score
    named = {playbook.name: playbook for playbook in library()}
    if best is None or best.name == "feature":
        return named["behaviour-change" if _alters(intent) else "feature"]
    return best


def _alters(intent: Intent) -> bool:
    """Tell whether a feature is a change of what is there: `log out inactive users`, `warn before the session ends`."""
    if intent.verb == "make" and not re.match(r"(?:an?|new|another)\b", intent.object):
        return True
    return (
        bool(intent.verb)
        and not makes(intent)
        and (kind_of(intent.verb) in {"feature", ""} or intent.verb in _ALTERING)
    )


def _brings_about(intent: Intent) -> bool:
    return (makes(intent) and intent.verb != "make") or intent.verb in _GENERAL


def _akin(kind: str, playbook: Playbook) -> bool:
    """Tell whether a playbook of other kinds may serve: building is not mending, and mending not building."""
    return (kind in _MENDS) == any(other in _MENDS for other in playbook.kinds) and not set(playbook.kinds) <= _LONE


def addons(intent: Intent, *, context: str, kind: str, chosen: Playbook) -> list[Playbook]:
    """Give the additions for what is wanted besides the object: `with rate limiting`, or asked for in the context."""
    if kind not in {"feature", "api", "ui", "integration", "data"} or intent.clause:
        return []
    besides = " ".join([*(intent.parts.get(key, "") for key in ("with", "including")), context])
    recognised = dict.fromkeys(recognise(besides), 3.0)
    taken = {name for group in chosen.needs for name in group}
    found = []
    for playbook in library():
        if "addon" in playbook.kinds:
            names = {name for group in playbook.needs for name in group}
            weight = max((recognised.get(name, 0.0) for name in names), default=0.0)
            if weight >= 3.0 and not names & taken:
                found.append((weight, playbook))
    return [playbook for _, playbook in sorted(found, key=lambda pair: -pair[0])]


def _fit(playbook: Playbook, recognised: Mapping[str, float], core: frozenset[str]) -> float:
    fits = [
        sum(recognised[name] for name in group) / len(group) + 0.8 * (len(group) - 1)
        for group in playbook.needs
        if all(name in recognised for name in group) and core.intersection(group)
    ]
    return max(fits, default=0.0)
