"""Broken set-ups of models: for each the doctor gives the command or the setting that mends it."""

import asyncio
import shlex
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import prentice
from backends.conftest import Loopback, playing_ollama
from backends.openai.playing import Playing, serving
from prentice.config import Settings
from prentice.extras import install_command, requirement
from prentice.skills.doctor.finding import Finding
from prentice.skills.doctor.mlx import MlxRuntime, mlx_findings, mlx_runtime
from prentice.skills.doctor.ollama import ollama_findings
from prentice.skills.doctor.openai import openai_findings

NOWHERE = "http://127.0.0.1:1"
"""An address of loopback where nothing listens: port 1 needs a right that no test has."""


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server like an Ollama with one small model, `tiny`."""
    with playing_ollama() as playing:
        yield playing


@pytest.fixture
def served() -> Iterator[Playing]:
    with serving(Playing(models=[{"id": "llama3.1-8b", "max_model_len": 32768}])) as playing:
        yield playing


def doctor(directory: Path, *, backend: str, model: str | None = None) -> dict[str, Finding]:
    """Let the doctor look, as the command does; findings by check, the first of each."""
    found: dict[str, Finding] = {}
    for finding in prentice.open(directory, backend=backend, model=model).doctor():
        found.setdefault(finding.check, finding)
    return found


def ollama(settings: Settings, *, usual: str = NOWHERE) -> Finding:
    return asyncio.run(ollama_findings(settings, usual=usual))[0]


def openai(settings: Settings, *, usual: tuple[str, ...] = ()) -> Finding:
    return asyncio.run(openai_findings(settings, usual=usual))[0]


def test_an_ollama_that_does_not_run_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    found = doctor(tmp_path, backend="ollama")
    assert not found["ollama"].ok
    assert "`OLLAMA_HOST=127.0.0.1:1 ollama serve`" in found["ollama"].next_step
    assert found["backend"].next_step == found["ollama"].next_step, "both name the same way out"


def test_without_any_server_and_none_asked_for_nothing_is_wrong_and_the_way_to_one_is_said() -> None:
    [found] = asyncio.run(ollama_findings(Settings()))[:1]
    assert found.ok
    assert found.found.startswith("version") or "`ollama serve`" in found.next_step


def test_a_wrong_port_is_corrected_where_it_was_set(server: Loopback, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:1")
    found = ollama(Settings(), usual=server.url)
    assert not found.ok
    assert found.next_step == f"`export OLLAMA_HOST={server.url}`."
    in_a_file = ollama(Settings(ollama_host="127.0.0.1:1"), usual=server.url)
    assert f'under `[ollama]`: `host = "{server.url}"`' in in_a_file.next_step


@pytest.mark.parametrize("suffix", ["/v1", "/api"])
def test_a_path_that_does_not_belong_to_the_address_is_taken_off(
    server: Loopback, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", server.url + suffix)
    found = ollama(Settings())
    assert not found.ok
    assert suffix in found.found
    assert found.next_step == f"`export OLLAMA_HOST={server.url}`."


def test_another_program_on_the_port_of_ollama_is_told_with_a_free_one(
    server: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says("/api/version", "<html>It works!</html>", kind="text/html")
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = ollama(Settings())
    assert not found.ok
    assert "It works!" in found.found
    assert "`OLLAMA_HOST=127.0.0.1:11435 ollama serve`" in found.next_step
    assert "`export OLLAMA_HOST=http://127.0.0.1:11435`" in found.next_step


def test_a_server_of_the_openai_kind_at_the_address_of_ollama_gets_its_own_setting(
    served: Playing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OLLAMA_HOST", served.url)
    assert f"`export PRENTICE_OPENAI_HOST={served.url}`" in ollama(Settings()).next_step


def test_a_model_that_is_missing_is_fetched(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = doctor(tmp_path, backend="ollama", model="llama3.2")
    assert not found["model"].ok
    assert "tiny" in found["model"].found
    assert found["model"].next_step == "`prentice models pull llama3.2`"


def test_a_server_without_a_model_gets_one(server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.says("/api/tags", {"models": []})
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = doctor(tmp_path, backend="ollama")["ollama"]
    assert not found.ok
    assert "`prentice models pull llama3.2`" in found.next_step


def test_a_model_too_large_for_the_memory_gives_way_to_one_that_fits(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says("/api/tags", {"models": [server.tag("huge:latest", size=10**15), server.tag("tiny:latest")]})
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = doctor(tmp_path, model="huge", backend="ollama")["model"]
    assert not found.ok
    assert "of memory may be used" in found.found
    assert found.next_step.startswith("Use `--model tiny:latest`")
    assert "`prentice models recommend`" in found.next_step


def test_a_window_too_small_for_a_plan_is_told_with_a_model_that_has_room(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says("/api/show", server.shown(512))
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = doctor(tmp_path, model="tiny", backend="ollama")["model"]
    assert not found.ok
    assert "512 tokens" in found.found
    assert "`prentice models recommend`" in found.next_step


def test_a_window_that_a_server_was_started_with_is_made_larger_by_its_options(
    served: Playing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.models = [{"id": "llama3.1-8b", "max_model_len": 1024}]
    monkeypatch.setenv("PRENTICE_OPENAI_HOST", served.url)
    found = doctor(tmp_path, backend="openai")["models"]
    assert not found.ok
    assert "`llama-server --ctx-size 4096`" in found.next_step


def test_a_cloud_model_is_refused_with_its_name_and_the_setting_that_allows_it(
    server: Loopback, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = server.tag("big:cloud", remote_host="https://ollama.com:443", remote_model="big")
    server.says("/api/tags", {"models": [server.tag(), away]})
    monkeypatch.setenv("OLLAMA_HOST", server.url)
    found = doctor(tmp_path, model="big:cloud", backend="ollama")
    assert 'allowed_remote_models = ["big:cloud"]' in found["model"].next_step
    assert not found["model"].ok
    assert "big:cloud" in found["cloud_models"].found


def test_an_openai_server_that_does_not_answer_is_started_or_found_elsewhere(served: Playing) -> None:
    settings = Settings(openai_host=NOWHERE)
    found = openai(settings)
    assert not found.ok
    assert "`llama-server -m FILE`" in found.next_step
    moved = openai(settings, usual=(served.url,))
    assert f'under `[openai]`: `host = "{served.url}"`' in moved.next_step


def test_an_openai_address_with_a_wrong_path_is_corrected(served: Playing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", f"{served.url}/inference")
    assert openai(Settings()).next_step == f"One answers at {served.url}: `export OPENAI_BASE_URL={served.url}`."


def test_a_server_that_wants_a_key_is_given_one_by_the_variable_of_the_settings(served: Playing) -> None:
    served.key = "secret"
    found = openai(Settings(openai_host=served.url, openai_key_variable="MY_KEY"))
    assert not found.ok
    assert "`export MY_KEY=KEY`" in found.next_step
    account = served.url.removeprefix("http://")
    found = openai(Settings(openai_host=served.url, openai_key_variable=""))
    assert f"`keyring set prentice {account}`" in found.next_step
    assert '`keyring = "prentice"`' in found.next_step


LINUX = MlxRuntime(system="Linux", machine="x86_64", python=(3, 12), where="/opt/prentice", versions="mlx=1")


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        (replace(LINUX, system="Darwin", apple_chip=True), "--python cpython-3.13-macos-aarch64"),
        (replace(LINUX, missing=("mlx", "mlx_lm")), f"`{install_command('mlx')}`"),
        (
            replace(LINUX, missing=("mlx",), python=(3, 15)),
            f"--python 3.13 {shlex.quote(requirement('mlx'))}`",
        ),
        (replace(LINUX, fast=False, distribution=("ubuntu", "debian")), "`sudo apt install libopenblas0-pthread`"),
        (replace(LINUX, fast=False, distribution=("fedora",)), "`sudo dnf install openblas`"),
        (replace(LINUX, system="Windows"), "`--backend ollama`"),
    ],
    ids=["python-for-intel", "not-installed", "python-too-new", "debian", "fedora", "windows"],
)
def test_what_keeps_mlx_from_running_is_mended_by_a_command(facts: MlxRuntime, command: str) -> None:
    [found] = mlx_findings(facts, wanted=True)
    assert not found.ok
    assert command in found.next_step


def test_mlx_is_no_fault_where_nobody_asked_for_it() -> None:
    assert list(mlx_findings(replace(LINUX, missing=("mlx",)), wanted=False)) == []
    [slow] = mlx_findings(replace(LINUX, fast=False), wanted=False)
    assert slow.ok
    assert all(finding.ok for finding in mlx_findings(mlx_runtime(), wanted=False))


def test_rules_that_were_asked_for_need_no_look_at_servers(server: Loopback, tmp_path: Path) -> None:
    found = doctor(tmp_path, backend="builtin")
    assert found["backend"].ok
    assert not {"ollama", "openai", "mlx"} & found.keys()
    assert server.connections == 0


def test_every_host_is_looked_at_and_the_broken_one_is_named_with_its_setting(
    tmp_path: Path, server: Loopback, served: Playing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRENTICE_OLLAMA_HOST", server.url)
    monkeypatch.setenv("PRENTICE_OLLAMA_FURTHER_HOSTS", NOWHERE)
    findings = [finding for finding in prentice.open(tmp_path, backend="ollama").doctor() if finding.check == "ollama"]
    assert [finding.ok for finding in findings] == [True, False]
    assert "`OLLAMA_HOST=127.0.0.1:1 ollama serve`" in findings[1].next_step
    settings = Settings(ollama_host=NOWHERE, ollama_further_hosts=(NOWHERE,))
    found = ollama(settings, usual=server.url)
    assert f'`"{server.url}"` in the place of `"{NOWHERE}"` in `further_hosts`' in found.next_step
    settings = Settings(openai_host=NOWHERE, openai_further_hosts=(NOWHERE,))
    assert f'`"{served.url}"` in the place of' in openai(settings, usual=(served.url,)).next_step


def test_what_has_the_port_and_says_nothing_is_found_out_soon_and_named_with_what_ends_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        begun = time.monotonic()
        found = [ollama(Settings(ollama_host=f"127.0.0.1:{port}")), openai(Settings(openai_host=f"127.0.0.1:{port}"))]
        assert time.monotonic() - begun < 8.0
    for finding in found:
        assert not finding.ok
        assert f"`lsof -i :{port}`" in finding.next_step
