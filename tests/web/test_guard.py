"""Who may ask the review page at all: every other way in is tried, and refused before anything is read or done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

import prentice
from prentice.web.guard import HEADERS
from prentice.web.keys import Keys
from prentice.web.site import DECIDE, READ, site
from prentice.web.visit import Place
from web.visitors import ORIGIN, PORT, Visitor, visiting

FORM = {"content-type": "application/x-www-form-urlencoded", "origin": ORIGIN}


def filled(path: str) -> str:
    for part in ("{task:path}", "{plan}", "{key:path}", "{run}", "{number:int}"):
        path = path.replace(part, {"{task:path}": "T-1", "{plan}": "P-1", "{run}": "R-1"}.get(part, "1"))
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    project = prentice.open(tmp_path)
    project.init()
    project.add("Add a cache")
    return tmp_path


@pytest.fixture
def visitor(root: Path) -> Iterator[Visitor]:
    with visiting(root) as found:
        yield found


@pytest.fixture
def stranger(root: Path) -> Iterator[tuple[TestClient, Place]]:
    place = Place(directory=root, keys=Keys(PORT))
    with TestClient(site(place), base_url=ORIGIN) as client:
        yield client, place


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_do_not_get(
    stranger: tuple[TestClient, Place],
) -> None:
    client, place = stranger
    answer = client.get("/", params={"token": place.keys.token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Domain" not in cookie
    assert place.keys.token not in cookie
    assert client.get("/").status_code == 200


@pytest.mark.parametrize("token", ["", "wrong", "x" * 5000, "\u202e", "%00"])
def test_a_wrong_token_opens_nothing(stranger: tuple[TestClient, Place], token: str) -> None:
    client, _ = stranger
    answer = client.get("/", params={"token": token}, follow_redirects=False)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_ticket_opens_once(stranger: tuple[TestClient, Place]) -> None:
    client, place = stranger
    ticket = place.keys.ticket()
    assert client.get("/", params={"token": ticket}, follow_redirects=False).status_code == 303
    client.cookies.clear()
    assert client.get("/", params={"token": ticket}, follow_redirects=False).status_code == 403
    assert client.get("/", params={"token": place.keys.token}, follow_redirects=False).status_code == 303


@pytest.mark.parametrize("path", [*map(filled, READ), "/nothing", "/tasks?text=cache"])
@pytest.mark.parametrize("cookie", ["", "prentice-8743=wrong", "prentice-8742=SESSION", "=;;=\x7f", "prentice-8743="])
def test_without_the_cookie_nothing_is_shown(stranger: tuple[TestClient, Place], path: str, cookie: str) -> None:
    client, place = stranger
    answer = client.get(path, headers={"cookie": cookie.replace("SESSION", place.keys.session)})
    assert answer.status_code == 403
    assert "Add a cache" not in answer.text
    assert "prentice web" in answer.text


@pytest.mark.parametrize("path", [filled(path) for path in DECIDE])
def test_without_the_cookie_nothing_is_decided(stranger: tuple[TestClient, Place], root: Path, path: str) -> None:
    client, place = stranger
    answer = client.post(path, data={"form": place.keys.form, "status": "In Progress"}, headers={"origin": ORIGIN})
    assert answer.status_code == 403
    assert prentice.open(root).task("T-1").status == "Todo"


@pytest.mark.parametrize(
    "host",
    ["attacker.example", f"attacker.example:{PORT}", "127.0.0.1", "127.0.0.1:80", f"127.0.0.2:{PORT}",
     f"0.0.0.0:{PORT}", f"127.0.0.1:{PORT}.attacker.example", f"user@127.0.0.1:{PORT}", "", f"[::1]:{PORT}"],
)  # fmt: skip
def test_a_name_that_was_made_to_lead_here_is_refused(visitor: Visitor, host: str) -> None:
    for path in ("/", "/assets/page.js", f"/?token={visitor.place.keys.token}"):
        answer = visitor.client.get(path, headers={"host": host}, follow_redirects=False)
        assert answer.status_code == 421
        assert "set-cookie" not in answer.headers


def test_localhost_is_the_same_machine(visitor: Visitor) -> None:
    cookie = f"prentice-{PORT}={visitor.place.keys.session}"
    assert visitor.client.get("/", headers={"host": f"localhost:{PORT}", "cookie": cookie}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "null"}, {"origin": "http://attacker.example"}, {"origin": f"http://localhost:{PORT}"},
     {"origin": f"https://127.0.0.1:{PORT}"}, {"origin": f"http://127.0.0.1:{PORT + 1}"}, {"origin": f"{ORIGIN}/"},
     {"origin": ORIGIN, "sec-fetch-site": "same-site"}, {"origin": ORIGIN, "sec-fetch-site": "cross-site"},
     {"origin": ORIGIN, "sec-fetch-site": "none"}],
)  # fmt: skip
def test_a_form_of_another_page_is_refused_though_the_browser_adds_the_cookie(
    visitor: Visitor, root: Path, headers: dict[str, str]
) -> None:
    sent = {"form": visitor.place.keys.form, "status": "In Progress"}
    answer = visitor.client.post("/tasks/T-1/status", data=sent, headers=headers)
    assert answer.status_code == 403
    assert "another page" in answer.text
    assert prentice.open(root).task("T-1").status == "Todo"


@pytest.mark.parametrize("key", ["", "wrong", "\u00e9"])
def test_a_form_without_its_token_is_refused(visitor: Visitor, root: Path, key: str) -> None:
    page = visitor.send("/tasks/T-1/status", token=key, code=400, status="In Progress")
    assert "nothing was done" in page
    assert prentice.open(root).task("T-1").status == "Todo"


def test_with_all_of_that_the_form_does_what_it_says(visitor: Visitor, root: Path) -> None:
    """Else the refusals above would prove nothing."""
    sent = {"form": visitor.place.keys.form, "status": "In Progress"}
    answer = visitor.client.post(
        "/tasks/T-1/status", data=sent, headers={"origin": ORIGIN, "sec-fetch-site": "same-origin"}
    )
    assert answer.status_code == 200
    assert prentice.open(root).task("T-1").status == "In Progress"


@pytest.mark.parametrize(
    ("body", "headers"),
    [(b'{"form": "KEY"}', {"content-type": "application/json"}), (b"form=KEY", {"content-type": "text/plain"}),
     (b"form=KEY", {"content-type": "multipart/form-data; boundary=x"}), (b"form=KEY&status=%ff", FORM),
     (b"form=KEY&" + b"a=1&" * 30_000, FORM), (b"form=KEY&a=" + b"a" * 2_000_001, FORM)],
)  # fmt: skip
def test_what_is_no_form_of_the_page_is_refused(
    visitor: Visitor, root: Path, body: bytes, headers: dict[str, str]
) -> None:
    sent = body.replace(b"KEY", visitor.place.keys.form.encode())
    answer = visitor.client.post("/tasks/T-1/status", content=sent, headers={"origin": ORIGIN, **headers})
    assert answer.status_code == 400
    assert prentice.open(root).task("T-1").status == "Todo"


@pytest.mark.parametrize("path", [filled(path) for path in DECIDE if path not in READ and "subtasks" not in path])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_an_address_that_decides_decides_nothing(visitor: Visitor, root: Path, path: str, method: str) -> None:
    answer = visitor.client.request(method, f"{path}?status=In+Progress&form={visitor.place.keys.form}")
    assert answer.status_code in {404, 405}
    assert prentice.open(root).task("T-1").status == "Todo"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_do_nothing(visitor: Visitor, method: str) -> None:
    assert visitor.client.request(method, "/tasks/T-1/status").status_code == 403
    assert visitor.client.request(method, "/tasks/T-1/status", headers={"origin": ORIGIN}).status_code == 405


@pytest.mark.parametrize(
    "path",
    ["/assets/../pyproject.toml", "/assets/..%2f..%2fpyproject.toml", "/assets/%2e%2e/site.py", "/assets/page.py",
     "/assets/page.css/../../keys.py", "/assets//etc/passwd", "/../../etc/passwd", "/tasks/..%2f..%2fetc%2fpasswd",
     "/changes/..%2f..%2fR-1", "/plans/%00", "/runs/R-99999999999999999999", "/plans/P-1/subtasks/..%2fx"],
)  # fmt: skip
def test_no_part_of_a_path_reaches_the_disk(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path)
    assert answer.status_code in {404, 409}
    assert "root:" not in answer.text
    assert "[project]" not in answer.text


@pytest.mark.parametrize("path", ["/", "/nothing", "/assets/page.css", "/tasks/T-9", "/tasks/T-1", "/?token=wrong"])
def test_every_answer_has_the_headers(visitor: Visitor, path: str) -> None:
    answer = visitor.client.get(path)
    for name, value in HEADERS.items():
        if (name, path) != ("cache-control", "/assets/page.css"):
            assert answer.headers[name] == value
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_an_address_followed_from_another_page_leads_to_the_start_once_and_to_nothing_else(
    stranger: tuple[TestClient, Place],
) -> None:
    """Browsers keep a strict cookie back on the whole way from another page, also past our own redirect."""
    client, _ = stranger
    elsewhere = {"sec-fetch-site": "cross-site"}
    answer = client.get("/", headers=elsewhere)
    assert (answer.status_code, "refresh" in answer.text) == (200, True)
    assert client.get("/", headers={"sec-fetch-site": "same-origin"}).status_code == 403
    for path in ("/tasks", "/?notice=1", "/changes/R-1"):
        assert client.get(path, headers=elsewhere).status_code == 403


def test_a_websocket_is_closed(visitor: Visitor) -> None:
    with pytest.raises(WebSocketDisconnect), visitor.client.websocket_connect("/"):
        pass


def test_a_page_holds_nothing_inline_and_nothing_from_elsewhere(visitor: Visitor) -> None:
    for path in ("/", "/tasks", "/tasks/T-1", "/runs"):
        page = visitor.get(path)
        for taken in ("<style", "style=", "onclick", "onload", "javascript:", "<script>", "//", "http:", "https:"):
            assert taken not in page.replace("<!doctype html>", ""), (path, taken)
