"""How much a change may change."""

from collections.abc import Iterator, Sequence

from prentice.changes.guards.objection import Objection, Policy, View


def too_large(view: View, policy: Policy) -> Iterator[Objection]:
    """Object to a file that would be too large, or a line that would be too long to read."""
    limits = policy.limits
    if len(view.file.new) > max(limits.bytes, len(view.file.old)):
        yield view.object("too_large", "refuse", f"The file would be larger than {limits.bytes:,} bytes.")
    number = next((number for number, line in view.added if len(line) > limits.line_length), 0)
    if number:
        sentence = f"A new line is longer than {limits.line_length:,} letters."
        yield view.object("too_large", "refuse", sentence, line=number)


def too_much(views: Sequence[View], policy: Policy) -> Iterator[Objection]:
    """Object to a change of too many files or lines."""
    limits = policy.limits
    lines = sum(len(view.added) + len(view.removed) for view in views)
    if len(views) > limits.files:
        sentence = f"{len(views)} files change; the limit is {limits.files}."
        yield Objection(code="too_large", verdict="refuse", path="", sentence=sentence)
    if lines > limits.lines:
        sentence = f"{lines:,} lines change; the limit is {limits.lines:,}."
        yield Objection(code="too_large", verdict="refuse", path="", sentence=sentence)
