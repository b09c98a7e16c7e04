"""`prentice models` and `prentice models explain` against a server on loopback."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.openai.playing import Playing, nothing, serving
from cli.calling import Call, calling, document

MODELS = [
    {"id": "llama3.1-8b", "max_model_len": 32768},
    {"id": "qwen2.5-coder-7b", "max_model_len": 32768},
    {"id": "nomic-embed-text", "max_model_len": 8192},
    {"id": "codellama-7b", "max_model_len": 1024},
]


@pytest.fixture
def server() -> Iterator[Playing]:
    with serving(Playing(models=MODELS)) as playing:
        yield playing


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], free_host: str) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OLLAMA_HOST", free_host)
    return calling(capsys)


@pytest.fixture
def free_host() -> str:
    """An address of loopback where nothing listens: port 1 needs a right that no test has."""
    return "127.0.0.1:1"


@pytest.fixture
def served(call: Call, server: Playing, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setenv("PRENTICE_OPENAI_HOST", server.url)
    return call


def test_the_list_is_the_document_of_the_contract(served: Call) -> None:
    listed = document(served("models", "--json"))
    assert [item["name"] for item in listed] == sorted(str(item["id"]) for item in MODELS)
    keys = {"backend", "host", "name", "size_bytes", "quantization", "context", "fits"}
    assert all(keys <= item.keys() for item in listed)
    assert [item["name"] for item in listed if not item["usable"]] == ["nomic-embed-text"]


def test_the_list_is_a_table_for_people(served: Call) -> None:
    out, _ = served("models")
    assert "qwen2.5-coder-7b" in out
    assert "it makes embeddings only" in out


def test_the_models_of_two_hosts_are_told_apart(served: Call, server: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    assert server.url not in served("models")[0]
    with serving(Playing(models=MODELS[:1])) as second:
        monkeypatch.setenv("PRENTICE_OPENAI_FURTHER_HOSTS", second.url)
        listed = document(served("models", "--json"))
        assert len({item["host"] for item in listed if item["name"] == "llama3.1-8b"}) == 2
        monkeypatch.setenv("COLUMNS", "220")
        out, _ = served("models")
    assert f"openai at {second.url}" in out


def test_what_a_probe_found_of_a_server_counts_when_a_choice_is_explained(served: Call, server: Playing) -> None:
    def said() -> str:
        explained = document(
            served("models", "explain", "Plan the move to a new queue", "--for", "breakdown", "--json")
        )
        return json.dumps([item for item in explained["order"] if item["model"] == "llama3.1-8b"])

    server.takes = nothing
    assert "as a probe showed" not in said()
    served("breakdown", "Plan the move", "--backend", "openai", "--model", "llama3.1-8b", code=1)
    assert "ignores the schema of a reply, as a probe showed" in said()


def test_without_a_model_the_list_says_how_to_get_one_and_writes_nothing(call: Call) -> None:
    assert "prentice models pull llama3.2" in call("models")[0]
    assert document(call("models", "--json")) == []
    assert not list(Path(os.environ["PRENTICE_HOME"]).glob("record.db*"))


def test_the_list_says_which_servers_could_not_be_asked_and_why(
    served: Call, server: Playing, free_host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = served("models")
    assert "llama3.1-8b" in out
    assert err.startswith(f"ollama: Nothing answers at http://{free_host}.")
    assert document(served("models", "--json"))
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    monkeypatch.delenv("PRENTICE_OPENAI_HOST")
    out, err = served("models")
    assert out.startswith("No model is here.")
    assert f"ollama: What answers at {server.url}/api/version is not Ollama" in err


def test_explain_gives_the_choice_the_order_and_the_refusals(served: Call) -> None:
    told = document(served("models", "explain", "Fix the crash in src/app/export.py", "--json"))
    assert told["need"]["kind"] == "code"
    assert told["choice"]["model"] == "qwen2.5-coder-7b"
    assert [item["model"] for item in told["order"]] == ["qwen2.5-coder-7b", "llama3.1-8b"]
    assert {item["model"]: item["requirement"] for item in told["refused"]} == {
        "nomic-embed-text": "text",
        "codellama-7b": "window",
    }
    assert any(item["backend"] == "ollama" and "ollama serve" in item["why"] for item in told["absent"])


def test_explain_prints_a_table_with_a_reason_on_each_row(served: Call) -> None:
    out, _ = served("models", "explain", "Fix the crash in src/app/export.py")
    assert "code work" in out
    [chosen] = [line for line in out.splitlines() if "*" in line]
    assert "qwen2.5-coder-7b" in chosen
    assert "its window has 1024 tokens" in out
    assert "is a general model" in out


def test_explain_for_another_kind_of_call_chooses_for_that(served: Call) -> None:
    told = document(served("models", "explain", "Fix the crash in src/app/export.py", "--for", "summarize", "--json"))
    assert told["choice"]["model"] == "llama3.1-8b"
    assert "breakdown" in served("models", "explain", "Fix it now please", "--for", "poetry", code=2)[1]


def test_explain_keeps_to_what_the_user_named_and_says_so(served: Call) -> None:
    arguments = ("models", "explain", "Fix the crash in src/app/export.py", "--json")
    told = document(served(*arguments, "--model", "llama3.1-8b"))
    assert [item["model"] for item in told["order"]] == ["llama3.1-8b"]
    assert any("no other takes its place" in note for note in told["notes"])
    assert document(served(*arguments, "--backend", "ollama"))["choice"] is None
    assert document(served(*arguments, "--backend", "builtin"))["choice"] is None


def test_explain_knows_the_task_of_a_project_and_what_it_prefers(served: Call) -> None:
    served("init")
    served("add", "Fix the crash in src/app/export.py")
    path = Path(".todo2/state.todo2.json")
    state = json.loads(path.read_bytes())
    state["todos"][0]["metadata"] = {"preferred_backend": "fm"}
    path.write_text(json.dumps(state))
    told = document(served("models", "explain", "T-1", "--json"))
    assert told["need"]["preferred_backend"] == "fm"
    assert "The task prefers the backend fm, which serves no model here." in told["notes"]
    assert document(served("models", "explain", "T-9", "--json", code=1))["error"]["code"] == "task_not_found"


def test_explain_on_a_machine_with_nothing_says_that_the_rules_answer(call: Call) -> None:
    out, _ = call("models", "explain", "Fix the crash in src/app/export.py")
    assert "no model can do it, so the rules answer" in out
