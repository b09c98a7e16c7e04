"""A backend fails in the middle of a breakdown: who finishes the work, what the user hears, what the record keeps."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import prentice
from backends.openai.playing import Playing, nothing, serving
from plans import good_plan, reply
from prentice.errors import BreakdownRejectedError, ModelNotFoundError, PrenticeError, StreamError, TimedOutError

if TYPE_CHECKING:
    from backends.conftest import Loopback

TASK = "Make the upload client robust: measure its failures, retry what can be retried, describe the settings"


@pytest.fixture
def dying() -> Iterator[str]:
    """The address of a process like an Ollama that is killed in the middle of its first reply."""
    program = Path(__file__).with_name("dying_ollama.py")
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.kill()


@pytest.fixture
def second() -> Iterator[Playing]:
    """Another server, which knows the plan and lists one model."""
    with serving(Playing(takes=nothing, free=reply(good_plan()), models=[{"id": "mistral-7b"}])) as playing:
        yield playing


@pytest.fixture
def first(ollama: "Loopback") -> "Loopback":
    """An Ollama with a model that goes before that of the second server."""
    ollama.says("/api/tags", {"models": [ollama.tag("llama3.2:3b", size=2000)]})
    return ollama


def planned(directory: Path, **options: object) -> tuple[Any, list[str]]:
    """Plan the task, and give the plan with the sentences on changes that were reported."""
    said: list[str] = []

    def hear(event: Any) -> None:
        if event.kind == "progress" and event.data.get("because"):
            said.append(event.data["because"])

    project = prentice.open(directory, options=options)
    return project.breakdown(TASK, on_event=hear), said


def calls() -> list[tuple[str, str, str]]:
    """Give backend, model and end of each call in the record."""
    with sqlite3.connect(Path(os.environ["PRENTICE_HOME"]) / "record.db") as record:
        rows = record.execute("SELECT backend, model, finish FROM calls ORDER BY id").fetchall()
    record.close()
    return rows


def test_a_killed_server_is_followed_by_the_other_and_both_calls_are_in_the_record(
    tmp_path: Path, dying: str, second: Playing
) -> None:
    plan, said = planned(tmp_path, ollama_host=dying, openai_host=second.url)
    assert (plan.backend, plan.model) == ("openai", "mistral-7b")
    assert [item.key for item in plan.subtasks] == ["measure", "retry", "docs", "proof"]
    assert calls() == [("ollama", "llama3.2:3b", "stream_failed"), ("openai", "mistral-7b", "stop")]
    [sentence] = said
    assert sentence.startswith("llama3.2:3b on ollama failed (")
    assert sentence.endswith("), so mistral-7b on openai took over.")
    assert sentence in plan.warnings


def test_the_command_line_says_in_one_line_who_took_over(tmp_path: Path, dying: str, second: Playing) -> None:
    environment = {**os.environ, "OLLAMA_HOST": dying, "PRENTICE_OPENAI_HOST": second.url}
    command = [sys.executable, "-m", "prentice", "breakdown", TASK]
    finished = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert finished.returncode == 0, finished.stderr
    told = [line for line in finished.stderr.splitlines() if "took over" in line]
    assert len(told) == 1
    assert "mistral-7b on openai" in told[0]
    assert "planned by  mistral-7b on openai" in finished.stdout


def test_where_no_other_model_is_there_the_rules_finish_and_it_is_said(tmp_path: Path, dying: str) -> None:
    plan, said = planned(tmp_path, ollama_host=dying)
    assert plan.backend == "builtin"
    assert said[0].endswith("so the built-in rules took over.")
    assert [row[0] for row in calls()] == ["ollama", "builtin"]


@pytest.mark.parametrize("named", [{"backend": "ollama"}, {"model": "llama3.2:3b"}])
def test_what_the_user_named_is_never_replaced(
    tmp_path: Path, dying: str, second: Playing, named: dict[str, str]
) -> None:
    with pytest.raises(StreamError):
        planned(tmp_path, ollama_host=dying, openai_host=second.url, **named)
    assert not second.bodies
    assert [row[0] for row in calls()] == ["ollama"]


def test_a_bad_reply_is_no_reason_to_ask_another(tmp_path: Path, first: "Loopback", second: Playing) -> None:
    with pytest.raises(BreakdownRejectedError, match="ollama"):
        planned(tmp_path, ollama_host=first.url, openai_host=second.url)
    assert not second.bodies
    assert [row[0] for row in calls()] == ["ollama", "ollama"]


def test_a_model_that_fails_on_a_living_server_is_followed_by_another_of_that_server(
    tmp_path: Path, ollama: "Loopback"
) -> None:
    tags = [ollama.tag("llama3.1:8b", size=5000), ollama.tag("llama3.2:3b", size=2000)]
    ollama.says("/api/tags", {"models": tags})
    whole = ollama.stream(ollama.piece(reply(good_plan())), ollama.done())
    ollama.play("/api/chat", ollama.stream({"error": "llama runner process has terminated"}), whole)
    plan, said = planned(tmp_path, ollama_host=ollama.url)
    assert (plan.backend, plan.model) == ("ollama", "llama3.2:3b")
    assert [row[1] for row in calls()] == ["llama3.1:8b", "llama3.2:3b"]
    assert "llama3.1:8b on ollama failed (" in said[0]


def test_a_model_that_is_gone_meanwhile_and_a_silent_one_are_followed_too(
    tmp_path: Path, first: "Loopback", second: Playing
) -> None:
    first.play("/api/chat", first.whole({"error": "model 'llama3.2:3b' not found"}, status=404))
    plan, _ = planned(tmp_path, ollama_host=first.url, openai_host=second.url)
    assert plan.backend == "openai"
    first.streams(first.piece("{"), then="hang", whole=False)
    plan, said = planned(tmp_path, ollama_host=first.url, openai_host=second.url, idle_seconds=0.3)
    assert plan.backend == "openai"
    assert len(said) == 1
    ends = [row[2] for row in calls()]
    assert ends == [ModelNotFoundError.code, "stop", TimedOutError.code, "stop"]


def test_what_failed_is_not_asked_again_for_the_repair(tmp_path: Path, dying: str, second: Playing) -> None:
    second.free = '{"subtasks": []}'
    with pytest.raises(BreakdownRejectedError, match="openai"):
        planned(tmp_path, ollama_host=dying, openai_host=second.url)
    assert [row[0] for row in calls()] == ["ollama", "openai", "openai"]


def test_outcomes_are_kept_for_the_model_whose_plan_was_checked(tmp_path: Path, dying: str, second: Playing) -> None:
    plan, _ = planned(tmp_path, ollama_host=dying, openai_host=second.url)
    project = prentice.open(tmp_path, options={"ollama_host": ":1", "openai_host": second.url}, actor="person")
    [listed] = project.models()
    assert {kind: (seen.right, seen.of) for kind, seen in listed.record} == {"general": (1, 1)}
    project.reject(plan.id)
    [listed] = project.models()
    assert {kind: (seen.right, seen.of) for kind, seen in listed.record} == {"general": (0, 1)}
    second.free = "{}"
    with pytest.raises(PrenticeError):
        planned(tmp_path, ollama_host=":1", openai_host=second.url)
    [listed] = project.models()
    assert {kind: (seen.right, seen.of) for kind, seen in listed.record} == {"general": (0, 2)}


def test_the_backend_that_a_task_prefers_plans_it(tmp_path: Path, first: "Loopback", second: Playing) -> None:
    first.streams(first.piece(reply(good_plan())), first.done())
    options = {"ollama_host": first.url, "openai_host": second.url}
    project = prentice.open(tmp_path, options=options)
    project.init()
    task = project.add(TASK)
    assert project.breakdown(task.id).backend == "ollama"
    path = tmp_path / ".todo2" / "state.todo2.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace('"name":', '"metadata": {"preferred_backend": "OpenAI"}, "name":', 1), encoding="utf-8"
    )
    assert prentice.open(tmp_path, options=options).breakdown(task.id).backend == "openai"
