"""Values out of a server's JSON, each read as what it should be, or as nothing where it is something else."""

from collections.abc import Mapping


def mapping(value: object) -> Mapping[str, object]:
    """Read an object; anything else is an empty one."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Read a string; anything else is an empty one."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """Read the strings of a list; anything else is none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def count(value: object) -> int | None:
    """Read a whole number above 0; anything else, and what is too large for tokens or layers, is None."""
    found = size(value)
    return found if found is not None and found < 2**40 else None


def size(value: object) -> int | None:
    """Read a number of bytes above 0; anything else, and what no disk holds, is None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62 else None


def measured(value: object) -> int | None:
    """Read a count that may come with a fraction, without it; NaN, negatives and other odd values are None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 2**62:
        return None
    return int(value)


def whole_characters(spelled: str) -> str:
    """Join halves of characters that JSON escapes tore apart; a half that stays alone becomes U+FFFD."""
    try:
        spelled.encode()
    except UnicodeEncodeError:
        return spelled.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return spelled
