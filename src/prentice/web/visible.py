"""Code on the page: what is spelled out, because it would not be seen, stands out there too."""

import unicodedata

from markupsafe import Markup, escape

from prentice.changes.visible import hides, spelled


def marked(text: str) -> Markup:
    """Give text of code as HTML, with each hidden character as its number, and its name as the title."""
    if text.isascii() and text.isprintable():
        return escape(text)
    parts = (
        Markup('<span class="spelled" title="{}">{}</span>').format(_named(letter), spelled(letter))
        if hides(letter)
        else escape(letter)
        for letter in text
    )
    return Markup("").join(parts)


def _named(letter: str) -> str:
    return unicodedata.name(letter, "control character").lower()
