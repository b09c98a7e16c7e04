"""Rendering templates: one pass over the template, so that no text that is filled in is read as a template.

Text from users, repositories and models goes in as `Data`: it stands between marks that it does not contain itself,
so it cannot close its own fence.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True, slots=True)
class Data:
    """Text that is material, not instruction."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A finished prompt and the name and version of the template behind it."""

    text: str
    version: str


def render(name: str, /, **values: str | Data) -> Rendered:
    """Fill the template of that name.

    Raises:
        KeyError: the template names a value that was not given; a programming error.
    """
    version, body = _template(name)
    text = _PLACE.sub(lambda place: _shown(place[1], values[place[1]]), body)
    return Rendered(text=text.strip() + "\n", version=f"{name}/{version}")


def fenced(label: str, text: str) -> str:
    """Put text between marks made from the label that do not occur in it."""
    mark, number = label, 1
    while f"<<<{mark}" in text or f"{mark}>>>" in text:
        number += 1
        mark = f"{label}-{number}"
    return f"<<<{mark}\n{text}\n{mark}>>>"


def _shown(label: str, value: str | Data) -> str:
    if isinstance(value, str):
        return value
    return fenced(label, value.text) if value.text.strip() else "(none)"


@cache
def _template(name: str) -> tuple[str, str]:
    source = resources.files("prentice.prompts").joinpath("templates", f"{name}.md").read_text(encoding="utf-8")
    head, body = source.split("\n", 1)
    return head.removeprefix("version: ").strip(), body
