"""AI assistants that start the MCP server: where each keeps its settings, and whether what stands there works.

What is said of each client was checked against its documentation, and for Claude Code and Codex with the programs
themselves; docs/clients has the versions.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from prentice.skills.doctor import commented_json
from prentice.skills.doctor.finding import Finding

NAME: Final = "prentice"
"""The name of the server in every client's settings."""
_START_SECONDS: Final = 30.0
"""What clients give a server for its first answer at the least (Claude Code 30 s); Codex says 10 and is told more."""
_WORKSPACE: Final = "${workspaceFolder}"
_CODEX_PASSES: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
"""The variables that Codex 0.169 starts a server with, unless its entry names more; measured, and as in its source."""
READ: Final = (
    "PRENTICE_HOME", "PRENTICE_OPENAI_KEY", "OLLAMA_HOST", "OPENAI_BASE_URL", "HF_HOME", "HF_HUB_CACHE", "HF_ENDPOINT",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME",
)  # fmt: skip
"""The variables that decide where this program's files, models and servers are."""
_SURROUNDINGS: Final = ("env", "envFile", "cwd")
"""Keys of an entry that could make this program another one."""
_OPTIONS: Final = ("--backend", "--model", "--project")
"""Options of the server with a value, none of which makes it do anything before it is asked."""
_BACKENDS: Final = frozenset({"auto", "ollama", "mlx", "openai", "builtin"})  # a script is a file of somebody's
_HERE_ONLY: Final = frozenset({"PRENTICE_MCP_TOKEN"})  # of the server over HTTP
_HELLO: Final[Mapping[str, object]] = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "prentice doctor", "version": "1"},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """A client. `path` is its settings file, from the project or, where `is_users`, from the home directory.

    `table` is the key that servers stand under; `more` goes into the entry beside the command; `arguments` follow
    `prentice mcp`. `passes` names the variables that a server is started with, None where it gets all of them.
    """

    name: str
    title: str
    path: str
    table: str
    more: Mapping[str, object]
    arguments: tuple[str, ...] = ()
    is_users: bool = False
    has_comments: bool = True
    passes: tuple[str, ...] | None = None

    def file(self, root: Path) -> Path:
        """Give the settings file for a project."""
        if not self.is_users:
            return root / self.path
        home = os.environ.get("CODEX_HOME")
        return Path(home) / "config.toml" if home else Path.home() / self.path

    @property
    def is_toml(self) -> bool:
        """Whether the file is TOML; the others are JSON."""
        return self.path.endswith(".toml")

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that an entry has to name, so that the server finds what the command line finds."""
        if self.passes is None:
            return ()
        ours = (name for name in os.environ if name.startswith("PRENTICE_") and name not in _HERE_ONLY)
        return tuple(dict.fromkeys((*READ, *sorted(ours))))


ASSISTANTS: Final = (
    Assistant(
        name="claude-code", title="Claude Code", path=".mcp.json", table="mcpServers", more={"type": "stdio"},
        has_comments=False,
    ),
    Assistant(
        name="cursor", title="Cursor", path=".cursor/mcp.json", table="mcpServers", more={"type": "stdio"},
        arguments=("--project", _WORKSPACE),
    ),
    Assistant(
        name="vscode", title="VS Code", path=".vscode/mcp.json", table="servers", more={"type": "stdio"},
        arguments=("--project", _WORKSPACE),
    ),
    Assistant(
        name="codex", title="Codex", path=".codex/config.toml", table="mcp_servers",
        more={"startup_timeout_sec": 30, "tool_timeout_sec": 60}, is_users=True, passes=_CODEX_PASSES,
    ),
    Assistant(name="zed", title="Zed", path=".zed/settings.json", table="context_servers", more={"source": "custom"}),
)  # fmt: skip


def entry_in(text: str, assistant: Assistant) -> Mapping[str, Any] | None:
    """Give the server's entry in a settings file, None where there is none.

    Raises:
        ValueError: the file cannot be read as what it is.
    """
    if assistant.is_toml:
        settings: object = tomllib.loads(text)
    else:
        settings = commented_json.read(text) if assistant.has_comments else json.loads(text or "{}")
    servers = settings.get(assistant.table) if isinstance(settings, dict) else None
    entry = servers.get(NAME) if isinstance(servers, dict) else None
    return entry if isinstance(entry, dict) else None


def client_findings(root: Path, *, seconds: float = _START_SECONDS) -> Iterator[Finding]:
    """Start the server of every client that has it in its settings, as the client would; say nothing of the others."""
    for assistant in ASSISTANTS:
        path = assistant.file(root)
        check = f"mcp {assistant.name}"
        try:
            text = path.read_text(encoding="utf-8")
        except OSError:
            continue
        try:
            entry = entry_in(text, assistant)
        except ValueError as error:
            if NAME in text:
                kind = "TOML" if assistant.is_toml else "JSON" if assistant.has_comments else "JSON without comments"
                found = f"{path} is no {kind}, so that {assistant.title} starts no server: {error}"
                yield Finding(check=check, ok=False, found=found, next_step=f"Mend {path} where it says.")
            continue
        if entry is not None:
            yield _tried(entry, root, assistant, seconds=seconds)


def _tried(entry: Mapping[str, Any], root: Path, assistant: Assistant, *, seconds: float) -> Finding:
    check, path = f"mcp {assistant.name}", assistant.file(root)
    if changed := [key for key in _SURROUNDINGS if entry.get(key)]:
        found = f"the entry in {path} changes what the server finds around it ({', '.join(changed)}): it was not tried"
        return Finding(check=check, ok=True, found=found)
    step = f"`prentice mcp install --client {assistant.name} --write` writes an entry that works."
    command = own_command(entry)
    if command is None:
        program = str(entry.get("command") or "")
        if program and shutil.which(program):
            found = f"the entry in {path} starts something other than this program: it was not tried"
            return Finding(check=check, ok=True, found=found)
        found = f"the entry in {path} starts {program or 'nothing'}, which is not here"
        return Finding(check=check, ok=False, found=found, next_step=step)
    options = server_options(entry)
    if options is None:
        found = f"the entry in {path} starts this program, but not its server: `args` has to begin with `mcp`"
        return Finding(check=check, ok=False, found=found, next_step=step)
    if strange := _strange(options):
        found = f"the entry in {path} gives the server {strange}: it was not tried"
        works = "scripted:" in strange  # which the server takes; with what else stands there it would not start
        return Finding(check=check, ok=works, found=found, next_step="" if works else step)
    command = [*command, "mcp", *(part.replace(_WORKSPACE, str(root)) for part in options)]
    environment = _environment(entry, assistant)
    why = _why_not(command, root, environment=environment, seconds=seconds)
    lost = [name for name in assistant.variables if name in os.environ and name not in environment]
    if lost and not why:
        why = (
            f"answers, but {assistant.title} does not pass on {', '.join(lost)}, so that the server finds other things"
        )
    return Finding(check=check, ok=not why, found=why or f"answers, by {path}", next_step=step if why else "")


def _environment(entry: Mapping[str, Any], assistant: Assistant) -> dict[str, str]:
    """Give the variables that the client starts the server with."""
    if assistant.passes is None or sys.platform == "win32":  # where Codex passes on more, which was not measured
        return dict(os.environ)
    named = entry.get("env_vars")
    names = [*assistant.passes, *(named if isinstance(named, list) else [])]
    return {name: os.environ[name] for name in names if isinstance(name, str) and name in os.environ}


def own_command(entry: Mapping[str, Any]) -> list[str] | None:
    """Give how an entry starts this program here, without its arguments; None where it starts something else.

    The file can come with somebody else's repository: a look at it must not run what it names.
    """
    words = _words(entry)
    if words[0] == sys.executable and words[1:3] == ["-m", NAME]:
        return [sys.executable, "-m", NAME]
    if words[0] == NAME or words[0] == shutil.which(NAME):
        return [shutil.which(NAME) or NAME]
    return None


def server_options(entry: Mapping[str, Any]) -> list[str] | None:
    """Give the options with which an entry starts this program's server; None where it does not start it."""
    if own_command(entry) is None:
        return None
    rest = _words(entry)[1:]
    rest = rest[2:] if rest[:2] == ["-m", NAME] else rest
    return rest[1:] if rest[:1] == ["mcp"] else None


def _words(entry: Mapping[str, Any]) -> list[str]:
    arguments = entry.get("args")
    return [str(entry.get("command") or ""), *(map(str, arguments) if isinstance(arguments, list) else [])]


def _strange(options: Sequence[str]) -> str:
    """Name the first of a server's options that a look at somebody else's file must not follow; empty where none is."""
    left = list(options)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if name in {"-v", "--verbose"} and not equals:
            continue
        if name not in _OPTIONS:
            return f"`{name}`"
        if not equals:
            if not left:
                return f"`{name}` without a value"
            value = left.pop(0)
        if name == "--backend" and value not in _BACKENDS:
            return f"`{name} {value}`"
    return ""


def _why_not(command: Sequence[str], root: Path, *, environment: Mapping[str, str], seconds: float) -> str:
    """Say why a server does not answer; empty where it does."""
    said = f"`{' '.join(command)}`"
    try:
        answer = _first_answer(command, root, environment=environment, seconds=seconds)
    except OSError as error:
        return f"{command[0]} cannot be started: {error.strerror or error}"
    except subprocess.TimeoutExpired:
        return f"{said} did not answer within {seconds:.0f} s"
    try:
        name = json.loads(answer)["result"]["serverInfo"]["name"]
    except (ValueError, KeyError, TypeError):
        return f"{said} did not answer as an MCP server"
    return "" if name == NAME else f"{said} is another server: {name}"


def _first_answer(command: Sequence[str], root: Path, *, environment: Mapping[str, str], seconds: float) -> str:
    """Send the first request, close the input, and give the first line that comes back."""
    done = subprocess.run(
        command, input=json.dumps(_HELLO) + "\n", capture_output=True, cwd=root, timeout=seconds,
        env=environment, encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    return done.stdout.partition("\n")[0]
