"""Write the reference pages from the program itself: commands, settings and error codes.

`python scripts/reference_docs.py` writes them; with `--check` it only says whether they are up to date.
"""

import inspect
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from prentice import config, errors
from prentice.cli.app import COMMANDS, group

DOCS = Path(__file__).parent.parent / "docs"
TASK_ARGUMENT = """\
TASK is the id of a task (`T-12`) or free text. Free text works in any directory, and nothing is written into the
directory until a plan is approved."""
EXIT_CODES = """\
The exit code is 0, 1 for an error, 2 for a wrong call and 130 after Ctrl-C. With `--json`, errors are documents too;
[errors](errors.md) lists their codes."""
SOURCES = """\
Settings come from, each over the last: the defaults below, your own `config.toml` (in the configuration directory of
your platform, or in `$PRENTICE_HOME`), the project's `.prentice/config.toml`, environment variables, and options.
`prentice init` writes the project's file with every line commented out. A setting
with a star is a permission that only you give: in the project's file, which may have come with somebody else's
repository, it can be narrowed, and not widened."""
POLICY = """\
The analyzer's table of rules can be moved, bound by bound: `[policy.RULE.at_least]` or `[policy.RULE.at_most]` with
facts and whole numbers. The rules, and what each fact counts, stand with their reasons in
`src/prentice/skills/analysis/policy.toml`. `[policy.models]` is the table behind the choice of models, see
[choosing models](choosing-models.md)."""
VARIABLES = """\
`PRENTICE_HOME` moves the user's own files (settings and record) to a directory of your choice. `OLLAMA_HOST` is read as
Ollama reads it. `VISUAL` and `EDITOR` name the editor for `--edit`."""
ERRORS = """\
Every error has a stable code, a sentence, and a next step. On the command line it is one line on stderr, with `--json`
the document `{"error": {"code", "message", "next_step"}}` on stdout. In the library it is an exception of
`prentice.errors`."""
DETAILS = """\
`rule_refused` also says which rule, in `rule`: `moves`, `claimed`, `dependencies`, `research`, `children`, `result`,
`person`, `needed`, `known`, `acyclic` or `parent`. `reply_invalid` and `breakdown_rejected` list what was wrong in
`problems`."""
GLOBAL = ("project", "json", "verbose", "model", "backend")


def commands_page() -> str:
    """Describe every command with its arguments and options."""
    parts = [
        "# Commands",
        "Every command takes these options, before or after its name:",
        _options(parameter for parameter in group.params if parameter.name in GLOBAL),
        TASK_ARGUMENT,
        EXIT_CODES,
    ]
    context = click.Context(group, info_name="prentice")
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        parts += _described(command, f"prentice {name}", context, level=2)
    return "\n\n".join(parts) + "\n"


def settings_page() -> str:
    """Describe every setting with its variable and default."""
    rows = [
        f"| `{info.key}`{' *' * info.personal} | `{info.variable}` | `{info.default!r}` | {info.meaning} |"
        for info in config.describe()
    ]
    table = "\n".join(["| setting | variable | default | meaning |", "|---|---|---|---|", *rows])
    return (
        f"# Settings\n\n{SOURCES}\n\n{table}\n\n## `[policy]`\n\n{POLICY}\n\n## Other variables\n\n{VARIABLES}" + "\n"
    )


def errors_page() -> str:
    """Describe every error code."""
    kinds = [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PrenticeError) and "code" in vars(kind)
    ]
    rows = sorted(f"| `{kind.code}` | `{kind.__name__}` | {(kind.__doc__ or '').splitlines()[0]} |" for kind in kinds)
    table = "\n".join(["| code | exception | meaning |", "|---|---|---|", *rows])
    return f"# Errors\n\n{ERRORS}\n\n{table}\n\n{DETAILS}" + "\n"


PAGES = {"commands.md": commands_page, "settings.md": settings_page, "errors.md": errors_page}


def _described(command: click.Command, name: str, context: click.Context, *, level: int) -> list[str]:
    """Describe a command, and those under it where it is a group."""
    arguments = " ".join(
        parameter.make_metavar(context) for parameter in command.params if isinstance(parameter, click.Argument)
    )
    parts = [f"{'#' * level} `{name}{' ' + arguments if arguments else ''}`", " ".join((command.help or "").split())]
    own = [parameter for parameter in command.params if parameter.name not in GLOBAL]
    if listed := _options(own):
        parts.append(listed)
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            parts += _described(inner, f"{name} {below}", context, level=level + 1)
    return parts


def _options(parameters: Iterable[click.Parameter]) -> str:
    rows = []
    for parameter in parameters:
        if isinstance(parameter, click.Option) and parameter.help:
            names = ", ".join(f"`{name}`" for name in parameter.opts)
            value = f" {parameter.metavar}" if parameter.metavar else ""
            rows.append(f"- {names}{value}: {parameter.help}")
    return "\n".join(rows)


def main() -> int:
    """Write or check the pages."""
    stale = [name for name, page in PAGES.items() if not (DOCS / name).exists() or (DOCS / name).read_text() != page()]
    if "--check" in sys.argv:
        print(f"stale: {', '.join(stale)}" if stale else "up to date")
        return 1 if stale else 0
    for name in stale:
        (DOCS / name).write_text(PAGES[name]())
    return 0


if __name__ == "__main__":
    sys.exit(main())
