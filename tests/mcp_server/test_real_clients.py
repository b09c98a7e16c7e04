"""Claude Code and Codex themselves, with a played model, from `mcp install` to the answers; opt-in, for npm has them.

`PRENTICE_MCP_CLIENTS` names the directory that `npm install @anthropic-ai/claude-code @openai/codex` was run in, as
`.ci/npm/install clients` does. No account is asked for and nothing leaves the machine: the model's address is loopback.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

import prentice
from mcp_server.played_api import Call, PlayedModel, played
from prentice import Prentice
from workspace.trees import repository

# Read at import: a fixture takes every variable of ours away before a test runs.
_INSTALLED: Final = os.environ.get("PRENTICE_MCP_CLIENTS", "")
pytestmark = [
    pytest.mark.skipif(
        not _INSTALLED,
        reason="PRENTICE_MCP_CLIENTS names no directory with Claude Code and Codex (.ci/npm/install clients makes one)",
    ),
    pytest.mark.usefixtures("sandbox"),
]

MOST_BYTES: Final = 14_000
"""What an answer may take of the assistant: 4,000 tokens of 3.5 bytes."""
UGLY: Final = "def f( x ):\n    return x\n"
TOOLS: Final = {"model_task_breakdown", "model_auto_execute", "model_optimize_prompt", "estimation", "mlx", "ollama"}
# Writes down what the client says and what it is told, and passes it on.
_TAP: Final = """\
#!/bin/sh
env > "{taps}/env"
tee -a "{taps}/said" | "{python}" -m prentice "$@" | tee -a "{taps}/heard"
"""


@dataclass(frozen=True)
class Client:
    """A client and its user: a home directory of its own, and a project with one task and one ugly file."""

    name: str
    project: Prentice
    home: Path
    taps: Path

    @property
    def environment(self) -> dict[str, str]:
        path = os.pathsep.join([str(self.taps), str(Path(sys.executable).parent), os.environ["PATH"]])
        ours = {name: value for name, value in os.environ.items() if name.startswith("PRENTICE_")}
        quiet = {
            "ANTHROPIC_API_KEY": "made-up", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1",
            "PLAYED_KEY": "made-up", "MCP_CONNECTION_NONBLOCKING": "0",
        }  # fmt: skip
        place = {"HOME": str(self.home), "TMPDIR": str(self.home), "PATH": path, "LANG": "C.UTF-8"}
        return place | quiet | ours

    def run(self, *command: str, model: PlayedModel | None = None) -> str:
        """Run a command as the user would, and give what it says; it has to succeed."""
        address = {"ANTHROPIC_BASE_URL": model.address if model else "http://127.0.0.1:9"}  # where nothing listens
        done = subprocess.run(
            command, cwd=self.project.directory, env={**self.environment, **address}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def client(self, *arguments: str, model: PlayedModel | None = None) -> str:
        program = "claude" if self.name == "claude-code" else "codex"
        return self.run(str(Path(_INSTALLED, "node_modules", ".bin", program)), *arguments, model=model)

    def prentice(self, command: str) -> str:
        """Run a command that an answer named."""
        return self.run(sys.executable, "-m", *shlex.split(command))

    def converse(self, model: PlayedModel) -> None:
        """Let the client talk with the model, with nobody there to ask."""
        if self.name == "claude-code":
            self.client("-p", "Go on.", "--allowedTools", "mcp__prentice", model=model)
            return
        provider = f'{{name="played", base_url="{model.address}/v1", wire_api="responses", env_key="PLAYED_KEY"}}'
        settings = (
            f"model_providers.played={provider}", 'model_provider="played"', 'model="played"',
            'mcp_servers.prentice.default_tools_approval_mode="approve"',
        )  # fmt: skip
        self.client("exec", *(word for setting in settings for word in ("-c", setting)), "Go on.")

    def said(self) -> list[dict[str, Any]]:
        """Give the messages that the client sent."""
        return [json.loads(line) for line in (self.taps / "said").read_text(encoding="utf-8").splitlines()]

    def env(self) -> list[str]:
        """Give the variables that the server was started with."""
        return (self.taps / "env").read_text(encoding="utf-8").splitlines()

    def heard(self) -> str:
        return (self.taps / "heard").read_text(encoding="utf-8")


@pytest.fixture
def client_named(tmp_path: Path) -> Callable[[str], Client]:
    """Make a client whose settings `prentice mcp install` wrote."""

    def make(name: str) -> Client:
        root = repository(tmp_path / "project", {"a.py": UGLY, "pyproject.toml": "[tool.ruff]\nline-length = 100\n"})
        project = prentice.open(root)
        project.init()
        project.add("Make uploads survive a flaky network", description="The client gives up after one attempt.")
        taps, home = tmp_path / "taps", tmp_path / "home"
        taps.mkdir()
        home.mkdir()
        tap = taps / "prentice"
        tap.write_text(_TAP.format(taps=taps, python=sys.executable), encoding="utf-8")
        tap.chmod(0o755)
        client = Client(name, project, home, taps)
        client.prentice(f"prentice mcp install --client {name} --write")
        return client

    return make


def run_id(answers: Sequence[str]) -> dict[str, Any]:
    return {"run_id": re.findall(r'"run_id": ?"(R-\d+)"', answers[-1])[-1]}


SCRIPT: Final = (
    Call("estimation", {"action": "analyze", "tasks": ["T-1"]}),
    Call("model_task_breakdown", {"task": "T-1", "backend": "builtin"}),
    Call("model_auto_execute", {"tasks": ["Format a.py with ruff"]}),
    Call("model_auto_execute", run_id),
)


def documents(model: PlayedModel) -> list[dict[str, Any]]:
    """Give the documents of the answers as the model got them; Codex puts two lines before each."""
    return [json.loads(answer[answer.index("{") :]) for answer in model.answers]


@pytest.mark.parametrize(("name", "says"), [("claude-code", "Pending approval"), ("codex", "enabled")])
def test_the_client_lists_the_server_that_install_wrote(
    client_named: Callable[[str], Client], name: str, says: str
) -> None:
    [line] = [line for line in client_named(name).client("mcp", "list").splitlines() if line.startswith("prentice")]
    assert says in line


def test_claude_code_connects_to_a_server_of_all_projects(client_named: Callable[[str], Client]) -> None:
    client = client_named("claude-code")
    (client.project.directory / ".mcp.json").unlink()
    client.client("mcp", "add", "--scope", "user", "prentice", "--", "prentice", "mcp")  # as its page says
    assert re.search(r"prentice: .* Connected", client.client("mcp", "list"))


@pytest.mark.parametrize(("name", "revision"), [("claude-code", "2026-07-28"), ("codex", "2025-06-18")])
def test_a_whole_conversation_goes_through_the_client(
    client_named: Callable[[str], Client], name: str, revision: str
) -> None:
    client = client_named(name)
    with played(*SCRIPT) as model:
        client.converse(model)

    told = json.dumps(model.requests[-1])
    assert all(tool in told for tool in TOOLS)
    tools = model.tools()
    asked = (tools["estimation"].get("input_schema") or tools["estimation"]["parameters"])["properties"]["action"]
    assert asked["enum"] == ["estimate", "analyze", "batch", "stats"]

    judged, planned, done, again = documents(model)
    assert judged["assessments"][0]["task"] == "T-1"
    assert planned["state"] == "open"
    assert planned["proposal_id"] == "P-1"
    assert [subtask["key"] for subtask in planned["subtasks"]] == [key for wave in planned["waves"] for key in wave]
    assert done["state"] == "proposed"
    assert "+def f(x):" in done["diff"]
    assert again == done
    assert all(len(answer.encode()) <= MOST_BYTES for answer in model.answers)

    assert revision in json.dumps(client.said()[0])
    assert {"PRENTICE_HOME", "HOME"} <= {line.partition("=")[0] for line in client.env()}


@pytest.mark.parametrize("name", ["claude-code", "codex"])
def test_where_nobody_is_there_to_ask_the_answer_names_the_command(
    client_named: Callable[[str], Client], name: str
) -> None:
    client = client_named(name)
    with played(*SCRIPT) as model:
        client.converse(model)
    _, planned, done, _ = documents(model)
    # For the plan and for the change, which is asked about once more where the first form was closed, not declined.
    assert client.heard().count('"elicitation/create"') == {"claude-code": 3, "codex": 2}[name]
    assert not re.search(r'"requestedSchema":\{"(title|description)"', client.heard())  # Codex would show no such form
    assert list(client.project.tasks().records) == ["T-1"]
    assert (client.project.directory / "a.py").read_text(encoding="utf-8") == UGLY

    client.prentice(commands(planned["approve"])[0])
    assert len(client.project.tasks().records) == 1 + len(planned["subtasks"])
    client.prentice(commands(done["next_step"])[-1])
    assert (client.project.directory / "a.py").read_text(encoding="utf-8") == "def f(x):\n    return x\n"


def test_claude_code_says_where_it_works(client_named: Callable[[str], Client]) -> None:
    client = client_named("claude-code")
    with played(SCRIPT[0]) as model:
        client.converse(model)
    [document] = documents(model)
    assert document["assessments"]
    roots = [
        message["params"]["inputResponses"]["roots"]
        for message in client.said()
        if "inputResponses" in message.get("params", {})
    ]
    assert roots == [{"roots": [{"uri": client.project.directory.as_uri()}]}]


def commands(text: str) -> list[str]:
    """Give the commands that a text names."""
    return re.findall(r"`(prentice [^`]+)`", text)
