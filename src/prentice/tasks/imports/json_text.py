"""JSON as other tools write it: one value, several one after the other, or one on each line."""

import json
from typing import Final

from prentice.errors import ImportSourceError

_SPACE: Final = " \t\r\n\x1e"  # the last separates values in RFC 7464 sequences


def load(text: str) -> object:
    """Read the one value of a text.

    Raises:
        ImportSourceError: it is not JSON; the sentence says where.
    """
    values = load_all(text)
    if len(values) > 1:
        raise ImportSourceError(
            "This holds several JSON values, one after the other.", next_step="Give a file with a single one."
        )
    return values[0]


def load_all(text: str) -> list[object]:
    """Read the values of a text, at least one.

    Raises:
        ImportSourceError: it is not JSON; the sentence says where.
    """
    decoder = json.JSONDecoder()
    values: list[object] = []
    at = _skip(text, 0)
    if at == len(text):
        raise ImportSourceError("This is empty.", next_step="Export the tasks again.")
    while at < len(text):
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise _broken(text, error) from error
        except RecursionError as error:
            raise ImportSourceError(
                "This JSON is nested too deep.", next_step="Leave out what is nested more than a few hundred levels."
            ) from error
        except ValueError as error:  # a number with thousands of digits
            raise ImportSourceError(
                f"This JSON cannot be read: {error}.", next_step="Export the tasks again."
            ) from error
        values.append(value)
        at = _skip(text, end)
    return values


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _broken(text: str, error: json.JSONDecodeError) -> ImportSourceError:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        what = f"is cut off: it ends in the middle of a value (line {error.lineno})"
    else:
        what = f"is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    return ImportSourceError(f"This {what}.", next_step="Export the tasks again, or mend the file.")
