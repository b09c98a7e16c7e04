"""Text from files and models on the terminal: hidden characters are spelled out, and so is what it cannot write."""

from prentice.changes import visible as changes_visible
from prentice.cli.output import shown


def visible(text: str) -> str:
    """Give text of code with every hidden character as `<U+202E>`; line breaks and tabs stay."""
    return shown(changes_visible.visible(text))


def one_line(text: str) -> str:
    """Give text of people or models on one line."""
    return shown(changes_visible.one_line(text))


def path_shown(path: str) -> str:
    """Give a path on one line, where nothing in it can pass for something else."""
    return shown(changes_visible.path_shown(path))
