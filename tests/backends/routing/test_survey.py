"""What is there: several hosts of one backend, hosts that are dead, and what is known of models before a call."""

import asyncio
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.openai.playing import Playing, nothing, serving
from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.openai.backend import OpenAIBackend
from prentice.backends.openai.findings import FindingsInMemory, kept_in
from prentice.backends.probe import PROBE_SECONDS
from prentice.backends.protocol import Message, Request
from prentice.backends.router import Choice, after_failure, choose
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Decision, decide
from prentice.backends.routing.hosts import hosts_of
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.probes import Probes
from prentice.backends.routing.survey import Survey, survey, survey_of
from prentice.backends.routing.track_record import NoRecord, Outcomes, Speed
from prentice.config import Settings
from prentice.errors import BackendUnreachableError

if TYPE_CHECKING:
    from backends.conftest import Loopback

MARGIN = 0.5
"""Seconds for the machine to get round to the rest, beside the limits."""


def surveyed(settings: Settings, *, probes: Probes | None = None) -> Survey:
    return asyncio.run(survey(settings, probes=probes, hardware=False))


def chosen(settings: Settings) -> Choice:
    return asyncio.run(choose(settings, purpose="breakdown"))


def url_of(choice: Choice) -> str:
    assert isinstance(choice.backend, OllamaBackend | OpenAIBackend)
    return choice.backend.url


@pytest.fixture
def both(ollama: "Loopback", second_ollama: "Loopback") -> Settings:
    ollama.says("/api/tags", {"models": [ollama.tag("gemma3:1b", size=1000), ollama.tag("shared:1b", size=1000)]})
    tags = [second_ollama.tag("llama3.1:8b", size=5000), second_ollama.tag("shared:1b", size=1000)]
    second_ollama.says("/api/tags", {"models": tags})
    return Settings(ollama_host=ollama.url, ollama_further_hosts=(second_ollama.url,))


# --- Several hosts


def test_the_models_of_all_hosts_of_a_backend_are_listed_each_with_its_host(
    both: Settings, ollama: "Loopback", second_ollama: "Loopback"
) -> None:
    found = [(item.info.host, item.name) for item in surveyed(both).candidates]
    assert found == [
        (ollama.url, "gemma3:1b"), (ollama.url, "shared:1b"),
        (second_ollama.url, "llama3.1:8b"), (second_ollama.url, "shared:1b"),
    ]  # fmt: skip


def test_the_best_model_of_all_hosts_is_asked_at_its_own(both: Settings, second_ollama: "Loopback") -> None:
    choice = chosen(both)
    assert (choice.model, url_of(choice)) == ("llama3.1:8b", second_ollama.url)


def test_a_model_that_was_named_is_found_at_the_host_that_has_it(
    both: Settings, ollama: "Loopback", second_ollama: "Loopback"
) -> None:
    for backend in ("auto", "ollama"):
        named = Settings(
            backend=backend, model="llama3.1:8b", ollama_host=both.ollama_host,
            ollama_further_hosts=both.ollama_further_hosts,
        )  # fmt: skip
        assert url_of(chosen(named)) == second_ollama.url
    second_ollama.says("/api/ps", {"models": [{"name": "shared:1b", "size": 4000}]})
    for resident, url in ((True, second_ollama.url), (False, ollama.url)):
        second_ollama.says("/api/ps", {"models": [{"name": "shared:1b", "size": 4000}] if resident else []})
        named = Settings(model="shared:1b", ollama_host=ollama.url, ollama_further_hosts=(second_ollama.url,))
        assert url_of(chosen(named)) == url


def test_a_host_that_is_gone_leaves_the_models_of_the_others(second_ollama: "Loopback", free_port: int) -> None:
    second_ollama.says("/api/tags", {"models": [second_ollama.tag("llama3.1:8b", size=5000)]})
    gone = f"http://127.0.0.1:{free_port}"
    settings = Settings(backend="ollama", ollama_host=gone, ollama_further_hosts=(second_ollama.url,))
    assert {item.info.host for item in surveyed(settings).candidates} == {second_ollama.url}
    found = asyncio.run(survey_of("ollama", settings))
    assert {item.info.host for item in found.candidates} == {second_ollama.url}
    assert [gone in item.why for item in found.absent] == [True]
    with pytest.raises(BackendUnreachableError):
        asyncio.run(survey_of("ollama", Settings(ollama_host=gone, ollama_further_hosts=(f"{gone}/other",))))


def test_a_host_that_fails_is_followed_by_the_same_model_at_another(
    both: Settings, ollama: "Loopback", second_ollama: "Loopback"
) -> None:
    same = {"models": [ollama.tag("llama3.1:8b", size=5000)]}
    ollama.says("/api/tags", same)
    second_ollama.says("/api/tags", same)
    choice = chosen(both)
    error = BackendUnreachableError("Gone.", next_step="Start it.")
    following = asyncio.run(after_failure(choice, error, settings=both, left=100.0))
    assert following is not None
    assert following.model == choice.model == "llama3.1:8b"
    assert {url_of(choice), url_of(following)} == {ollama.url, second_ollama.url}


def test_each_host_has_its_own_limit_of_requests_at_a_time() -> None:
    async def limits() -> list[int]:
        one, same, other = (OpenAIBackend(f"127.0.0.1:{port}", max_in_flight=1) for port in (1, 1, 2))
        await one.turns.take()
        counts = [one.turns.working, same.turns.working, other.turns.working]
        first, second = OllamaBackend("127.0.0.1:1"), OllamaBackend("127.0.0.1:2")
        await first.turns.take()
        return [*counts, first.turns.working, second.turns.working]

    assert asyncio.run(limits()) == [1, 1, 0, 1, 0]


@pytest.mark.parametrize(("allowed", "meetings"), [(2, 0), (3, 2)])
def test_an_openai_server_gets_no_more_requests_at_a_time_than_allowed(allowed: int, meetings: int) -> None:
    playing = Playing(meeting=threading.Barrier(3), usage=False)
    with serving(playing) as server:

        async def ask() -> None:
            async with OpenAIBackend(server.url, max_in_flight=allowed) as backend:
                request = Request(purpose="test", model="tiny", messages=(Message(role="user", content="Hi"),))

                async def one() -> None:
                    async for _ in backend.stream(request):
                        pass

                await asyncio.gather(*(one() for _ in range(6)))

        asyncio.run(ask())
    assert playing.meetings == meetings


def test_speeds_say_nothing_of_a_model_that_two_hosts_have(both: Settings) -> None:
    class Fast(NoRecord):
        def speed(self, backend: str, model: str) -> Speed:
            del backend, model
            return Speed(prompt=100.0, reply=10.0, calls=9)

        def outcomes(self, backend: str, model: str, *, kind: str) -> Outcomes:
            del backend, model, kind
            return Outcomes(right=9, of=9)

    known = surveyed(both).with_record(Fast(), kind="code").candidates
    assert {item.name: item.speed.calls for item in known} == {"gemma3:1b": 9, "shared:1b": 0, "llama3.1:8b": 9}
    assert all(item.outcomes.of == 9 for item in known)


def test_the_key_of_the_first_server_is_not_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        openai_host="127.0.0.1:1", openai_further_hosts=("127.0.0.1:2",), openai_key_variable="MY_KEY",
        openai_keyring="keys",
    )  # fmt: skip
    first, other = (host.settings for host in hosts_of("openai", settings))
    assert (first.openai_key_variable, other.openai_key_variable) == ("MY_KEY", "")
    assert (first.openai_keyring, other.openai_keyring) == ("keys", "keys")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:3")
    [named, _] = hosts_of("openai", Settings(openai_further_hosts=("127.0.0.1:2",)))
    assert named.url == "http://127.0.0.1:3/v1"


# --- Dead hosts


def test_hosts_that_say_nothing_cost_a_blink_together_and_nothing_the_next_time(tmp_path: Path, free_port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        ports = [server.getsockname()[1] for server in (one, other)]
        settings = Settings(
            ollama_host=f"127.0.0.1:{ports[0]}", ollama_further_hosts=(f"127.0.0.1:{free_port}",),
            openai_host=f"127.0.0.1:{ports[1]}",
        )  # fmt: skip
        took = []
        for _ in range(2):
            begun = time.monotonic()
            found = surveyed(settings, probes=Probes(tmp_path / "probes.json"))
            took.append(time.monotonic() - begun)
            assert not found.candidates
    assert PROBE_SECONDS * 0.9 <= took[0] < PROBE_SECONDS + MARGIN
    assert took[1] < PROBE_SECONDS * 0.9
    assert ["s ago" in item.why for item in found.absent if item.backend != "mlx"] == [True, False, True]


# --- What is known of a model before a call


def test_keys_and_values_are_reckoned_as_the_server_shows_the_model(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("wide:7b", size=4_000_000_000)]})
    info = {
        "general.architecture": "llama", "llama.context_length": 131_072, "llama.block_count": 32,
        "llama.embedding_length": 4096, "llama.attention.head_count": 32, "llama.attention.head_count_kv": 32,
    }  # fmt: skip
    ollama.says("/api/show", {"capabilities": ["completion"], "model_info": info, "details": {"family": "llama"}})
    [candidate] = surveyed(Settings(ollama_host=ollama.url)).candidates
    assert candidate.cache_per_token == 2 * 32 * 32 * 128 * 2


def test_a_model_in_memory_with_a_smaller_window_has_to_be_loaded_again(ollama: "Loopback") -> None:
    ollama.says("/api/tags", {"models": [ollama.tag("llama3.1:8b", size=5_000_000_000)]})
    loads = []
    for window in (2048, 16384):
        loaded = {"name": "llama3.1:8b", "size": 5_000_000_000, "context_length": window}
        ollama.says("/api/ps", {"models": [loaded]})
        found = surveyed(Settings(ollama_host=ollama.url))
        [ranked] = decided(found).order
        assert ranked.candidate.resident
        assert ranked.expected is not None
        loads.append(ranked.expected.load)
    assert loads[0] > 1
    assert loads[1] == 0


def decided(found: Survey) -> Decision:
    policy = load_policy()
    need = policy.need("breakdown", deadline=100_000.0, sizes=(2000, 500))
    return decide(need, found.candidates, hardware=found.hardware, policy=policy)


@pytest.mark.parametrize("holds", [True, False])
def test_that_a_server_holds_a_schema_is_known_from_a_probe_and_from_nothing_else(*, holds: bool) -> None:
    playing = Playing() if holds else Playing(takes=nothing)
    request = Request(
        purpose="test",
        model="tiny",
        messages=(Message(role="user", content="A plan"),),
        schema={"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]},
    )

    async def ask(url: str) -> None:
        async with OpenAIBackend(url, findings=findings) as backend:
            async for _ in backend.stream(request):
                pass

    def known(url: str) -> Candidate:
        with kept_in(findings):
            [candidate] = surveyed(Settings(ollama_host=":1", openai_host=url)).candidates
        return candidate

    findings = FindingsInMemory()
    with serving(playing) as server:
        assert known(server.url).structured is None
        asyncio.run(ask(server.url))
        asked = len(playing.bodies)
        assert known(server.url).structured is holds
        assert len(playing.bodies) == asked  # a survey asks no model
