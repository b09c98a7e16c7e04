"""Lines that stand for code which the model left out ("rest of the code unchanged"), in any comment style."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prentice.changes.guards.objection import Objection, Policy, View
from prentice.changes.symbols import python
from prentice.changes.symbols.table import language_of

MAX_LENGTH: Final = 160
_LEADERS: Final = re.compile(
    r"(?:#+!?|//+!?|/\*+|\*+(?=\s|$)|<!--|--+|;+|%\{--|%+|::+(?=\s)|!+(?=\s)|\"(?=\s)|@\*|<%#|'(?=\s)|(?:REM|rem)\s|\{/\*|\{#|\{\{!--|<%--|\(\*|"
    r"\"\"\"|'''|\.\.(?!\.)|dnl\s)[ \t]*"
)
_CLOSERS: Final = re.compile(r"[ \t]*(?:\*+/\}?|--+>|#\}|--\}\}|--\}%|\*@|(?:--)?%>|\*\)|\"\"\"|''')?[ \t]*\Z")
_TRAILING: Final = re.compile(r"(?:^|[\s;{},)])(?:#|//|--|/\*)[ \t]?(?=[\w.\u2026(\[])")
_DOTS: Final = re.compile(r"\.{3,}|\u2026+")


def _any(words: str) -> str:
    """Give an expression for any of the words; an underscore stands for a blank."""
    return "(?:" + "|".join(words.replace("_", " ").split("/")) + ")"


_WHAT: Final = _any(
    "code/files?/functions?/methods?/class(?:es)?/implementations?/contents?/logic/tests?/imports?/fields?/properties/"
    "attributes/lines?/body/script/module/document/section/text/cases?/routes?/handlers?/config(?:uration)?/pages?/"
    "templates?/markup/styles/html/css/jsx/components?/definitions?/statements?/stuff/things?/parts?/entries/items/it/everything(?:_else)?/above/below"
)
_WHICH: Final = _any(
    "existing/remaining/original/previous/other/unchanged/unmodified/rest/remainder/same/current/old/additional/omitted/"
    "similar/more/truncated/snip(?:ped)?/skip(?:ped)?/etc/hidden/earlier/your/further"
)
_UNCHANGED: Final = _any(
    "unchanged/not_changed/unmodified/unaltered/the_same/same/as_is/as-is/as_before/as_above/omitted/identical/intact/"
    "untouched/not_shown/removed_for_brevity/omitted_for_brevity/goes_here/here"
)
_STAY: Final = _any("remains?/stays?/is/are/left/goes/above/below/continues?")
_KEEP: Final = r"(?:(?:keep|and|with|include|leave|insert|copy|add) )?(?:all )?(?:of )?(?:(?:the|your|this|my) )?"
_REST: Final = r"(?:rest|remainder)(?: of)?(?: (?:the|your|this|that))?"
_PHRASES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_KEEP}{_REST}(?: {_WHICH})?(?: {_WHAT})?(?: (?:{_STAY}|{_UNCHANGED}))*",
        _KEEP + rf"{_WHICH}(?: \w+)? {_WHAT}(?: (?:of|in|from) (?:the |your )?\w+)?(?: (?:{_STAY}|{_UNCHANGED}))*",
        rf"(?:the |all |your )?(?:\w+ )?{_WHAT} (?:{_STAY} )*{_UNCHANGED}",
        r"(?:remains? |stays? |left )?(?:unchanged|unmodified|as before)",
        r"(?:remains? |stays? )?same as (?:before|above|original|previous(?:ly)?)",
        r"(?:\w+ ){0,3}omitted(?: for brevity)?|for brevity",
        r"no (?:other )?changes?(?: needed| required| here| below| above)?",
        r"snip(?:ped)?|truncated|same|etc",
    )
)
_FOREIGN: Final = re.compile(
    _any(
        "rest_des/restlicher/bestehende[rn]?_/vorhandene[rn]?_code/unver\u00e4ndert/reste_du/code_existant/inchang\u00e9/"
        "resto_de[l_]/c[o\u00f3]digo_(?:existente|restante)/sin_cambios/sem_altera/codice_(?:esistente|rimanente)/"
        "invariat[oa]/\u043e\u0441\u0442\u0430\u043b\u044c\u043d/\u0441\u0443\u0449\u0435\u0441\u0442\u0432\u0443\u044e\u0449/"
        "\u0431\u0435\u0437_\u0438\u0437\u043c\u0435\u043d/\u5176\u4f59/\u73b0\u6709\u4ee3\u7801/\u5269\u4f59/"
        "\u4fdd\u6301\u4e0d\u53d8/\u7701\u7565/\u4e0d\u53d8/\u5176\u4ed6\u4ee3\u7801/\u6b8b\u308a/\u65e2\u5b58/"
        "\u5909\u66f4\u306a\u3057/\ub098\uba38\uc9c0/\uae30\uc874_\ucf54\ub4dc/\ubcc0\uacbd_\uc5c6"
    )
)
"""German, French, Spanish, Portuguese, Italian, Russian, Chinese, Japanese, Korean for the same."""
_WORD: Final = re.compile(rf"\b(?:{_WHICH}|{_WHAT}|{_UNCHANGED})\b")


def is_elision(line: str) -> bool:
    """Whether a line stands for lines that were left out, by itself or as a comment behind code."""
    word = line.strip()
    if not word or len(word) > MAX_LENGTH:
        return False
    leader = _LEADERS.match(word)
    if leader:
        return _stands_for_code(_CLOSERS.sub("", word[leader.end() :], count=1), marked=True)
    if word.isascii() and "..." not in word and word[0] not in "([<{" and "#" not in word and "/" not in word:
        return False
    if _stands_for_code(word, marked=False):
        return True
    found = _TRAILING.search(word)
    behind = word[found.end() :] if found else ""
    return bool(_DOTS.search(behind)) and _stands_for_code(behind, marked=True)


def _stands_for_code(text: str, *, marked: bool) -> bool:
    """Judge a comment's words, or a whole line's: only brackets or dots make words outside comments suspicious."""
    inner = text.strip().strip("[](){}<>*_`-=~ \t").lower()
    dots = bool(_DOTS.search(inner))
    bracketed = text.strip()[:1] in set("([<{") and text.strip()[-1:] in set(")]>}")
    inner = inner.removeprefix("todo:").removeprefix("note:").strip()
    words = " ".join(_DOTS.sub(" ", inner).replace(",", " ").split()).strip(" .:!;-")
    if not words:
        return dots and (marked or not _DOTS.sub("", text).strip())
    if not (marked or bracketed or _DOTS.match(inner) or inner.endswith(("...", "\u2026"))):
        return False
    if any(phrase.fullmatch(words) for phrase in _PHRASES) and (marked or dots):
        return True
    if not inner.isascii() and _FOREIGN.search(inner) and (dots or len(words) <= 40):
        return True
    edge = inner.startswith(("...", "\u2026")) or inner.endswith(("...", "\u2026"))
    return (
        dots
        and edge
        and len(words.split()) <= 8
        and _WORD.search(words) is not None
        and (marked or bracketed or _both(inner))
    )


def _both(inner: str) -> bool:
    return inner.startswith(("...", "\u2026")) and inner.endswith(("...", "\u2026"))


def elisions(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to added lines that stand for code; those that the file had before are its own."""
    del policy
    own = Counter(line.strip() for line in view.removed)
    is_python = language_of(view.path) == "python"
    for number, line in view.added:
        if own[line.strip()] > 0:
            own[line.strip()] -= 1
        elif is_elision(line) and not (is_python and line.strip() == "..."):
            sentence = f"The line `{line.strip()[:80]}` stands for lines that were left out."
            yield view.object("elision", "refuse", sentence, line=number)
    if is_python and not view.path.endswith(".pyi") and any(line.strip() == "..." for _, line in view.added):
        yield from _python_elisions(view)


def _python_elisions(view: View) -> Iterator[Objection]:
    """Object to `...` beside other statements; alone in a body it is Python's own."""
    tree = python.parse("\n".join(view.new.lines) + "\n")
    added = {number for number, _ in view.added}
    for node in ast.walk(tree) if tree else ():
        for field in ("body", "orelse", "finalbody"):
            body = getattr(node, field, None)
            if not isinstance(body, list):
                continue
            worded = [one for one in body if not _is_docstring(one)]
            dots = [one for one in worded if _is_ellipsis(one)]
            for one in dots if len(worded) > len(dots) else []:
                if one.lineno in added:
                    sentence = "`...` among other statements stands for lines that were left out."
                    yield view.object("elision", "refuse", sentence, line=one.lineno)


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
