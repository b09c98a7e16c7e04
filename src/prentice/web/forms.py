"""What a form sends: read within limits, with the line breaks of this system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs

from starlette.requests import Request

from prentice.errors import UsageError
from prentice.web.keys import same

MOST_BYTES: Final = 2_000_000
_MOST_FIELDS: Final = 20_000
"""More than the hunks of any change that is shown."""
_TYPE: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Form:
    """The fields that were sent, each with all its values."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Give a field's text without blanks around it, empty where it was not sent."""
        return self.fields.get(name, ("",))[0].strip()

    def texts(self, name: str) -> list[str]:
        """Give all values of a field."""
        return list(self.fields.get(name, ()))

    def numbers(self, name: str) -> list[int]:
        """Give all values of a field as whole numbers.

        Raises:
            UsageError: one of them is none.
        """
        given = self.texts(name)
        if not all(value.isascii() and value.isdecimal() and len(value) < 10 for value in given):
            raise UsageError(f"The field {name} holds no number.", next_step="Go back, reload the page and try again.")
        return [int(value) for value in given]


async def read_form(request: Request, *, key: str) -> Form:
    """Read what a form sent; `key` is the token that our forms carry.

    Raises:
        UsageError: it is no form of ours, or too large.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise UsageError("This is no form of this page.", next_step="Use the buttons of the page.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise UsageError("The form is too large.", next_step="Shorten what was written.")
    try:
        sent = parse_qs(bytes(body).decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise UsageError("The form cannot be read.", next_step="Go back, reload the page and try again.") from error
    form = Form({name: [_lines(value) for value in values] for name, values in sent.items()})
    if not same(form.text("form"), key):
        raise UsageError(
            "This form is from an earlier start of the page; nothing was done.",
            next_step="Go back, reload the page and try again.",
        )
    return form


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
