"""Words by their root, so that `log`, `logged` and `logging` meet, and `keep` and `kept` do. English only."""

import re
from collections import Counter
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’](?=[a-z]{3})[^\W\d_]+)?")  # noqa: RUF001 - a typographic apostrophe
_POSSESSIVE: Final = re.compile(r"(?<![\w.])([A-Za-z]+)['’]s\b")  # noqa: RUF001 - as above
_VOWELS: Final = frozenset("aeiouy")
_DERIVED: Final = (
    "ation", "ator", "ion", "iti", "ity", "ment", "abl", "ibl", "ly", "al", "ness", "er", "or", "iv", "at", "iz",
)  # fmt: skip
_LEAST_ROOT: Final = 4
"""Letters that have to be left when an ending is cut that makes another kind of word."""
_LEAST_LETTERS: Final = 3
"""Letters of a root; shorter words are known by all their letters."""
_FORMS: Final = """
be am is are was were been being; begin began begun; bind bound; break broke broken; bring brought; build built;
buy bought; catch caught; choose chose chosen; come came; deal dealt; do does did done; draw drew drawn;
drive drove driven; fall fell fallen; feed fed; feel felt; find found; freeze froze frozen; get got gotten;
give gave given; go goes went gone; grow grew grown; hang hung; have has had; hear heard; hide hid hidden; hold held;
keep kept; know knew known; lead led; leave left; lend lent; lose lost; make made; mean meant; meet met; pay paid;
rebuild rebuilt; run ran; say said; see saw seen; seek sought; sell sold; send sent; shake shook shaken; show shown;
shrink shrank shrunk; shut shut; sink sank sunk; speak spoke spoken; spend spent; stand stood; stick stuck;
sweep swept; swing swung; take took taken; teach taught; tell told; think thought; throw threw thrown;
understand understood; undo undid undone; use uses used using; wake woke woken;
wear wore worn; win won; withdraw withdrew withdrawn;
write wrote written; rewrite rewrote rewritten; overwrite overwrote overwritten; override overrode overridden
"""
"""The verbs whose forms no rule gives, as far as they are usual in requests."""
_BASES: Final = {form: forms.split()[0] for forms in _FORMS.split(";") for form in forms.split()}


def roots(text: str) -> Counter[str]:
    """Count the roots of all words of a text; identifiers are taken apart, digits are left out."""
    text = re.sub(r"(?i)(?<=[a-z])n['’]t\b", " ", text)  # noqa: RUF001 - as above
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _POSSESSIVE.sub(r"\1", text))
    return Counter(root(word) for word in _WORD.findall(spaced))


@lru_cache(maxsize=8192)
def root(word: str) -> str:
    """Give what the forms of a word have in common; it need not be a word itself."""
    folded = word.lower()
    bare = _shortened(_uninflected(_BASES.get(folded, folded)))
    if len(bare) < _LEAST_LETTERS:
        return _BASES.get(folded, folded)  # `ax` is another thing than `axes`
    while ending := next((end for end in _DERIVED if bare.endswith(end) and len(bare) - len(end) >= _LEAST_ROOT), ""):
        bare = _shortened(bare.removesuffix(ending))
    return bare


def _uninflected(word: str) -> str:
    if word.endswith(("ied", "ies")) and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2 and _VOWELS.intersection(stem):
            return stem
    if re.search(r"(?:s|x|z|ch|sh)es$", word):
        return word[:-2]
    return word[:-1] if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us", "is")) else word


def _shortened(word: str) -> str:
    """Drop the mute e and one of two last consonants, which come and go between the forms."""
    word = word.removesuffix("e") if len(word) > 3 else word
    doubled = len(word) > 3 and word[-1] == word[-2] and word[-1] not in _VOWELS
    return word[:-1] if doubled else word
