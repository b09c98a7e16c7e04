"""What the project's linters say of some files: run in the sandbox, in a worktree, and read from their reports."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from prentice.skills.code_review.finding import Finding, Severity
from prentice.skills.execute.tools.configuration import Configuration
from prentice.skills.execute.tools.workbench import Workbench, as_paths, said
from prentice.workspace.sandbox.running import Ended

MOST: Final = 200
"""Findings that are kept at most; a person reads no more."""
_SCRIPT: Final = frozenset(".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte".split())
_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "ruff": ("ruff", "check", "--force-exclude", "--no-fix", "--output-format", "json", "--quiet"),
    "eslint": ("eslint", "--format", "json"),
    "go": ("go", "vet"),
    "cargo": ("cargo", "clippy", "--message-format=json", "--quiet", "--offline"),
}
_NAMES: Final = {"go": "go vet", "cargo": "clippy"}
_SAYS: Final = re.compile(
    r"^(?:vet: )?(?:\./)?(?P<file>[^\s:][^:\n]*\.go):(?P<line>\d+)(?::\d+)?: (?P<says>.+)$", re.MULTILINE
)
_GRAVE: Final = re.compile(r"F82\d|F70\d|E9\d\d|invalid-syntax|PLE.*")
_SERIOUS: Final = re.compile(r"[FBS]\d+|ASYNC\d+|BLE\d+|RUF\d+|PLW\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What linters find in files, the names of those that looked, and sentences on which did and which could not."""

    findings: Sequence[Finding]
    linters: Sequence[str]
    notes: Sequence[str]


def linted(bench: Workbench, files: Sequence[str]) -> Linted:
    """Let the linters of the files look at them."""
    snapshot = bench.worktree.snapshot()
    configuration = Configuration(snapshot=snapshot)
    by_linter: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if linter := _linter(file, configuration, frozenset(snapshot.paths())):
            by_linter[linter].append(file)
    found: list[Finding] = []
    looked: list[str] = []
    notes: list[str] = []
    for linter, paths in by_linter.items():
        name = _NAMES.get(linter, linter)
        program = bench.program(_COMMANDS[linter][0])
        if program is None:
            notes.append(f"{name} is not installed, so what it would say is missing.")
            continue
        ended = bench.run((program, *_COMMANDS[linter][1:], *_subjects(linter, paths)))
        try:
            said_of = list(_read(linter, ended, bench))
        except (ValueError, KeyError, TypeError):
            notes.append(f"{name} could not work: {said(ended)}.")
            continue
        kept = [finding for finding in said_of if finding.file in paths]
        notes.append(f"{name} found {len(kept) or 'nothing'} in {len(paths)} file{'' if len(paths) == 1 else 's'}.")
        found += kept
        looked.append(name)
    if not by_linter:
        notes.append("There is no linter for these files that the project has configured.")
    bench.worktree.reset()
    if len(found) > MOST:
        notes.append(f"Of {len(found)} findings of linters the first {MOST} are kept.")
    return Linted(findings=found[:MOST], linters=looked, notes=notes)


def _linter(file: str, configuration: Configuration, paths: frozenset[str]) -> str:
    """Give the linter for a file: ruff's own choice of rules serves where no linter of Python is configured."""
    suffix = PurePosixPath(file).suffix
    if suffix in {".py", ".pyi"}:
        others = any(configuration.has(name, path=file) for name in ("flake8", "pylint"))
        return "" if others and not configuration.has("ruff", path=file) else "ruff"
    if suffix in _SCRIPT and configuration.has("eslint", path=file):
        return "eslint"
    if suffix == ".go" and "go.mod" in paths:
        return "go"
    return "cargo" if suffix == ".rs" and "Cargo.toml" in paths else ""


def _subjects(linter: str, paths: Sequence[str]) -> tuple[str, ...]:
    if linter == "cargo":
        return ()  # it takes whole packages
    if linter == "go":
        return as_paths(dict.fromkeys(PurePosixPath(path).parent.as_posix() for path in paths))
    return as_paths(paths)


def _read(linter: str, ended: Ended, bench: Workbench) -> Iterator[Finding]:
    if ended.ending != "exited" or ended.status not in {0, 1, 101}:
        raise ValueError(ended.why)
    reader = {"ruff": _ruff, "eslint": _eslint, "go": _go, "cargo": _cargo}[linter]
    lines: dict[str, tuple[str, ...]] = {}
    tree = bench.worktree.snapshot()
    for file, line, severity, says, suggestion, source in reader(ended):
        path = _relative(file, bench)
        if path not in lines:
            content = tree.read(path)
            lines[path] = tuple(content.content.decode("utf-8", "replace").splitlines()) if content else ()
        quote = lines[path][line - 1].strip()[:200] if 0 < line <= len(lines[path]) else ""
        yield Finding(
            file=path, line=line, severity=severity, quote=quote, says=says, suggestion=suggestion, source=source
        )


Said = tuple[str, int, Severity, str, str, str]


def _ruff(ended: Ended) -> Iterator[Said]:
    for item in json.loads(ended.stdout):
        code = str(item["code"] or "invalid-syntax")
        severity: Severity = "high" if _GRAVE.fullmatch(code) else "medium" if _SERIOUS.fullmatch(code) else "low"
        fix = item.get("fix") or {}
        suggestion = str(fix.get("message") or (f"See {item['url']}" if item.get("url") else ""))
        yield item["filename"], item["location"]["row"], severity, item["message"], suggestion, f"ruff {code}"


def _eslint(ended: Ended) -> Iterator[Said]:
    for file in json.loads(ended.stdout):
        for item in file["messages"]:
            severity: Severity = "high" if item.get("fatal") else "medium" if item["severity"] == 2 else "low"
            suggestion = "eslint can fix it: `eslint --fix`." if item.get("fix") else ""
            source = f"eslint {item.get('ruleId') or 'syntax'}"
            yield file["filePath"], item.get("line", 1), severity, item["message"], suggestion, source


def _go(ended: Ended) -> Iterator[Said]:
    printed = ended.stderr.decode(errors="replace")
    found = list(_SAYS.finditer(printed))
    if ended.status and not found:
        raise ValueError(ended.why)
    for match in found:
        is_broken = match[0].startswith("vet: ")
        yield match["file"], int(match["line"]), "high" if is_broken else "medium", match["says"], "", "go vet"


def _cargo(ended: Ended) -> Iterator[Said]:
    documents = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith(b"{")]
    if ended.status and not documents:
        raise ValueError(ended.why)
    for document in documents:
        message: dict[str, Any] = document.get("message") or {}
        spans = [span for span in message.get("spans", ()) if span["is_primary"]]
        if document.get("reason") != "compiler-message" or not spans:
            continue
        helps = [child["message"] for child in message["children"] if child["level"] == "help"]
        severity: Severity = "high" if message["level"] == "error" else "medium"
        code = (message.get("code") or {}).get("code", "rustc")
        yield spans[0]["file_name"], spans[0]["line_start"], severity, message["message"], " ".join(helps), code


def _relative(file: str, bench: Workbench) -> str:
    """Give a path from the project's root, of one that a linter wrote as it sees the worktree."""
    root = bench.sandbox.shown_at(bench.view) / bench.view.directory
    path = PurePosixPath(file)
    if path.is_absolute():
        for base in (root.as_posix(), bench.worktree.root.as_posix()):
            if path.is_relative_to(base):
                return path.relative_to(base).as_posix()
    return file.removeprefix("./")
