"""The normal form of a change, so that samples which mean the same count as agreeing.

Left out are comments, blank lines, the layout, and the kind of quotes where a language has two kinds for one meaning.
The order of edits does not show, because a change is what they lead to.
"""

import ast
import hashlib
import json
from collections.abc import Sequence

from prentice.changes.change import Change
from prentice.changes.symbols import grammar, python
from prentice.changes.symbols.table import language_of
from prentice.changes.text import Text, decode


def normal_form(change: Change) -> str:
    """Give a SHA-256 that two changes share if they differ in nothing but form."""
    rows = [
        [file.old_path, file.path, file.kind, _form(file.path, file.new) if file.after else ""] for file in change.files
    ]
    same = [row for row, file in zip(rows, change.files, strict=True) if not _is_form_only(file.old, file.new, row)]
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()


def _is_form_only(old: bytes, new: bytes, row: Sequence[str]) -> bool:
    """Whether a file's change is in nothing but form, so that a sample without it agrees."""
    return row[2] == "modify" and _form(row[1], old) == _form(row[1], new)


def _form(path: str, content: bytes) -> str:
    text = decode(content)
    if text is None:
        return hashlib.sha256(content).hexdigest()
    language = language_of(path)
    if language == "python" and (tree := python.parse("\n".join(text.lines) + "\n")) is not None:
        return ast.dump(tree)
    root = grammar.root_of(text.lines, language=language) if language and language != "python" else None
    if root is not None and not root.has_error:
        return json.dumps(
            [
                _token(leaf.type, (leaf.text or b"").decode("utf-8", "replace"))
                for leaf in grammar.leaves(root)
                if "comment" not in leaf.type
            ]
        )
    return _plain_form(text)


def _token(kind: str, text: str) -> str:
    """Give a token; the quotes around a string are one token in every grammar, and mean the same where both exist."""
    return "quote" if kind in {"'", '"'} else text


def _plain_form(text: Text) -> str:
    return "\n".join(line.rstrip() for line in text.lines if line.strip())
