"""English phrases and their words: articles, plurals, what hangs on a noun, and the -ing form of a verb."""

import re
from typing import Final

from prentice.backends.builtin.kinds import HEADS
from prentice.backends.builtin.words import is_name, stem

DETERMINERS: Final = frozenset(
    "the a an our all each every my your this that these those any some no its their both several many multiple one "
    "two three four five six seven eight nine ten more another".split()
)
"""Words that stand before a noun and tell which or how many."""
_MASS: Final = frozenset(
    "support authentication authorization logging caching pagination documentation monitoring access information data "
    "validation performance security accessibility localization internationalization configuration functionality "
    "compatibility integration feedback infrastructure software content traffic usage code telemetry tracing "
    "observability input output history persistence encryption compression concurrency autocomplete onboarding "
    "billing email mail video audio metadata middleware markdown latency throughput memory storage "
    "rate-limiting retry versioning throttling coverage debt automation collaboration navigation deduplication "
    "serialization injection mode search registration pagination replication invalidation checkout".split()
)
_HEAD_NOUNS: Final = frozenset(
    "sdk api cli library framework server client module service package plugin parser engine database db table schema "
    "page app site endpoint backend frontend repo repository tool handler worker queue cache pipeline cluster bucket "
    "image file model dashboard form button screen importer exporter integration interface protocol driver adapter "
    "bot command script job workflow action runner extension backups docs documentation apis cluster bar ui gateway "
    "format function class method binding bindings app store tests test".split()
)
_COUNTABLE: Final = re.compile(
    rf"(?:[eo]r|tion|sion|ment|age|s|ie|ure|ogue|log|{'|'.join(sorted(_HEAD_NOUNS))})$", re.IGNORECASE
)


def definite(phrase: str) -> str:  # noqa: PLR0911 - each case ends by itself
    """Give a noun phrase as one that was mentioned before: `a dark theme` becomes `the dark theme`."""
    phrase = phrase.strip(" ,.;:")
    words = phrase.split()
    if not words:
        return phrase
    first = words[0].lower()
    if first in {"a", "an"}:
        return "the " + " ".join(words[1:])
    if first in DETERMINERS or re.match(r"[`\"'/(@#\d*<$-]", first) or first.endswith(("'s", "\u2019s", "s'")):
        return phrase
    noun = re.split(r"\s+(?:of|for|to|in|and|or|from|with|on)\s+", phrase)[0].split()[-1].strip(",.;:()")
    proper = all(
        is_name(word) or word[:1].isupper() or word in {"and", "or", "vs"} or re.fullmatch(r"[\d.]+x?\+?", word)
        for word in phrase.split()
    )
    if proper and not (noun.lower() in _HEAD_NOUNS and len(words) > 1):
        return phrase
    if re.search(r"[_./()`]", words[-1]) and len(words) == 1:
        return phrase
    if (
        len(words) <= 2
        and (noun.lower() in _MASS or noun.lower().endswith(("ing", "ness", "ity")))
        and noun.lower()
        not in {"string", "setting", "ring", "thing", "listing", "city", "entity", "activity", "utility", "building"}
    ):
        return phrase
    if len(words) == 1 and phrase.islower() and not _COUNTABLE.search(phrase) and stem(phrase) not in HEADS:
        return phrase  # no article where a countable noun would have one: a name (`renovate`) or a mass noun
    return f"the {phrase}"


def without_article(phrase: str) -> str:
    """Give a noun phrase without its leading article or quantifier."""
    return re.sub(r"^(?:the|a|an|our|my|your|all|any|some|new|existing)\s+", "", phrase.strip(), flags=re.IGNORECASE)


def with_article(phrase: str) -> str:
    """Give a noun phrase with its article, unless it is a product's name: `date-fns`, `vite`, `uv`."""
    if (
        len(phrase.split()) == 1
        and definite(phrase) != phrase
        and not definite(phrase[:1].upper() + phrase[1:]).startswith("the ")
    ):
        return phrase
    return definite(phrase)


def plural(phrase: str) -> bool:
    """Tell whether a noun phrase is plural, by the ending of its head."""
    head = re.split(r"\s+(?:of|for|in|on|from|with|to|at|out)\s+", phrase)[0].split()
    last = head[-1].lower() if head else ""
    return (last.endswith("s") and not last.endswith(("ss", "us", "is", "ics", "js", "os"))) or " and " in phrase


def gerund(verb: str) -> str:
    """Give the -ing form of a verb: `set` becomes `setting`, `cache` becomes `caching`."""
    if len(verb) > 5 and verb.endswith(("er", "en", "it", "et", "on", "or", "op")):
        return verb + "ing"  # stressed on an earlier syllable: `limiting`, `registering`
    if verb.endswith("e") and not verb.endswith(("ee", "ye", "oe")):
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgmnprt]", verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"
