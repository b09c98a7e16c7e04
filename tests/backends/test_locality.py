import asyncio
from typing import TYPE_CHECKING

import pytest

from prentice.backends.connection import open_client
from prentice.backends.locality import Locality
from prentice.errors import RemoteRefusedError, WrongServerError

if TYPE_CHECKING:
    from backends.conftest import Loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "[::1]", "localhost", "LOCALHOST", "localhost."])
def test_loopback_hosts_pass(host: str) -> None:
    Locality().check_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "10.0.0.1", "0.0.0.0", "169.254.1.1", "8.8.8.8", "fe80::1", "ollama.com", "127.0.0.1.example.com",
     "localhost.example.com", "2130706433", "127.1", "0x7f000001", "\uff11\uff12\uff17.0.0.1"],
)  # fmt: skip
def test_any_other_host_is_refused_and_told_how_to_allow_it(host: str) -> None:
    with pytest.raises(RemoteRefusedError) as caught:
        Locality().check_host(host)
    assert "allowed_hosts" in caught.value.next_step
    assert host.casefold() in caught.value.next_step


def test_a_listed_host_passes_by_name_or_by_name_and_port() -> None:
    locality = Locality(allowed_hosts=("Gpu.Example", "10.0.0.2:11434"))
    locality.check_host("gpu.example", port=1)
    locality.check_host("10.0.0.2", port=11434)
    with pytest.raises(RemoteRefusedError):
        locality.check_host("10.0.0.2", port=80)
    with pytest.raises(RemoteRefusedError):
        locality.check_host("evil-gpu.example", port=1)


@pytest.mark.parametrize("name", ["kimi:cloud", "gpt-oss:120b-cloud", "GLM:CLOUD"])
def test_names_of_cloud_models_are_refused_unless_allowed(name: str) -> None:
    with pytest.raises(RemoteRefusedError) as caught:
        Locality().check_name(name)
    assert "allowed_remote_models" in caught.value.next_step
    Locality(allowed_remote_models=(name,)).check_name(name)


def test_a_local_model_may_have_cloud_inside_its_name() -> None:
    Locality().check_name("cloudy:7b")


@pytest.mark.parametrize("entry", [{"remote_host": "https://ollama.com"}, {"remote_model": "big"}])
def test_an_entry_that_tells_of_another_host_is_refused_unless_the_model_is_allowed(entry: dict[str, object]) -> None:
    with pytest.raises(RemoteRefusedError, match="innocent"):
        Locality().check_entry(entry, model="innocent:7b")
    with pytest.raises(RemoteRefusedError):
        Locality(allowed_remote_models=("innocent",)).check_entry(entry, model="innocent:7b")
    Locality(allowed_remote_models=("innocent:7b",)).check_entry(entry, model="innocent:7b")
    Locality(allowed_remote_models=("innocent",)).check_entry(entry, model="innocent:latest")


def test_empty_remote_fields_mean_local() -> None:
    Locality().check_entry({"remote_host": "", "remote_model": None}, model="m")


def test_a_client_for_another_host_is_not_even_made() -> None:
    with pytest.raises(RemoteRefusedError):
        open_client("http://192.0.2.1:11434", locality=Locality())


def test_each_request_is_checked_and_not_only_the_first_address() -> None:
    async def ask() -> None:
        async with open_client("http://127.0.0.1:9", locality=Locality()) as client:
            await client.get("http://192.0.2.1/api/version")

    with pytest.raises(RemoteRefusedError, match=r"192\.0\.2\.1"):
        asyncio.run(ask())


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("http://192.0.2.1/steal", RemoteRefusedError),
        ("/elsewhere", WrongServerError),
        ("http://[bad", RemoteRefusedError),
    ],
)
def test_redirects_are_not_followed(loopback: "Loopback", target: str, kind: type[Exception]) -> None:
    head = f"HTTP/1.1 307 Go\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n".encode()
    loopback.play("/api/chat", type(loopback.whole(""))((head,)))

    async def ask() -> None:
        async with open_client(loopback.url, locality=Locality()) as client:
            await client.post("/api/chat", content=b"{}")

    with pytest.raises(kind) as caught:
        asyncio.run(ask())
    assert target in str(caught.value)
    assert [item.path for item in loopback.asked] == ["/api/chat"]


def test_proxies_of_the_environment_are_not_used(loopback: "Loopback", monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:3128")
    monkeypatch.setenv("NO_PROXY", "")
    loopback.says("/here", {"ok": True})

    async def ask() -> int:
        async with open_client(loopback.url, locality=Locality()) as client:
            return (await client.get("/here")).status_code

    assert asyncio.run(ask()) == 200
