"""The commands by which a project checks itself, as a person would type them, read from its build files."""

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

MANIFESTS: Final = (
    "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile", "tox.ini", "noxfile.py", "package.json",
    "go.mod", "Cargo.toml", "pom.xml", "build.gradle", "build.gradle.kts", "Gemfile", "composer.json", "CMakeLists.txt",
    "Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", ".pre-commit-config.yaml", "deno.json",
)  # fmt: skip
_MAX_BYTES: Final = 1_000_000
_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "test": ("test", "tests", "unit", "check"),
    "lint": ("lint", "linter", "lint-all"),
    "types": ("typecheck", "type-check", "types", "typing", "tsc", "mypy"),
    "format": ("format", "fmt", "prettier"),
    "build": ("build", "compile"),
}
_PYTHON: Final = {
    "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "noxfile.py", "pytest.ini", "mypy.ini", "ruff.toml",
    ".ruff.toml", ".flake8", "manage.py", "requirements.txt",
}  # fmt: skip
_PYTHON_DECLARATIONS: Final = ("requirements.txt", "requirements-dev.txt", "setup.cfg", "setup.py")
_PYTHON_TEST: Final = re.compile(r"(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$")
_TARGET: Final = re.compile(r"^([A-Za-z][\w-]*)\s*(?:[\w-]+(?:=\S*)?\s*)*:(?!=)", re.MULTILINE)


def checks(root: Path, files: Collection[str]) -> dict[str, str]:
    """Give one command per kind (`test`, `lint`, `types`, `format`, `build`); a language's own tool before a wrapper.

    Only build files at the root are read, none over a megabyte and none through a link.
    """
    present = {path for path in files if "/" not in path}
    commands: dict[str, str] = {}
    for source in (_python, _node, _go, _rust, _java, _targets, _pre_commit):
        for kind, command in source(root, present, files):
            commands.setdefault(kind, command)
    return {kind: commands[kind] for kind in _KINDS if kind in commands}


def read(root: Path, name: str) -> str:
    """Give the text of a build file; empty where it is absent, a link, too large or unreadable."""
    path = root / name
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _python(root: Path, present: AbstractSet[str], files: Collection[str]) -> Iterator[tuple[str, str]]:
    if not present & _PYTHON:
        return
    project = read(root, "pyproject.toml")
    tools = _tables(project)
    declared = " ".join((project, *(read(root, name) for name in _PYTHON_DECLARATIONS if name in present), *tools))
    prefix = next((f"{tool} run " for tool in ("uv", "poetry", "pdm") if f"{tool}.lock" in present), "")
    if test := _python_test(declared, present, files):
        yield "test", test if test in {"nox", "tox"} else prefix + test
    whole_tree = "" if "files" in tools.get("mypy", {}) else " ."
    for tool, kind, command in (
        ("ruff", "lint", "ruff check"), ("ruff", "format", "ruff format"), ("flake8", "lint", "flake8"),
        ("black", "format", "black ."), ("mypy", "types", f"mypy{whole_tree}"), ("pyright", "types", "pyright"),
    ):  # fmt: skip
        if present & {f"{tool}.toml", f".{tool}.toml", f"{tool}.ini", f".{tool}"} or _names(declared, tool):
            yield kind, prefix + command


def _python_test(declared: str, present: AbstractSet[str], files: Collection[str]) -> str:
    if "pytest.ini" in present or _names(declared, "pytest"):
        return "pytest"
    if "noxfile.py" in present:
        return "nox"
    if "tox.ini" in present or _names(declared, "tox"):
        return "tox"
    if "manage.py" in present:
        return "python manage.py test"
    return "python -m unittest" if any(_PYTHON_TEST.search(path) for path in files) else ""


def _names(declared: str, tool: str) -> bool:
    return re.search(rf"(?<![\w-]){tool}(?![\w-])", declared) is not None


def _tables(project: str) -> dict[str, dict[str, object]]:
    try:
        tool = tomllib.loads(project).get("tool", {})
    except ValueError:
        return {}
    return {name: table for name, table in tool.items() if isinstance(table, dict)} if isinstance(tool, dict) else {}


def _node(root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    if "package.json" not in present:
        return
    try:
        document = json.loads(read(root, "package.json"))
    except (ValueError, RecursionError):
        return
    scripts = document.get("scripts") if isinstance(document, dict) else None
    if not isinstance(scripts, dict):
        return
    locks = {"pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn", "bun.lockb": "bun", "bun.lock": "bun"}
    manager = next((tool for lock, tool in locks.items() if lock in present), "npm")
    for kind, names in _KINDS.items():
        name = next((name for name in names if isinstance(scripts.get(name), str)), None)
        if name and "no test specified" not in scripts[name]:
            yield kind, "npm test" if manager == "npm" and name == "test" else f"{manager} run {name}"


def _go(_root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    if "go.mod" in present:
        linter = present & {".golangci.yml", ".golangci.yaml", ".golangci.toml"}
        yield from (("test", "go test ./..."), ("lint", "golangci-lint run" if linter else "go vet ./..."),
                    ("format", "gofmt -l ."), ("build", "go build ./..."))  # fmt: skip


def _rust(_root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    if "Cargo.toml" in present:
        yield from (("test", "cargo test"), ("lint", "cargo clippy"), ("format", "cargo fmt"), ("build", "cargo build"))


def _java(_root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    if "pom.xml" in present:
        maven = "./mvnw" if "mvnw" in present else "mvn"
        yield from (("test", f"{maven} test"), ("build", f"{maven} package"))
    if present & {"build.gradle", "build.gradle.kts"}:
        gradle = "./gradlew" if "gradlew" in present else "gradle"
        yield from (("test", f"{gradle} test"), ("build", f"{gradle} build"))


def _targets(root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    for name, program in (("Makefile", "make"), ("makefile", "make"), ("GNUmakefile", "make"),
                          ("justfile", "just"), ("Justfile", "just")):  # fmt: skip
        if name in present:
            targets = set(_TARGET.findall(read(root, name)))
            for kind, words in _KINDS.items():
                target = next((word for word in words if word in targets), None)
                if target:
                    yield kind, f"{program} {target}"


def _pre_commit(_root: Path, present: AbstractSet[str], _files: Collection[str]) -> Iterator[tuple[str, str]]:
    if ".pre-commit-config.yaml" in present:
        yield "lint", "pre-commit run --all-files"
