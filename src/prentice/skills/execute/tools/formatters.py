"""Formatting files as the project formats them: its own formatter, else the one that the language knows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from prentice.skills.execute.tools.configuration import Configuration
from prentice.skills.execute.tools.task import Declined, ToolOutcome
from prentice.skills.execute.tools.workbench import Workbench, as_paths, named, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatter:
    """A program that rewrites files in place. `usual` says that it is used where nothing is configured.

    `command` stands before the hook's arguments and the paths.
    """

    name: str
    command: tuple[str, ...]
    suffixes: frozenset[str]
    usual: bool = False


_PYTHON: Final = frozenset({".py", ".pyi"})
_WEB: Final = frozenset(
    ".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .json .json5 .css .scss .less .html .md .mdx .yaml .yml".split()
)
_C: Final = frozenset(".c .h .cc .cpp .cxx .hpp .hh .m .mm .java .cs .proto".split())
FORMATTERS: Final = (
    Formatter(
        name="ruff format", command=("ruff", "format", "--force-exclude", "--quiet"), suffixes=_PYTHON, usual=True
    ),
    Formatter(name="black", command=("black", "--quiet"), suffixes=_PYTHON),
    Formatter(name="yapf", command=("yapf", "--in-place"), suffixes=_PYTHON),
    Formatter(name="autopep8", command=("autopep8", "--in-place"), suffixes=_PYTHON),
    Formatter(name="biome", command=("biome", "format", "--write"), suffixes=_WEB),
    Formatter(name="prettier", command=("prettier", "--write", "--log-level", "warn"), suffixes=_WEB, usual=True),
    Formatter(name="gofmt", command=("gofmt", "-w"), suffixes=frozenset({".go"}), usual=True),
    Formatter(name="rustfmt", command=("rustfmt", "--quiet"), suffixes=frozenset({".rs"}), usual=True),
    Formatter(name="clang-format", command=("clang-format", "-i"), suffixes=_C),
)
"""In the order in which they are preferred where several are configured alike."""


def formatted(bench: Workbench, files: Sequence[str], *, wanted: str = "") -> ToolOutcome:
    """Format files; `wanted` is the formatter that the task names.

    Raises:
        Declined: no formatter is configured or usual for one of them, it is missing or failed, or all is formatted.
    """
    configuration = Configuration(snapshot=bench.worktree.snapshot())
    by_formatter: dict[str, list[str]] = defaultdict(list)
    for path in files:
        by_formatter[_formatter(path, configuration, wanted=wanted).name].append(path)
    commands = {name: _command(bench, _by_name(name), configuration) for name in by_formatter}
    tool = ", ".join(dict.fromkeys(bench.version(command[0]) for command in commands.values()))

    def work() -> None:
        for name, paths in by_formatter.items():
            ended = bench.run((*commands[name], *as_paths(paths)), variables=_variables(name))
            if ended.status != 0:
                raise Declined(f"{name} could not format {named(paths)}: {said(ended)}.")

    change = bench.changed(work, paths=files, tool=" and ".join(by_formatter))
    who = " and ".join(f"`{name}`" for name in by_formatter)
    listed = named(file.path for file in change.files)
    return ToolOutcome(change=change, tool=tool, explanation=f"Formatted {listed} with {who}; nothing else was done.")


def _formatter(path: str, configuration: Configuration, *, wanted: str) -> Formatter:
    suffix = PurePosixPath(path).suffix
    able = [formatter for formatter in FORMATTERS if suffix in formatter.suffixes]
    if wanted:
        found = [formatter for formatter in able if wanted in {formatter.name, formatter.command[0]}]
        if not found:
            raise Declined(f"{wanted} does not format {path}.")
        return found[0]
    chosen = [formatter for formatter in able if _is_hook(formatter, configuration)]
    chosen = chosen or [formatter for formatter in able if _is_configured(formatter, configuration, path=path)]
    chosen = chosen or [formatter for formatter in able if formatter.usual]
    if not chosen:
        raise Declined(f"No formatter is configured for {path}.")
    return chosen[0]


def _is_hook(formatter: Formatter, configuration: Configuration) -> bool:
    return formatter.name in configuration.hooks


def _is_configured(formatter: Formatter, configuration: Configuration, *, path: str) -> bool:
    """Whether a formatter is configured. Ruff may be there as a linter alone, beside another formatter."""
    if formatter.name != "ruff format":
        return configuration.has(formatter.name, path=path)
    if "format" in configuration.table("ruff", path=path):
        return True
    rivals = (other for other in FORMATTERS if other.suffixes == _PYTHON and other is not formatter)
    return configuration.has("ruff", path=path) and not any(
        configuration.has(other.name, path=path) for other in rivals
    )


def _command(bench: Workbench, formatter: Formatter, configuration: Configuration) -> tuple[str, ...]:
    program = bench.program(formatter.command[0])
    if program is None:
        raise Declined(f"{formatter.command[0]} is not installed.")
    return (program, *formatter.command[1:], *_options(formatter, configuration))


def _options(formatter: Formatter, configuration: Configuration) -> Iterable[str]:
    """Give the hook's arguments, without those that would turn the work into a check."""
    looking = {"--check", "--diff", "-l", "-d", "--list-different", "-n", "--dry-run", "--write", "-w", "-i"}
    return (word for word in configuration.hooks.get(formatter.name, ()) if word not in looking)


def _by_name(name: str) -> Formatter:
    return next(formatter for formatter in FORMATTERS if formatter.name == name)


def _variables(name: str) -> Mapping[str, str]:
    return {"BLACK_NUM_WORKERS": "1"} if name == "black" else {}
