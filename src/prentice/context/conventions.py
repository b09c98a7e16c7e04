"""How a project wants its code written, as its files say: settings of formatters and linters, rules for contributors.

All of it is text of whoever wrote the repository. It is bounded, and shown to a model as what it is: untrusted.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from prentice.changes.visible import is_invisible
from prentice.context.checks import read
from prentice.context.readable import is_text

MAX_LETTERS: Final = 3_000
"""Letters of one file that are shown."""
MAX_TOTAL: Final = 12_000
Kind: TypeAlias = Literal["agent rules", "contributing", "settings"]

_AGENT_RULES: Final = (
    "AGENTS.md", "CLAUDE.md", "GEMINI.md", "CONVENTIONS.md", ".cursorrules", ".windsurfrules", ".clinerules",
    ".github/copilot-instructions.md",
)  # fmt: skip
_CONTRIBUTING: Final = tuple(
    f"{place}{name}"
    for place in ("", ".github/", "docs/")
    for name in ("CONTRIBUTING.md", "CONTRIBUTING.rst", "CONTRIBUTING.txt", "CONTRIBUTING", "STYLE.md")
)
_WHOLE_SETTINGS: Final = (
    "ruff.toml", ".ruff.toml", ".flake8", ".style.yapf", "mypy.ini", ".editorconfig", ".prettierrc", ".prettierrc.json",
    ".prettierrc.yaml", ".prettierrc.yml", ".prettierrc.toml", ".eslintrc", ".eslintrc.json", ".eslintrc.yml",
    ".eslintrc.yaml", "eslint.config.js", "eslint.config.mjs", "biome.json", "rustfmt.toml", ".rustfmt.toml",
    "clippy.toml", ".clang-format", ".golangci.yml", ".golangci.yaml", ".rubocop.yml",
)  # fmt: skip
_SECTIONED: Final = ("pyproject.toml", "setup.cfg", "tox.ini")
_SECTION: Final = re.compile(r"^\[+\s*([^\]\n]+?)\s*\]+[ \t]*$", re.MULTILINE)
_STYLE_SECTION: Final = re.compile(
    r"(?:tool\.)?(?:black|ruff|isort|yapf|autopep8|flake8|pycodestyle|pydocstyle|pylint|mypy|pyright|docformatter)\b"
)
_HEADING: Final = re.compile(r"^(?:#{1,6}[ \t]+(.+)|(.{3,80})\n[=~^*-]{3,})$", re.MULTILINE)
_ABOUT_CODE: Final = re.compile(r"(?i)style|format|lint|convention|guideline|code|naming|docstring|test|typing|commit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """What one file says, cut to MAX_LETTERS; `cut` counts the letters left out."""

    path: str
    kind: Kind
    text: str
    cut: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """What a project's files say of its style; `unshown` are those for which there was no room."""

    parts: tuple[Convention, ...] = ()
    unshown: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it came from."""
        return tuple(part.path for part in self.parts)

    def text(self) -> str:
        """Give all of it, each part under its file's path."""
        return "\n".join(f"{part.path}:\n{part.text.rstrip()}\n" for part in self.parts)


def conventions(root: Path, *, near: Sequence[str] = ()) -> Conventions:
    """Read what the project's files say of its style.

    `near` are files about to be edited: rules for agents that stand in their directories count too. Only known names
    are read, none through a link, none over a megabyte.
    """
    parts: list[Convention] = []
    unshown: list[str] = []
    left = MAX_TOTAL
    for path, kind, text in _found(root, near):
        clean = _clean(text)
        shown = clean[: min(MAX_LETTERS, left)]
        if not shown:
            unshown.append(path)
            continue
        left -= len(shown)
        parts.append(Convention(path=path, kind=kind, text=shown, cut=len(clean) - len(shown)))
    return Conventions(parts=tuple(parts), unshown=tuple(unshown))


def _found(root: Path, near: Sequence[str]) -> Iterator[tuple[str, Kind, str]]:
    for name in _SECTIONED:
        if text := _style_sections(_text(root, name)):
            yield name, "settings", text
    for name in _WHOLE_SETTINGS:
        if text := _text(root, name):
            yield name, "settings", text
    places = [f"{place}/{name}" for place in _directories(near) for name in ("AGENTS.md", "CLAUDE.md")]
    for name in dict.fromkeys((*places, *_AGENT_RULES, *_cursor_rules(root))):
        if text := _text(root, name):
            yield name, "agent rules", text
    for name in _CONTRIBUTING:
        if text := _text(root, name):
            yield name, "contributing", _about_code(text)
            return


def _text(root: Path, name: str) -> str:
    if any((root / name).parents[depth].is_symlink() for depth in range(name.count("/"))):
        return ""
    text = read(root, name)
    return text if is_text(text.encode("utf-8", "replace")) else ""


def _directories(near: Sequence[str]) -> list[str]:
    """Give the directories of files from the inside out."""
    found: dict[str, None] = {}
    for path in near:
        parts = path.split("/")[:-1]
        if ".." not in parts and not path.startswith("/"):
            found |= dict.fromkeys("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    return list(found)[:20]


def _cursor_rules(root: Path) -> list[str]:
    place = root / ".cursor" / "rules"
    try:
        if place.is_symlink() or place.parent.is_symlink():
            return []
        return sorted(f".cursor/rules/{path.name}" for path in place.iterdir() if path.suffix in {".mdc", ".md"})[:10]
    except OSError:
        return []


def _style_sections(text: str) -> str:
    """Give the sections of a settings file that concern style."""
    sections = _sections(text, _SECTION)
    return "\n\n".join(section.strip() for match, section in sections if _STYLE_SECTION.match(match[1]))


def _about_code(text: str) -> str:
    """Put a guide's sections on code before the others, which mostly tell of forms and manners."""
    sections = _sections(text, _HEADING)
    if len(text) <= MAX_LETTERS or not sections:
        return text
    ordered = sorted(sections, key=lambda section: _ABOUT_CODE.search(section[0][0]) is None)
    return "\n".join(section.strip() + "\n" for _, section in ordered)


def _sections(text: str, heads: re.Pattern[str]) -> list[tuple[re.Match[str], str]]:
    """Give each head with the text from it to the next."""
    found = [*heads.finditer(text)]
    ends = [*(match.start() for match in found), len(text)][1:]
    return [(match, text[match.start() : end]) for match, end in zip(found, ends, strict=False)]


def _clean(text: str) -> str:
    """Take out what a reader would not see: an instruction may hide in it."""
    return "".join(letter for letter in text.strip() if letter == "\n" or not is_invisible(letter))
