"""Text from files and models on the terminal: what is invisible, or what a terminal would obey, is spelled out."""

from prentice.changes.guards.invisible import is_invisible
from prentice.cli.output import shown


def visible(text: str) -> str:
    """Give text with control, bidirectional and zero-width characters as `<U+202E>`; line breaks and tabs stay."""
    if text.isascii() and text.replace("\n", "").isprintable():
        return text
    return shown("".join(f"<U+{ord(letter):04X}>" if _is_hidden(letter) else letter for letter in text))


def one_line(text: str) -> str:
    """Give text like `visible` on one line: a line break in a file's name is spelled out, elsewhere it is a blank."""
    return visible(" ".join(text.split()))


def path_shown(path: str) -> str:
    """Give a path on one line, where nothing in it can pass for something else."""
    return visible(path).replace("\n", "<U+000A>").replace("\t", "<U+0009>")


def _is_hidden(letter: str) -> bool:
    return letter not in "\n\t" and (letter == "\f" or is_invisible(letter))
