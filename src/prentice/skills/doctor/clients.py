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
    command = _own_command(entry, root)
    if command is None:
        found = f"the entry in {path} starts something other than this program: it was not tried"
        return Finding(check=check, ok=True, found=found)
    environment = _environment(entry, assistant)
    why = _why_not(command, root, environment=environment, seconds=seconds)
    lost = [name for name in assistant.variables if name in os.environ and name not in environment]
    if lost and not why:
        why = (
            f"answers, but {assistant.title} does not pass on {', '.join(lost)}, so that the server finds other things"
        )
    step = f"`prentice mcp install --client {assistant.name} --write` writes an entry that works." if why else ""
    return Finding(check=check, ok=not why, found=why or f"answers, by {path}", next_step=step)


def _environment(entry: Mapping[str, Any], assistant: Assistant) -> dict[str, str]:
    """Give the variables that the client starts the server with."""
    if assistant.passes is None or sys.platform == "win32":  # where Codex passes on more, which was not measured
        return dict(os.environ)
    named = entry.get("env_vars")
    names = [*assistant.passes, *(named if isinstance(named, list) else [])]
    return {name: os.environ[name] for name in names if isinstance(name, str) and name in os.environ}


def _own_command(entry: Mapping[str, Any], root: Path) -> list[str] | None:
    """Give the command of an entry where it starts this program's server here, and nothing else.

    The file can come with somebody else's repository: a look at it must not run what it names.
    """
    arguments = entry.get("args") or []
    if not isinstance(arguments, list):
        return None
    words = [str(entry.get("command") or ""), *(str(part).replace(_WORKSPACE, str(root)) for part in arguments)]
    if words[0] == sys.executable and words[1:3] == ["-m", NAME]:
        own, rest = [sys.executable, "-m", NAME], words[3:]
    elif words[0] == NAME or words[0] == shutil.which(NAME):
        own, rest = [shutil.which(NAME) or NAME], words[1:]
    else:
        return None
    is_server = rest[:1] == ["mcp"] and rest[1:] in ([], ["--project", str(root)])
    return [*own, *rest] if is_server else None


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
