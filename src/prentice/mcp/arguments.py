"""How long an argument may be: checked before anything looks at it, and left out of the schemas, which cost tokens.

Texts of tasks and prompts are checked by what works with them, whose errors say more.
"""

from typing import Annotated, Final, TypeAlias

from pydantic import Field

MOST_TEXT: Final = 64_000
"""Characters of a text beside a task; a task's own text has the same bound."""
_MOST_NAME: Final = 300
_MOST_PATH: Final = 4_096
_MOST_ID: Final = 40

Text: TypeAlias = Annotated[str, Field(max_length=MOST_TEXT)]
Name: TypeAlias = Annotated[str, Field(max_length=_MOST_NAME)]
Path: TypeAlias = Annotated[str, Field(max_length=_MOST_PATH)]
RunId: TypeAlias = Annotated[str, Field(max_length=_MOST_ID)]
