import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.openai.playing import Playing, serving
from prentice.backends.router import NAMES, Choice, choose
from prentice.backends.routing.probes import Probes
from prentice.config import Settings
from prentice.errors import (
    BackendUnreachableError,
    ConfigError,
    ModelNotFoundError,
    ModelUnsupportedError,
    RemoteRefusedError,
    UsageError,
    WrongServerError,
)

if TYPE_CHECKING:
    from backends.conftest import Loopback


def chosen(**settings: object) -> Choice:
    return asyncio.run(choose(Settings(**settings), purpose="breakdown"))  # type: ignore[arg-type]  # by name


def test_auto_takes_the_best_installed_model_of_a_running_ollama(ollama: "Loopback") -> None:
    tags = [
        ollama.tag("codellama:7b", size=4000),
        ollama.tag("llama3.2:3b", size=2000),
        ollama.tag("gemma3:1b", size=1000),
    ]
    ollama.says("/api/tags", {"models": tags})
    choice = chosen(ollama_host=ollama.url)
    assert (choice.backend.name, choice.model) == ("ollama", "llama3.2:3b")
    assert "llama3.2:3b" in choice.reason
    assert [name for name, _ in choice.considered] == ["codellama:7b", "gemma3:1b"]


def test_auto_takes_the_model_that_was_asked_for(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("llama3.2:3b", size=9000), ollama.tag("tiny:latest")]})
    choice = chosen(ollama_host=ollama.url, model="tiny")
    assert choice.model == "tiny:latest"
    assert [name for name, _ in choice.considered] == ["llama3.2:3b"]


@pytest.mark.parametrize("backend", ["auto", "ollama"])
def test_a_model_that_was_asked_for_is_never_replaced_by_another(ollama: "Loopback", backend: str) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        chosen(backend=backend, ollama_host=ollama.url, model="llama3.2")
    assert "prentice models pull llama3.2" in caught.value.next_step


def test_auto_without_an_ollama_is_the_builtin_and_says_why(free_port: int) -> None:
    choice = chosen(ollama_host=f":{free_port}")
    assert choice.backend.name == "builtin"
    assert str(free_port) in choice.reason
    assert "ollama serve" in choice.reason
    assert [name for name, _ in choice.considered] == ["ollama"]


def test_a_model_that_was_asked_for_needs_its_server(free_port: int) -> None:
    with pytest.raises(BackendUnreachableError) as caught:
        chosen(ollama_host=f":{free_port}", model="llama3.2")
    assert "ollama serve" in caught.value.next_step


def test_auto_with_an_ollama_that_has_no_model_is_the_builtin_and_names_the_pull(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": []})
    choice = chosen(ollama_host=ollama.url)
    assert choice.backend.name == "builtin"
    assert "prentice models pull" in choice.reason


def test_auto_with_models_that_cannot_be_used_is_the_builtin_and_lists_the_reasons(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("kimi:cloud"), ollama.tag("huge", size=10**15)]})
    choice = chosen(ollama_host=ollama.url)
    assert choice.backend.name == "builtin"
    assert {name for name, _ in choice.considered} == {"kimi:cloud", "huge"}


def test_auto_with_another_program_on_the_port_is_the_builtin_and_shows_it(loopback: "Loopback") -> None:
    loopback.says("/api/version", "<html>", kind="text/html")
    choice = chosen(ollama_host=loopback.url)
    assert choice.backend.name == "builtin"
    assert "<html>" in choice.reason


def test_auto_waits_no_longer_than_a_blink_for_a_silent_server(loopback: "Loopback") -> None:
    loopback.play("/api/version", type(loopback.whole(""))((), "hang"))
    chosen(backend="builtin")  # what is imported once is not timed
    start = time.monotonic()
    assert chosen(ollama_host=loopback.url).backend.name == "builtin"
    assert time.monotonic() - start < 2.0


@pytest.mark.parametrize("host", ["http://192.0.2.1:11434", "ftp://x"])
def test_auto_never_calls_a_host_that_is_not_allowed(host: str) -> None:
    choice = chosen(ollama_host=host)
    assert choice.backend.name == "builtin"
    assert "allowed_hosts" in choice.reason or "OLLAMA_HOST" in choice.reason


def test_the_variable_of_ollama_is_read(ollama: "Loopback", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", ollama.url.removeprefix("http://"))
    assert chosen().model == "tiny:latest"


def test_ollama_by_name_is_never_replaced(free_port: int, ollama: "Loopback") -> None:
    with pytest.raises(BackendUnreachableError):
        chosen(backend="ollama", ollama_host=f":{free_port}")
    with pytest.raises(RemoteRefusedError):
        chosen(backend="ollama", ollama_host="192.0.2.1")
    with pytest.raises(ConfigError):
        chosen(backend="ollama", ollama_host="ftp://x")
    ollama.says("/api/tags", {"models": []})
    with pytest.raises(ModelNotFoundError, match="no model"):
        chosen(backend="ollama", ollama_host=ollama.url)
    ollama.says("/api/tags", "<html>")
    with pytest.raises(WrongServerError):
        chosen(backend="ollama", ollama_host=ollama.url)


def test_ollama_by_name_takes_the_smallest_model_where_none_fits(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("a", size=10**16), ollama.tag("b", size=10**15)]})
    choice = chosen(backend="ollama", ollama_host=ollama.url)
    assert choice.model == "b"
    assert "none of which fits" in choice.reason


def test_a_model_asked_for_that_runs_elsewhere_or_only_embeds_is_refused(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("kimi:cloud"), ollama.tag("alias", remote_host="https://x")]})
    for name in ("kimi:cloud", "alias", "absent-cloud"):
        with pytest.raises(RemoteRefusedError):
            chosen(ollama_host=ollama.url, model=name)
    ollama.says("/api/tags", {"models": [ollama.tag("nomic")]})
    ollama.says("/api/show", ollama.shown(capabilities=("embedding",)))
    with pytest.raises(ModelUnsupportedError):
        chosen(ollama_host=ollama.url, model="nomic")


def test_builtin_and_scripted_are_taken_as_named(tmp_path: Path) -> None:
    path = tmp_path / "replies.jsonl"
    path.write_text('{"text": "x"}\n')
    assert chosen(backend="builtin").backend.name == "builtin"
    choice = chosen(backend=f"scripted:{path}")
    assert (choice.backend.name, choice.model) == ("scripted", "scripted")
    with pytest.raises(ConfigError):
        chosen(backend="scripted:" + str(tmp_path / "missing"))


@pytest.mark.parametrize("name", ["", "olama", "nonsense", "Ollama"])
def test_an_unknown_backend_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(backend=name)
    assert all(known in caught.value.next_step for known in NAMES)


def test_no_http_client_is_imported_where_no_ollama_runs(free_port: int) -> None:
    program = (
        "import asyncio, sys\n"
        "from prentice.backends.router import choose\n"
        "from prentice.config import Settings\n"
        f"choice = asyncio.run(choose(Settings(ollama_host=':{free_port}'), purpose='breakdown'))\n"
        "assert choice.backend.name == 'builtin', choice\n"
        "assert not {'httpx2', 'pydantic', 'httpcore2'} & set(sys.modules), sorted(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)


def test_no_connection_is_left_open_between_the_choice_and_the_call(ollama: "Loopback") -> None:
    body = json.dumps(ollama.shown()).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    ollama.play("/api/show", type(ollama.whole(""))((head + body,), "hang"))

    async def choose_and_wait() -> bool:
        await choose(Settings(ollama_host=ollama.url), purpose="breakdown")
        return await asyncio.to_thread(ollama.client_left.wait, 1.0)

    assert asyncio.run(choose_and_wait())


def test_a_model_that_another_server_has_is_taken_from_there(ollama: "Loopback") -> None:
    with serving(Playing(models=[{"id": "mistral-7b", "max_model_len": 32768}])) as second:
        choice = chosen(ollama_host=ollama.url, openai_host=second.url, model="mistral-7b")
        assert (choice.backend.name, choice.model, choice.decision) == ("openai", "mistral-7b", None)
        choice = chosen(ollama_host=ollama.url, openai_host=second.url, model="tiny")
        assert choice.backend.name == "ollama"


def test_auto_puts_the_models_of_all_servers_into_one_order(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("gemma3:1b", size=1000)]})
    with serving(Playing(models=[{"id": "llama3.1-8b", "max_model_len": 32768}])) as second:
        choice = chosen(ollama_host=ollama.url, openai_host=second.url)
    assert (choice.backend.name, choice.model) == ("openai", "llama3.1-8b")
    assert [name for name, _ in choice.considered] == ["gemma3:1b"]


def test_a_server_by_name_offers_only_its_own_models_and_nothing_takes_over(ollama: "Loopback") -> None:
    with serving(Playing(models=[{"id": "llama3.1-8b", "max_model_len": 32768}])) as second:
        choice = chosen(backend="openai", ollama_host=ollama.url, openai_host=second.url)
    assert (choice.backend.name, choice.model, choice.decision) == ("openai", "llama3.1-8b", None)
    assert not ollama.asked


def test_a_model_in_memory_is_known_from_the_server(ollama: "Loopback") -> None:
    tags = [ollama.tag("llama3.1:8b", size=5000), ollama.tag("qwen2.5:7b", size=4000)]
    ollama.says("/api/tags", {"models": tags})
    assert chosen(ollama_host=ollama.url).model == "llama3.1:8b"
    ollama.says("/api/ps", {"models": [{"name": "qwen2.5:7b", "size": 4000}]})
    choice = chosen(ollama_host=ollama.url)
    assert choice.model == "qwen2.5:7b"
    assert "is in memory already" in choice.reason


def test_a_policy_of_the_user_decides_and_nonsense_in_it_is_an_error(ollama: "Loopback") -> None:
    tags = [ollama.tag("llama3.1:8b", size=5000), ollama.tag("mistral:7b", size=4000)]
    ollama.says("/api/tags", {"models": tags})
    order = {"models": {"order": {"general": ["Mistral"]}}}
    assert chosen(ollama_host=ollama.url, policy=order).model == "mistral:7b"
    with pytest.raises(ConfigError, match="orders"):
        chosen(ollama_host=ollama.url, policy={"models": {"orders": {}}})


def test_an_mlx_model_that_is_not_here_is_an_error_that_names_the_fetch() -> None:
    pytest.importorskip("mlx_lm")
    with pytest.raises(ModelNotFoundError, match=r"not on this machine"):
        chosen(backend="mlx", model="mlx-community/Absent-7B-4bit")
    with pytest.raises(ModelNotFoundError) as caught:
        chosen(backend="mlx")
    assert "prentice models pull mlx-community/" in caught.value.next_step


def test_a_server_that_accepts_and_says_nothing_is_waited_for_once(loopback: "Loopback", tmp_path: Path) -> None:
    loopback.play("/api/version", type(loopback.whole(""))((), "hang"))
    settings = Settings(ollama_host=loopback.url)
    for _ in range(2):
        choice = asyncio.run(choose(settings, purpose="breakdown", probes=Probes(tmp_path / "probes.json")))
        assert choice.backend.name == "builtin"
    assert "s ago" in choice.reason
    assert loopback.connections == 1  # the question of the first time
