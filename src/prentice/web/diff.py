"""A change's lines as HTML, with the words that differ and what is not seen set off."""

from typing import Final

from markupsafe import Markup

from prentice.changes.shown import ShownFile, ShownLine
from prentice.web.visible import marked

LONG_FILE: Final = 400
"""From so many lines on, a file is shown folded."""


def is_long(file: ShownFile) -> bool:
    """Whether a file is better shown folded."""
    return sum(len(hunk.lines) for hunk in file.hunks) > LONG_FILE


def line_html(line: ShownLine) -> Markup:
    """Give the text of a line."""
    tag = Markup("<del>{}</del>") if line.kind == "removed" else Markup("<ins>{}</ins>")
    return Markup("").join(
        marked(span.text) if span.kind == "same" else tag.format(marked(span.text)) for span in line.spans
    )
