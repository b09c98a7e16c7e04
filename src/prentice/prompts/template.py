"""Where a template's text comes from: the user's own, one that was tuned for the model, or the package's.

The user's own stand in `templates/NAME.md` of the configuration directory. A project cannot bring any: it may come
from somebody else, and a template says what a model is to obey.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final, Literal

from prentice.config import data_directory
from prentice.errors import ConfigError
from prentice.prompts.tuned import ModelKey, Tuned, read_tuned

PLACE: Final = re.compile(r"\{\{(\w+)\}\}")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")
_VERSION: Final = re.compile(r"version: *(\S+) *\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template's text with its version, such as `2`, or `2-yours-1f3a9c` for one of the user's own."""

    name: str
    version: str
    body: str
    origin: Literal["package", "yours", "tuned"] = "package"

    @property
    def places(self) -> frozenset[str]:
        """The names of the values that are filled in."""
        return frozenset(PLACE.findall(self.body))

    @property
    def digest(self) -> str:
        """What tells its text from any other."""
        return hashlib.sha256(self.body.encode("utf-8", "replace")).hexdigest()[:12]


def find(name: str, *, model: ModelKey | None = None) -> Template:
    """Give the template that is in force: what was tuned for the model, else the default.

    Raises:
        ConfigError: there is none of that name, or the user's own cannot be used.
    """
    usual = default(name)
    tuned = read_tuned(name, model) if model is not None else None
    if tuned is None or tuned.base != usual.digest or frozenset(PLACE.findall(tuned.text)) != usual.places:
        return usual  # what was tuned from another text may have lost what this one says
    return as_tuned(usual, tuned)


def as_tuned(usual: Template, tuned: Tuned) -> Template:
    """Give a template with the text that was tuned from it."""
    digest = Template(name=usual.name, version="", body=tuned.text).digest
    return Template(name=usual.name, version=f"{usual.version}-tuned-{digest[:6]}", body=tuned.text, origin="tuned")


def default(name: str) -> Template:
    """Give the user's own template of that name, else the package's.

    Raises:
        ConfigError: there is neither, or the user's own cannot be used.
    """
    if not _NAME.fullmatch(name):
        raise _unknown(name)
    packaged = _packaged(name)
    path = own_path(name)
    try:
        text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        if packaged is None:
            raise _unknown(name) from None
        return packaged
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The template {path} cannot be read: {error}.", next_step=f"Mend or remove {path}."
        ) from error
    return _own(name, text, path=path, packaged=packaged)


def names() -> list[str]:
    """List all templates by name: the package's and the user's own."""
    packaged = resources.files("prentice.prompts").joinpath("templates").iterdir()
    own = own_path("any").parent
    found = [entry.name for entry in packaged] + ([entry.name for entry in own.iterdir()] if own.is_dir() else [])
    return sorted({name.removesuffix(".md") for name in found if name.endswith(".md") and _NAME.fullmatch(name[:-3])})


def own_path(name: str) -> Path:
    """Give the file that holds the user's own template of that name, where there is one."""
    return data_directory(os.environ, kind="config") / "templates" / f"{name}.md"


def _own(name: str, text: str, *, path: Path, packaged: Template | None) -> Template:
    head = _VERSION.match(text)
    body = text[head.end() :] if head else text
    if not body.strip():
        raise ConfigError(f"The template {path} is empty.", next_step=f"Write it, or remove {path}.")
    number = head[1] if head else packaged.version if packaged else "1"
    digest = Template(name=name, version="", body=body).digest
    found = Template(name=name, version=f"{number}-yours-{digest[:6]}", body=body, origin="yours")
    if packaged is not None and found.places != packaged.places:
        raise ConfigError(
            f"The template {path} {' and '.join(_differences(found.places, packaged.places))}.",
            next_step="Use exactly the places of the original, which `prentice eval templates --json` shows.",
        )
    return found


def _differences(places: frozenset[str], wanted: frozenset[str]) -> Iterator[str]:
    if lacking := sorted(wanted - places):
        yield f"lacks {', '.join(f'{{{{{place}}}}}' for place in lacking)}"
    if unknown := sorted(places - wanted):
        yield f"has {', '.join(f'{{{{{place}}}}}' for place in unknown)}, which nothing fills"


@cache
def _packaged(name: str) -> Template | None:
    entry = resources.files("prentice.prompts").joinpath("templates", f"{name}.md")
    if not entry.is_file():
        return None
    head, body = entry.read_text(encoding="utf-8").split("\n", 1)
    return Template(name=name, version=head.removeprefix("version: ").strip(), body=body)


def _unknown(name: str) -> ConfigError:
    return ConfigError(
        f"There is no template named {name[:60]!r}.", next_step="`prentice eval templates` lists them all."
    )
