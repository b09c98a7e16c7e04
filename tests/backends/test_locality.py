import ast
import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import prentice
from prentice.backends.connection import open_client
from prentice.backends.locality import Locality
from prentice.errors import ConfigError, RemoteRefusedError, WrongServerError

if TYPE_CHECKING:
    from backends.conftest import Loopback

SOURCE = Path(prentice.__file__).parent


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "[::1]",
        "::ffff:127.0.0.1",
        "0:0:0:0:0:0:0:1",
        "localhost",
        "LOCALHOST",
        "localhost.",
    ],
)
def test_loopback_hosts_pass(host: str) -> None:
    Locality().check_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "10.0.0.1", "0.0.0.0", "169.254.1.1", "8.8.8.8", "fe80::1", "ollama.com", "127.0.0.1.example.com",
     "localhost.example.com", "2130706433", "127.1", "0x7f000001", "\uff11\uff12\uff17.0.0.1", "0177.0.0.1",
     "017700000001", "127.000.000.001", "::", "::127.0.0.1", "64:ff9b::7f00:1", "::ffff:10.0.0.1", "local.host"],
)  # fmt: skip
def test_any_other_host_is_refused_and_told_how_to_allow_it(host: str) -> None:
    with pytest.raises(RemoteRefusedError) as caught:
        Locality().check_host(host)
    assert "allowed_hosts" in caught.value.next_step
    assert f'["{host.casefold()}"]' in caught.value.next_step


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


PROXIES = ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "no_proxy", "NO_PROXY")


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_proxies_of_the_environment_are_never_used_for_this_machine(
    loopback: "Loopback", no_proxies: pytest.MonkeyPatch, host: str
) -> None:
    for name in PROXIES[:-2]:
        no_proxies.setenv(name, "http://192.0.2.1:3128")
    loopback.says("/here", {"ok": True})

    async def ask() -> int:
        async with open_client(loopback.url.replace("127.0.0.1", host), locality=Locality()) as client:
            return (await client.get("/here")).status_code

    assert asyncio.run(ask()) == 200


def test_a_proxy_before_an_allowed_host_is_refused_by_name_and_without_its_password(
    no_proxies: pytest.MonkeyPatch,
) -> None:
    no_proxies.setenv("http_proxy", "http://user:secret@192.0.2.9:3128")
    with pytest.raises(RemoteRefusedError) as caught:
        open_client("http://192.0.2.1:11434", locality=Locality(allowed_hosts=("192.0.2.1",)))
    assert "192.0.2.9" in caught.value.message
    assert 'allowed_hosts = ["192.0.2.9"]' in caught.value.next_step
    assert "NO_PROXY=192.0.2.1" in caught.value.next_step
    assert "secret" not in f"{caught.value.document()}"


def test_an_allowed_proxy_carries_the_requests_to_an_allowed_host(
    loopback: "Loopback", no_proxies: pytest.MonkeyPatch
) -> None:
    no_proxies.setenv("http_proxy", loopback.url)
    loopback.says("http://192.0.2.1:11434/here", {"ok": True})

    async def ask() -> int:
        async with open_client("http://192.0.2.1:11434", locality=Locality(allowed_hosts=("192.0.2.1",))) as client:
            return (await client.get("/here")).status_code

    assert asyncio.run(ask()) == 200
    assert [item.path for item in loopback.asked] == ["http://192.0.2.1:11434/here"]


def test_a_proxy_that_is_switched_off_for_the_host_does_not_matter(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("http_proxy", "http://192.0.2.9:3128")
    no_proxies.setenv("no_proxy", "192.0.2.1")
    client = open_client("http://192.0.2.1:11434", locality=Locality(allowed_hosts=("192.0.2.1",)))
    asyncio.run(client.aclose())


def test_a_proxy_that_is_not_spoken_is_an_error_of_the_settings(no_proxies: pytest.MonkeyPatch) -> None:
    no_proxies.setenv("all_proxy", "socks5://127.0.0.1:1080")
    with pytest.raises(ConfigError, match="socks5"):
        open_client("http://192.0.2.1:11434", locality=Locality(allowed_hosts=("192.0.2.1",)))


def resolving(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let this machine's resolver answer so for every name that is no address."""
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host not in {"localhost", b"localhost"}:
            return real(host, port, *rest, **more)
        return [entry for address in addresses for entry in real(address, port, *rest, **more)]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


@pytest.mark.parametrize("addresses", [("192.0.2.1",), ("127.0.0.1", "192.0.2.1")])
def test_localhost_that_leads_elsewhere_is_refused(
    loopback: "Loopback", monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    resolving(monkeypatch, *addresses)
    with pytest.raises(RemoteRefusedError, match="localhost"):
        open_client(loopback.url.replace("127.0.0.1", "localhost"), locality=Locality())
    assert loopback.connections == 0


def test_localhost_that_turns_elsewhere_after_the_client_was_made_is_refused(
    loopback: "Loopback", monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        async with open_client(loopback.url.replace("127.0.0.1", "localhost"), locality=Locality()) as client:
            resolving(monkeypatch, "192.0.2.1")
            await client.get("/here")

    with pytest.raises(RemoteRefusedError):
        asyncio.run(ask())


def test_localhost_is_not_looked_up_again_between_the_check_and_the_connection(
    loopback: "Loopback", monkeypatch: pytest.MonkeyPatch
) -> None:
    """A resolver that answers otherwise the next time would lead the request elsewhere."""
    loopback.says("/here", {"ok": True})
    real, looked_up = socket.getaddrinfo, []

    def answer(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host in {"localhost", b"localhost"}:
            looked_up.append(port)
        return real("127.0.0.1" if port is None else host, port, *rest, **more)

    async def ask() -> int:
        async with open_client(loopback.url.replace("127.0.0.1", "localhost"), locality=Locality()) as client:
            monkeypatch.setattr(socket, "getaddrinfo", answer)
            return (await client.get("/here")).status_code

    assert asyncio.run(ask()) == 200
    assert set(looked_up) == {None}  # the checks ask for no port, a connection would


def test_localhost_is_tried_at_each_of_its_addresses_and_keeps_its_name(
    loopback: "Loopback", monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, "127.0.0.9", "127.0.0.1")
    loopback.says("/here", {"ok": True})

    async def ask() -> int:
        async with open_client(loopback.url.replace("127.0.0.1", "localhost"), locality=Locality()) as client:
            return (await client.post("/here", content=b"{}")).status_code

    assert asyncio.run(ask()) == 200
    assert loopback.asked[0].headers["host"].startswith("localhost:")


@pytest.mark.parametrize("host", ["127.0.0.1@192.0.2.1", "127.0.0.1.192.0.2.1.example", "[::ffff:192.0.2.1]"])
def test_an_address_dressed_up_as_this_machine_is_refused(host: str) -> None:
    with pytest.raises(RemoteRefusedError):
        open_client(f"http://{host}:11434", locality=Locality())


def test_an_address_is_listed_in_any_spelling_of_it() -> None:
    locality = Locality(allowed_hosts=("[FD00:0:0::1]:8080", "fd00::2", "Gpu.Example."))
    locality.check_host("fd00::1", port=8080)
    locality.check_host("[fd00:0::2]", port=1)
    locality.check_host("gpu.example")
    with pytest.raises(RemoteRefusedError):
        locality.check_host("fd00::1", port=80)


def test_connections_are_made_in_two_modules_alone() -> None:
    """Whoever else opens one would go past the guard."""
    openers = {"AsyncClient", "Client", "AsyncHTTPTransport", "HTTPTransport", "open_connection", "create_connection",
               "urlopen", "HTTPConnection", "HTTPSConnection", "open_unix_connection", "sock_connect"}  # fmt: skip
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
            if name in openers or (name == "socket" and isinstance(node, ast.Call)):
                found.add(path.relative_to(SOURCE).as_posix())
    assert found == {"backends/connection.py", "backends/probe.py"}
