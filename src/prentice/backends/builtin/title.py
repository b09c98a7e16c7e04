"""Taking the title of a task apart: what is done, to what, from what to what, with what, where and when."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from prentice.backends.builtin.kinds import AMBIGUOUS, LABELS, PARTICLES, SPELLED, VERBS
from prentice.backends.builtin.parts import PREPOSITIONS, parted
from prentice.backends.builtin.phrase import DETERMINERS
from prentice.backends.builtin.words import is_name, lowered, recased, stem

_TOKEN: Final = re.compile(r"`[^`\n]{1,120}`|\"[^\"\n]{1,160}\"|\([^()\n]{1,80}\)|\S+")
_LABEL: Final = re.compile(
    r"^\s*(?:[\[(](?P<boxed>[A-Za-z][\w /&-]{0,30})[\])]\s*:?|(?P<plain>[A-Za-z][\w]*(?: [A-Za-z]\w*){0,3})"
    r"(?:\((?P<scope>[\w /.-]{1,40})\))?!?\s*:)\s+"
)
_TICKET: Final = re.compile(r"^\s*(?:#?[A-Z]{1,10}-\d+|#\d+)\s*[:\-\u2013]?\s+")
_COURTESY: Final = re.compile(
    r"^(?:please|pls|kindly|todo|we (?:need|want|have|would like|should) (?:to )?|i (?:need|want|have|would like)(?: you)? to|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"you (?:need|have) to|"
    r"we should|you should|need to|needs to|have to|should|must|let's|lets|can you|could you|can we|could we|"
    r"(?:users?|customers?|admins?|people|it|developers?|visitors?|members?) (?:should|must|need|want|needs|wants|can)(?: be able| be possible)? to|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"(?:users?|customers?|admins?|people|developers?|visitors?|members?) (?:should|must) (?:be able to )?(?!not|never)|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"the task is to|your task is to|help me(?: to)?|it would be (?:nice|great|good) to|start to|try to|"
    r"as an? [\w -]{1,30}?,? i(?:'d| would)? (?:want|need|like)(?: to be able)? to(?: have)?)\s+",
    re.IGNORECASE,
)
_LIMIT: Final = re.compile(
    r"(?:\b(?:under|below|within|less than|at most|no more than|fewer than|up to|over|above|at least|more than|by)\s+|[<>]=?\s*)"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"(?:\w+ ){0,1}\d[\d.,]*\s?(?:ms|milliseconds?|seconds?|secs?|s|minutes?|mins?|hours?|h|days?|%|percent|[kmgt]i?b|"
    r"requests?(?:/s| per second)?|rps|qps|fps|lines?|rows?|items?|users?|records?|entries|characters?|x)(?![\w])"
    r"|\b\d+x\b",
    re.IGNORECASE,
)
_FAILS: Final = re.compile(
    r"\b(?:fails?|failed|failing to|crash(?:es|ed)?|hangs?|freez(?:es|ing)|breaks|(?:does|do|did|is|are|was|were|has|have|wo|ca|could|should|would)(?:n't|n\u2019t| not)|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"cannot|can not|returns?|throws?|threw|raises?|loses?|lost|leaks?|ignores?|ignored|shows? (?:wrong|the wrong|up|old|stale)|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"(?:is|are|was|were|gets?|being|becomes?) (?:\w+ )?(?:wrong|broken|slow|missing|empty|stuck|lost|duplicated|ignored|incorrect|inconsistent|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"invalid|null|undefined|corrupted?|truncated|stale|reset|removed|deleted|overwritten|totally|never|always|not|cut|logged|sent)|"
    r"takes? (?:too long|forever|\d)|times? out|timed out|not working|never|no longer|stops?|disappears?|duplicates?|"
    r"incorrectly|wrongly|causes?|deletes|overwrites|produces?|became slow|flickers?|overlaps?|jumps|too many|unable to)\b",  # noqa: E501 - a pattern or a list of words reads best in one piece
    re.IGNORECASE,
)
_STATES: Final = re.compile(r"^\S+(?: \S+){0,6} (?:is|are|was|were) (?!to\b)\w+", re.IGNORECASE)
_HAPPENS: Final = re.compile(
    r"^(?!(?:when|if|how|why|what)\b)\S+(?: \S+){0,4} (?:closes|opens|grows?|flickers|jumps|scrolls|disappears|vanish(?:es)?|resets|stays|remains|"  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"shifts|drifts|leaks|spins|loops|repeats|blocks|freezes|blinks|appears?|drops|runs|fires|keeps|turns|goes|gets|becomes|forgets|"
    r"shows|sends|logs|prints|uses|accepts|allows|reports|counts|rounds|waits|restarts|reconnects|overflows) "
    r"(?:when|whenever|while|after|before|if|without|instead|again|twice|on|in|to|the|an?|for|as|too|during|every|under|over)\b",
    re.IGNORECASE,
)
_STRONG: Final = re.compile(
    r"\b(?:(?:does|do|is|are|ca|wo)(?:n't|\u2019t| not)|cannot|can not|fails?|crashes|hangs|throws|never)\b(?! fast)",
    re.IGNORECASE,
)
_AFTERTHOUGHT: Final = re.compile(r",?\s+and\s+(?:then\s+)?\w+\s+(?:them|it|those|these)\b.*$", re.IGNORECASE)
"""What is also to be done to the same object: `archive the exports and keep them two years`."""

_CAUSED: Final = re.compile(
    r"(?:make|have)\s+(?P<thing>(?!sure\b|it\b).{2,80}?)(?<!\bthe)(?<!\ba)(?<!\bin)(?<!\bof)\s+"
    r"(?P<verb>show|print|accept|return|support|include|display|handle|ignore|respect|wait|retry|exit|raise|emit|"
    r"follow|keep|honou?r|remember|reject|refuse|warn|validate|survive)\s+(?P<rest>\S.*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A title taken apart. Phrases are as written, in running-text case, without the preposition that led them."""

    text: str
    verb: str = ""
    object: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Phrases by their preposition (`from`, `to`, `with`, `in`, ...); `when` holds a whole clause with its word."""
    label: str = ""
    scope: str = ""
    clause: bool = False
    """The title is a statement (`Login fails on Safari`), not an imperative."""
    wish: bool = False
    """The statement says what should be (`Reinit should clear the cache`), not what goes wrong."""
    limits: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()

    @property
    def head(self) -> str:
        """The stem of the last word of the object, where the noun of an English phrase stands."""
        first = re.split(r"\s+(?:of|for|to|and|or)\s+", self.object)[0]
        words = re.findall(r"[A-Za-z][\w+#.-]*", first)
        return stem(words[-1].lower()) if words else ""


def _caused(text: str) -> str:
    """Turn `make THING DO` around to `do in THING`, where the verb of what it is to do stands."""
    match = _CAUSED.match(text)
    if match is None:
        return text
    action = f"{match['verb'][:1].upper()}{match['verb'][1:]} {match['rest']}"
    return f"{action} in {match['thing']}"


def parse(title: str, *, statement: bool = False) -> Intent:
    """Take a title apart; any text gives an intent, an empty one for an empty text."""
    text, label, scope = _without_frame(" ".join(title.split())[:2_000])
    text = _caused(recased(text))
    words = _TOKEN.findall(_AFTERTHOUGHT.sub("", text))
    quotes = tuple(match for match in re.findall(r'["\u201c]([^"\u201c\u201d\n]{3,120})["\u201d]', text))
    limits = tuple(match[0].strip() for match in _LIMIT.finditer(text))
    if wish := _WISH.match(text):
        return Intent(text=text, object=_unfulfilled(wish), parts=parted(words)[1], label=label, scope=scope,
                      clause=True, wish=True, limits=limits, quotes=quotes)  # fmt: skip
    if re.match(r"(?:why|how come)\b", text, re.IGNORECASE):
        return Intent(text=text, verb="find out", object=text.rstrip("? "), label=label, scope=scope, limits=limits,
                      quotes=quotes)  # fmt: skip
    verb, used = _verb(words, text)
    if not verb or statement:
        clause = bool(_FAILS.search(text) or _STATES.search(text) or _HAPPENS.search(text)) or statement
        head = parted(words)
        return Intent(text=text, object=text if clause else lowered(head[0]), parts=head[1], label=label, scope=scope,
                      clause=clause, limits=limits, quotes=quotes)  # fmt: skip
    failure = _STRONG.search(text)
    if failure and not re.search(
        r"\b(?:when|if|where|that|so|because|whether|why|how|until|while)\b", text[: failure.start()], re.IGNORECASE
    ):
        return parse(" ".join(words[used:]) if VERBS.get(stem(verb)) == "bug" else text, statement=True)
    thing, parts = parted(words[used:])
    thing, parts = _versioned(verb, thing, parts)
    return Intent(text=text, verb=verb, object=thing, parts=parts, label=label, scope=scope, limits=limits,
                  quotes=quotes)  # fmt: skip


_WISH: Final = re.compile(
    r"^(?P<who>(?:(?!(?:when|if|that|to|whether|what|which|how|why|where|who|we|i|you)\b)\S+ ){1,6}?)(?P<modal>should|must|shall|ought to) "  # noqa: E501 - a pattern or a list of words reads best in one piece
    r"(?P<no>not |never |no longer )?(?P<what>[a-z]\S*(?: .+)?)$",
    re.IGNORECASE,
)
_NAMED_VERSION: Final = re.compile(r"^(?P<name>[A-Za-z@][\w .+#/@-]*?) (?P<version>v?\d+(?:\.[\dx]+)*\+?)$")


def _unfulfilled(wish: re.Match[str]) -> str:
    """Give what is so as long as the wish is not fulfilled: `X should do Y` becomes `X does not do Y`."""
    who, what = wish["who"].strip(), wish["what"]
    last = re.split(r"\s+(?:of|for|in|on|from|with|to|at)\s+", who)[0].split()[-1].lower()
    plural = (last.endswith("s") and not last.endswith(("ss", "us", "is"))) or " and " in who
    being = re.match(r"be\s+(.*)", what, re.IGNORECASE)
    if being:
        return f"{who} {'are' if plural else 'is'} {'' if wish['no'] else 'not '}{being[1]}"
    if wish["no"]:
        return f"{who} {'do' if plural else 'does'} {what}"
    return f"{who} {'do' if plural else 'does'} not {what}"


def _versioned(verb: str, thing: str, parts: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Give an upgrade its object where only its sides name it: `from Python 3.9 to 3.13` is about Python."""
    if thing or verb not in {"upgrade", "update", "bump", "migrate", "move", "switch"}:
        return thing, parts
    sides = {key: match for key in ("from", "to") if (match := _NAMED_VERSION.match(parts.get(key, "")))}
    plain = re.fullmatch(r"v?\d+(?:\.[\dx]+)*\+?", parts.get("to", ""))
    names = {match["name"] for match in sides.values()}
    if len(names) != 1 or ("to" not in sides and not plain) or (verb != "upgrade" and len(sides) + bool(plain) < 2):
        return thing, parts
    return names.pop(), {**parts, **{key: match["version"] for key, match in sides.items()}}


def _without_frame(text: str) -> tuple[str, str, str]:
    """Take off ticket numbers, labels (`fix(auth):`, `[Bug]`), polite openings and the final stop."""
    label = scope = ""
    text = _TICKET.sub("", text)
    for _ in range(3):
        match = _LABEL.match(text)
        if match is None:
            break
        found = (match["boxed"] or match["plain"]).lower()
        if found in LABELS:
            label = label or LABELS[found] or "-"
            scope = scope or match["scope"] or ""
        elif (
            match["plain"]
            and len(text) - match.end() >= 8
            and len(found.split()) <= 4
            and not _names_an_error(match["plain"])
        ):
            scope = scope or match["plain"]
        elif not match["boxed"]:
            break
        text = text[match.end() :]
    for _ in range(3):
        shorter = _COURTESY.sub("", text)
        if shorter == text:
            break
        text = shorter
    return text.strip().rstrip(".!;:,").strip(), "" if label == "-" else label, scope


def _names_an_error(word: str) -> bool:
    return bool(re.search(r"(?:Error|Exception|Warning|Panic)$", word))


def _verb(words: list[str], text: str) -> tuple[str, int]:  # noqa: C901, PLR0911 - one short case for each part of a sentence
    """Give the imperative that opens the words and how many words it takes; an empty one for none."""
    at = 0
    while at < min(2, len(words)) and re.fullmatch(
        r"[A-Za-z]+ly|also|then|finally|first|next|now|just", words[at], re.IGNORECASE
    ):
        at += 1
    plain = [word.lower().strip(",.:;!?") for word in words[at : at + 4]]
    if not plain:
        return "", 0
    for length in (3, 2):
        phrase = " ".join(plain[:length])
        if phrase in PARTICLES and len(plain) > length - 1:
            return phrase, at + length
    if len(plain) > 1 and plain[0] == "re" and plain[1]:
        return "", 0
    if re.fullmatch(r"[a-z]+-test", plain[0]) and len(plain) > 1:
        return "test", at + 1
    key = stem(plain[0].removeprefix("re-")) if plain[0] != "set" else "set"
    if key in VERBS and not re.search(r"[_./()`-]", plain[0].removeprefix("re-")):
        if key in AMBIGUOUS and not _opens_imperative(words[at:], text):
            return "", 0
        if plain[0].endswith("s") and not SPELLED[key].endswith("s"):
            return "", 0  # `Tests for the parser`, `Returns wrong total`: a noun or a statement, no imperative
        if plain[0].endswith("ed") and len(plain) > 1:
            return "", 0
        return SPELLED[key], at + 1
    if (
        len(plain) > 1
        and plain[1] in {"the", "a", "an", "our", "all"}
        and re.fullmatch(r"[a-z]{3,}", plain[0])
        and plain[0] not in PREPOSITIONS
    ):
        return plain[0], at + 1  # a verb that is not known, but stands where only a verb can
    return "", 0


def _opens_imperative(words: list[str], text: str) -> bool:
    if len(words) < 2:
        return False
    following = words[1].lower().strip(",.:;")
    if (
        following in DETERMINERS
        or is_name(words[1])
        or following in {"existing", "new", "whether", "if", "that", "and"}
    ):
        return True
    if following in PREPOSITIONS or _FAILS.search(text):
        return False
    pair = f"{stem(words[0].lower())} {stem(following)}"
    return pair not in _COMPOUNDS


_COMPOUNDS: Final = frozenset(
    f"{stem(one)} {stem(two)}"
    for one, two in (
        pair.split("-")
        for pair in "test-coverage test-suite test-plan test-runner release-notes release-pipeline release-process "
        "release-automation search-results search-page search-bar search-index search-feature search-box design-system "
        "report-export report-generation report-page log-rotation log-viewer log-level log-levels log-retention "
        "cache-invalidation cache-layer cache-stampede load-balancer load-test load-testing load-tests index-page "
        "filter-bar filter-panel document-upload document-preview upload-progress upload-page import-wizard "
        "import-job import-page export-button export-job export-page order-history order-page store-page "
        "process-pool share-button share-link stream-processing backup-script backup-job backup-strategy "
        "review-page review-process audit-log audit-trail audit-logging build-pipeline build-system build-cache "
        "build-time build-times profile-page profile-picture host-key package-manager package-lock sync-job sync-engine "  # noqa: E501 - a pattern or a list of words reads best in one piece
        "copy-button style-guide change-log update-checker drop-zone benchmark-suite monitor-dashboard "
        "display-name tag-page view-counter link-checker link-preview map-view state-machine format-string "
        "support-page support-ticket track-record limit-order test-data test-fixtures test-environment".split()
    )
)
