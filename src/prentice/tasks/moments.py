"""Times as the file's many writers spell them."""

from datetime import UTC, datetime


def moment(spelling: object) -> float | None:
    """Give the seconds since 1970 of a time as a file spells it (UTC without a zone), None for what is no time."""
    if not isinstance(spelling, str):
        return None
    try:
        found = datetime.fromisoformat(spelling)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def spelled(seconds: float) -> str:
    """Give a time (seconds since 1970) as Todo2 writes it: UTC, milliseconds, `Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
