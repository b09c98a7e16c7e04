"""Which formatters and linters a project has chosen, read from its configuration files. Untrusted text: data only."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, Final

from prentice.changes.files import Snapshot

_MAX_BYTES: Final = 1_000_000


def _each(stem: str, kinds: str) -> tuple[str, ...]:
    return tuple(stem + kind for kind in kinds.split())


_FILES: Final[Mapping[str, tuple[str, ...]]] = {
    "ruff": ("ruff.toml", ".ruff.toml"),
    "isort": (".isort.cfg",),
    "flake8": (".flake8",),
    "prettier": (".prettierrc", *_each(".prettierrc.", "json json5 yaml yml toml js cjs mjs ts"),
                 *_each("prettier.config.", "js cjs mjs ts")),
    "eslint": (".eslintrc", *_each(".eslintrc.", "json yaml yml js cjs"),
               *_each("eslint.config.", "js cjs mjs ts mts cts")),
    "clang-format": (".clang-format", "_clang-format"),
    "biome": ("biome.json", "biome.jsonc"),
}  # fmt: skip
"""Files by which a tool is configured: the tools' own documentation."""
_HOOKS: Final[Mapping[str, str]] = {
    "ruff-format": "ruff format", "ruff-check": "ruff check", "ruff": "ruff check", "black": "black",
    "black-jupyter": "black", "isort": "isort", "prettier": "prettier", "eslint": "eslint",
    "clang-format": "clang-format", "gofmt": "gofmt", "go-fmt": "gofmt", "rustfmt": "rustfmt", "fmt": "rustfmt",
    "yapf": "yapf", "autopep8": "autopep8", "biome-format": "biome", "biome-check": "biome",
}  # fmt: skip
"""What the hooks of pre-commit run, by id."""
_DECLARED: Final = re.compile(r"(?m)^\s*([A-Za-z][\w.-]*)")


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The configuration files of one state of a project. Those nearest to a file count for it."""

    snapshot: Snapshot
    _documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def has(self, tool: str, *, path: str) -> bool:
        """Whether a tool is configured for a file, by a file of its own, a table, a hook, or as a dependency."""
        table = {"prettier": "prettier", "eslint": "eslintConfig"}.get(tool, tool)
        return (
            any(self._exists(directory, name) for directory in above(path) for name in _FILES.get(tool, ()))
            or any(table in tables for tables in self.tables(path))
            or any(hook.split()[0] == tool for hook in self.hooks)
            or any(tool in names for names in self._declared(path))
        )

    def table(self, tool: str, *, path: str) -> Mapping[str, Any]:
        """Give a tool's table in the nearest file that has one; empty where there is none."""
        return next((tables[tool] for tables in self.tables(path) if isinstance(tables.get(tool), dict)), {})

    def tables(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Give the tables of tools in the files above a path, nearest first."""
        for directory in above(path):
            document = self._document(directory, "pyproject.toml")
            tools = document.get("tool")
            if isinstance(tools, dict):
                yield tools
            for name in _FILES["ruff"]:
                if own := self._document(directory, name):
                    yield {"ruff": own}
            package = self._document(directory, "package.json")
            yield {key: package[key] for key in ("prettier", "eslintConfig") if key in package}

    @cached_property
    def hooks(self) -> dict[str, tuple[str, ...]]:
        """Give what the hooks of pre-commit run, with their arguments: `ruff format`, `black`, ..."""
        import yaml  # noqa: PLC0415 - only projects with hooks need it

        text = self._text("", ".pre-commit-config.yaml")
        try:
            document = yaml.safe_load(text) if text else None
        except (yaml.YAMLError, RecursionError):
            return {}
        found: dict[str, tuple[str, ...]] = {}
        repositories = document.get("repos") if isinstance(document, dict) else None
        for repository in repositories if isinstance(repositories, list) else ():
            hooks = repository.get("hooks") if isinstance(repository, dict) else None
            for hook in hooks if isinstance(hooks, list) else ():
                if isinstance(hook, dict) and (tool := _HOOKS.get(str(hook.get("id")))):
                    args = hook.get("args")
                    found[tool] = tuple(map(str, args)) if isinstance(args, list) else ()
        return found

    def _declared(self, path: str) -> Iterator[frozenset[str]]:
        for directory in above(path):
            yield frozenset(_python_dependencies(self._document(directory, "pyproject.toml")))
            for name in ("requirements-dev.txt", "dev-requirements.txt", "requirements.txt"):
                yield frozenset(match.lower() for match in _DECLARED.findall(self._text(directory, name)))
            package = self._document(directory, "package.json")
            for kind in ("devDependencies", "dependencies"):
                listed = package.get(kind)
                yield frozenset(listed if isinstance(listed, dict) else ())

    def _document(self, directory: str, name: str) -> Mapping[str, Any]:
        path = directory + name
        if path not in self._documents:
            read = _json if name.endswith(".json") else _toml
            self._documents[path] = read(self._text(directory, name))
        return self._documents[path]

    def _exists(self, directory: str, name: str) -> bool:
        return self.snapshot.read(directory + name) is not None

    def _text(self, directory: str, name: str) -> str:
        file = self.snapshot.read(directory + name)
        if file is None or not file.is_regular or len(file.content) > _MAX_BYTES:
            return ""
        return file.content.decode("utf-8", "replace")


def above(path: str) -> Iterator[str]:
    """Give the directories that a file lies in, its own first, each with a slash behind it; the root is empty."""
    for parent in PurePosixPath(path).parents:
        yield "" if parent == PurePosixPath() else f"{parent.as_posix()}/"


def _python_dependencies(document: Mapping[str, Any]) -> Iterator[str]:
    project = document.get("project")
    extras = project.get("optional-dependencies") if isinstance(project, dict) else None
    for group in (document.get("dependency-groups"), extras):
        for listed in group.values() if isinstance(group, dict) else ():
            yield from _names(listed if isinstance(listed, list) else ())


def _names(listed: Sequence[object]) -> Iterator[str]:
    for entry in listed:
        if isinstance(entry, str) and (match := _DECLARED.match(entry)):
            yield match[1].lower()


def _toml(text: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}


def _json(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
