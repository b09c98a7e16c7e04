"""Which arguments there are, and how long one may be: checked before anything looks at them.

The bounds are left out of the schemas, which cost tokens.

Texts of tasks and prompts are checked by what works with them, whose errors say more.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Final, TypeAlias

from pydantic import BeforeValidator, Field

from prentice.errors import UsageError

MOST_TEXT: Final = 64_000
"""Characters of a text beside a task; a task's own text has the same bound."""
_MOST_NAME: Final = 300
_MOST_PATH: Final = 4_096
_MOST_ID: Final = 40

Text: TypeAlias = Annotated[str, Field(max_length=MOST_TEXT)]
Name: TypeAlias = Annotated[str, Field(max_length=_MOST_NAME)]
Path: TypeAlias = Annotated[str, Field(max_length=_MOST_PATH)]
RunId: TypeAlias = Annotated[str, Field(max_length=_MOST_ID)]


def _no_truth(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        raise ValueError("a number is wanted, no truth value")  # noqa: TRY004 - pydantic tells this one as its own
    return value


Count: TypeAlias = Annotated[int, BeforeValidator(_no_truth)]
"""A number, also one that a model wrote as a text or with `.0`."""
BACKENDS: Final = {"type": "string", "enum": ["auto", "ollama", "mlx", "openai", "builtin"]}
"""The schema of what an assistant can choose from; the library knows `scripted:FILE` too, and refuses other names."""
_SHOWN: Final = 5
_SHOWN_NAME: Final = 40


def checked(arguments: Mapping[str, Any], *, known: Collection[str]) -> dict[str, Any]:
    """Give the arguments of a call without empty texts, which many models fill in for what they leave out.

    Raises:
        UsageError: an argument is none of the tool's.
    """
    if unknown := [name for name in arguments if name not in known]:
        shown = ", ".join(f"`{name[:_SHOWN_NAME]}`" for name in unknown[:_SHOWN])
        near = [match for name in unknown[:_SHOWN] for match in get_close_matches(name[:_SHOWN_NAME], known, n=1)]
        meant = f"Did you mean {' and '.join(f'`{name}`' for name in dict.fromkeys(near))}? " if near else ""
        raise UsageError(
            f"This tool has no argument {shown}, so nothing was done.",
            next_step=f"{meant}Its arguments are: {', '.join(known)}.",
        )
    return {name: _without_blanks(value) for name, value in arguments.items() if value != ""}


def _without_blanks(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if not isinstance(value, list):
        return value
    return [item for item in value if not (isinstance(item, str) and not item.strip())]
