import pytest

from prentice.backends.openai.address import VARIABLE, base_url, configured_url, root_url
from prentice.errors import ConfigError


@pytest.mark.parametrize(
    "written",
    [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8080/v1",
        "http://127.0.0.1:8080/v1/",
        "http://127.0.0.1:8080/v1/v1",
        "http://127.0.0.1:8080/v1/chat/completions",
        "http://127.0.0.1:8080/chat/completions",
        "http://127.0.0.1:8080//v1//models/",
        "HTTP://127.0.0.1:8080/v1",
        "127.0.0.1:8080",
        " '127.0.0.1:8080/v1' ",
        "http://0.0.0.0:8080",
        ":8080",
        "8080",
    ],
)
def test_all_spellings_of_one_address_are_one_url(written: str) -> None:
    assert base_url(written) == "http://127.0.0.1:8080/v1"


@pytest.mark.parametrize(
    ("written", "url", "root"),
    [
        ("localhost:1234", "http://localhost:1234/v1", "http://localhost:1234"),
        ("http://localhost:12434/engines/v1", "http://localhost:12434/engines/v1", "http://localhost:12434/engines"),
        ("http://localhost:12434/engines", "http://localhost:12434/engines/v1", "http://localhost:12434/engines"),
        ("http://localhost:1234/api/v0", "http://localhost:1234/api/v0", "http://localhost:1234/api"),
        ("https://Box.Example/llm/", "https://box.example/llm/v1", "https://box.example/llm"),
        ("http://[::]:8000", "http://[::1]:8000/v1", "http://[::1]:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1", "http://[::1]:8000"),
    ],
)
def test_a_path_of_the_servers_own_is_kept(written: str, url: str, root: str) -> None:
    assert base_url(written) == url
    assert root_url(url) == root


@pytest.mark.parametrize(
    "written",
    ["ftp://127.0.0.1", "http://127.0.0.1:port", "http://127.0.0.1:99999", "http://a b", "http://h/v1?x=1",
     "http://h/v1#x", "http://h/a b", "http://[::1", "unix:///run/x.sock"],
)  # fmt: skip
def test_what_is_no_address_is_an_error_that_names_the_setting(written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_url(written)
    assert "openai.host" in caught.value.next_step


@pytest.mark.parametrize("written", ["http://me:s3cret@h/v1", "http://s3cret@127.0.0.1:8080", "s3cret@h:80"])
def test_an_address_with_a_password_is_refused_and_not_shown(written: str) -> None:
    with pytest.raises(ConfigError) as caught:
        base_url(written)
    assert "s3cret" not in caught.value.message + caught.value.next_step
    assert "openai.key_variable" in caught.value.next_step


def test_without_an_address_the_variable_is_read_and_else_the_usual_ports_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "http://127.0.0.1:4000")
    assert configured_url() == "http://127.0.0.1:4000/v1"
    assert configured_url("127.0.0.1:1") == "http://127.0.0.1:1/v1"
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(ConfigError) as caught:
        configured_url()
    assert "1234" in caught.value.next_step
