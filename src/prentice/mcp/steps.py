"""Next steps in an assistant's words: it has tools and arguments where a terminal has commands and options.

The rest of the program words its steps for the command line. What is left of commands here runs as written, from any
directory; what an assistant can do by a tool is told as a call of that.
"""

import re
import shlex
from pathlib import Path
from typing import Final

from prentice.store.project import find_project

_CODE: Final = re.compile(r"`([^`\n]+)`")
_BARE: Final = re.compile(r"(?<![\w`-])(--(?:backend \w+|backend|model|project))\b")
_NOT_THERE: Final = re.compile(r"\s*`prentice execute [^`]* --anyway`[^.]*\.|; if you are [^`]*`--worker`")
"""What a tool does not take, because it is the user's: to insist against the analyzer, and to be someone else."""
_SENTENCES: Final = {
    "Decide what is open, then describe it anew.": "Ask the person what is open, then call again with the answer in "
    "the text.",
    "Edit it: `--edit`.": "Correct `edits`.",
    "Name a file with text, or send a diff": "Give a text as `input`, a file as `path`, or a diff",
    "Check the id, and the directory you are in.": "Check the id: it is one of the directory named here.",
}
_ELSEWHERE: Final = re.compile(r"[,;]? or (?:use |a server with )?`--backend \w+`(?:, which needs no model)?")
_OF_ONE: Final = frozenset({"generate", "summarize", "pull"})
"""Actions for which no other tool does the same work with another backend."""
_AGAIN: Final = re.compile(r"run (?:the command|it) again")
_OPTIONS: Final = {
    "--backend": "backend", "--model": "model", "--format": "format", "--samples": "samples", "--max": "max_subtasks",
    "--min": "min_subtasks", "--only": "only", "--edit": "edits", "--ready": "tasks",
}  # fmt: skip
_TOOLS: Final = {
    "breakdown": ("model_task_breakdown", "task"),
    "execute": ("model_auto_execute", "tasks"),
    "optimize": ("model_optimize_prompt", "prompt"),
}
_PLACES: Final = frozenset({"TASK", "FILE"})
_WITH_BACKEND: Final = "`model_task_breakdown` or `model_optimize_prompt`"
_RUNTIMES: Final = ("mlx", "ollama")


def project_root(directory: Path) -> Path:
    """Give the root of the project that a directory lies in, the directory itself where it lies in none."""
    project = find_project(directory)
    return project.root if project else directory


def command(words: str, *, directory: Path) -> str:
    """Give a command of Prentice between backticks, so that it can be run from any directory, with any shell of POSIX.

    `words` are the command without `prentice`.
    """
    return f"`prentice {words} --project {shlex.quote(str(project_root(directory)))}`"


def for_assistant(step: str, *, directory: Path, runtime: str = "", action: str = "") -> str:
    """Give a step for the terminal in an assistant's words.

    `runtime` is the tool of one backend that it is told in, `action` what that was to do.
    """
    if runtime and action in _OF_ONE:
        step = _ELSEWHERE.sub("", step)
    step = _AGAIN.sub("call again", _NOT_THERE.sub("", step))
    for sentence, instead in _SENTENCES.items():
        step = step.replace(sentence, instead)
    parts = _CODE.split(step)
    parts[::2] = [_BARE.sub(lambda found: _told(found[1], directory, runtime), part) for part in parts[::2]]
    parts[1::2] = [_told(part, directory, runtime) for part in parts[1::2]]
    return "".join(parts)


def _told(code: str, directory: Path, runtime: str) -> str:
    """Give what stood between backticks, or its counterpart, with backticks."""
    if code.startswith("prentice "):
        return _command(code.removeprefix("prentice "), directory, runtime)
    if code.startswith("git "):
        return _git(code.removeprefix("git "), directory)
    if code.startswith("--"):
        return _option(code, runtime)
    return f"`{code}`"


def _command(words: str, directory: Path, runtime: str) -> str:
    try:
        first, *more = shlex.split(words)
    except ValueError:  # a quote that is a letter of a name
        return command(words, directory=directory)
    if first == "models" and more[:1] == ["pull"] and len(more) > 1:
        named = more[more.index("--backend") + 1] if "--backend" in more[:-1] else ""
        return f"action `pull` of `{named or runtime or _runtime_of(more[1])}` with `input` `{more[1]}`"
    if first == "models" and not more:
        return "action `models` of `mlx` or `ollama`"
    if first in _TOOLS and len(more) == 1:
        tool, argument = _TOOLS[first]
        return f"`{tool}`" if more[0] in _PLACES else f"`{tool}` with `{argument}` `{more[0]}`"
    if "--project" in words:
        return f"`prentice {words}`"
    return command(words, directory=directory)


def _runtime_of(model: str) -> str:
    """Say which backend fetches a model of that name: those with an owner are the hub's, unless Ollama names it so."""
    return "mlx" if "/" in model and not model.startswith(("hf.co/", "huggingface.co/")) else "ollama"


def _git(words: str, directory: Path) -> str:
    if words.startswith("-C "):
        return f"`git {words}`"
    words, is_piped, _ = words.partition("|")
    told = f"`git -C {shlex.quote(str(project_root(directory)))} {words.strip()}`"
    return f"what {told} prints, as `input`" if is_piped else told


def _option(code: str, runtime: str) -> str:
    name, _, value = code.partition(" ")
    if name == "--project":
        return "`prentice mcp --project DIR` in the client's settings"
    if name == "--backend" and runtime:
        if value in _RUNTIMES:
            return f"the tool `{value}`"
        return f"{_WITH_BACKEND} with `{f'backend={value}' if value else 'backend'}`"
    if name in _OPTIONS:
        argument = _OPTIONS[name]
        return f"`{argument}={value}`" if value and value != "NAME" else f"`{argument}`"
    return f"`{code}`"
