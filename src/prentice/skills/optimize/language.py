"""Which language a text is in, as far as that matters: for the English rules, and for whether it was kept."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from prentice.skills.optimize.prose import PromptText, words

_FUNCTION_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "en": frozenset("the of and to is that for with this not are be when which should from has it an as by".split()),
    "de": frozenset("der die das und ist nicht ein eine den dem von zu mit wenn wird werden für auf im soll".split()),
    "fr": frozenset("le la les des est une un du et dans pour que qui ne pas sur avec au doit sont cette".split()),
    "es": frozenset("el la los las de que y en un una es por con para no del se al debe cuando este".split()),
    "it": frozenset("il lo la gli di che e è un una per con non del della quando sono deve nel questo".split()),
    "pt": frozenset("o os as de que e em um uma é por com para não do da quando deve no este são".split()),
    "nl": frozenset("de het een van en is niet dat op te met voor als wordt moet zijn bij door deze".split()),
}  # fmt: skip
_SCRIPTS: Final = {
    "han": r"[\u3400-\u9fff\uf900-\ufaff]", "kana": r"[\u3040-\u30ff]", "hangul": r"[\uac00-\ud7af]",
    "cyrillic": r"[\u0400-\u04ff]", "arabic": r"[\u0600-\u06ff]", "greek": r"[\u0370-\u03ff]",
    "hebrew": r"[\u0590-\u05ff]", "devanagari": r"[\u0900-\u097f]", "thai": r"[\u0e00-\u0e7f]",
}  # fmt: skip
_LEAST_WORDS: Final = 3
"""Function words by which a language is known; fewer may be chance."""


def language(text: str) -> str:
    """Give a language by its function words (`en`, `de`, ...), a script that is not Latin by name, or nothing."""
    prose = PromptText(text).words_only
    letters = sum(character.isalpha() for character in prose)
    for name, pattern in _SCRIPTS.items():
        if letters and len(re.findall(pattern, prose)) * 3 >= letters:
            return name
    counts = Counter(words(prose))
    found = {name: sum(counts[word] for word in listed) for name, listed in _FUNCTION_WORDS.items()}
    best = max(found, key=lambda name: (found[name], name == "en"))
    return best if found[best] >= _LEAST_WORDS else ""


def reads_as_english(text: str) -> bool:
    """Whether the English rules can read a text; one that is too short to tell counts as English."""
    return language(text) in {"en", ""}
