import pytest

from prentice.backends.ollama.host import configured_url, ollama_url
from prentice.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("   ", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        (":1234", "http://127.0.0.1:1234"),
        (":0", "http://127.0.0.1:0"),
        (":66000", "http://127.0.0.1:11434"),
        (":-1", "http://127.0.0.1:11434"),
        ("localhost:", "http://localhost:11434"),
        ("localhost:pool", "http://localhost:11434"),
        ("example.com", "http://example.com:11434"),
        ("example.com:1234", "http://example.com:1234"),
        ("example.com:1234/", "http://example.com:1234"),
        ("example.com/ollama", "http://example.com:11434/ollama"),
        ("[::1]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("[::]", "http://[::1]:11434"),
        ("[::]:8080", "http://[::1]:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("http://0.0.0.0:8080/", "http://127.0.0.1:8080"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434"),
        ('"1.2.3.4"', "http://1.2.3.4:11434"),
        ("'1.2.3.4:99'", "http://1.2.3.4:99"),
        (' " 1.2.3.4 " ', "http://1.2.3.4:11434"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("HTTP://1.2.3.4", "http://1.2.3.4:80"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
        ("http://1.2.3.4:pool", "http://1.2.3.4:80"),
        ("http://", "http://127.0.0.1:80"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("https://1.2.3.4:4321", "https://1.2.3.4:4321"),
        ("https://[::1]", "https://[::1]:443"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
        ("https://example.com/a/b/", "https://example.com:443/a/b"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_every_form_that_ollama_accepts_becomes_one_url(text: str, url: str) -> None:
    assert ollama_url(text) == url
    assert ollama_url(url) == url


@pytest.mark.parametrize(
    "text",
    ["ftp://127.0.0.1", "127.0.0.1@evil.example", "evil.example\\", "a b", "http://x/\r\nHost: y", "host/?q", "héte"],
)
def test_what_is_no_address_is_a_config_error_that_shows_one(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ollama_url(text)
    assert "http://127.0.0.1:11434" in caught.value.next_step


def test_a_password_in_front_of_another_host_does_not_reach_that_host() -> None:
    assert ollama_url("127.0.0.1:secret@evil.example") == "http://127.0.0.1:11434"


def test_the_setting_goes_over_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:7")
    assert configured_url() == "http://127.0.0.1:7"
    assert configured_url(":8") == "http://127.0.0.1:8"
