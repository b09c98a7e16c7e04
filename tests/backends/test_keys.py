import builtins
import copy
import pickle
from collections.abc import Iterator
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from prentice.backends.keys import SHOWN, Key, find_key
from prentice.errors import ConfigError
from prentice.extras import install_command

SECRET = "sk-a1B2c3D4"


class Drawer(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # keyring's own
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked(f"the drawer with {SECRET} is locked")
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def drawer() -> Iterator[Drawer]:
    before = keyring.get_keyring()
    drawer = Drawer()
    keyring.set_keyring(drawer)
    yield drawer
    keyring.set_keyring(before)


def found(variable: str = "MY_KEY", service: str = "") -> Key | None:
    return find_key(variable=variable, service=service, account="127.0.0.1:8000")


def test_a_key_comes_from_the_variable_first_and_then_from_the_keyring(
    drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    drawer.set_password("prentice", "127.0.0.1:8000", SECRET)
    drawer.set_password("prentice", "127.0.0.1:9", "other")
    assert found() is None
    assert (key := found(service="prentice")) is not None
    assert key.authorization == f"Bearer {SECRET}"
    monkeypatch.setenv("MY_KEY", " of-the-variable ")
    assert (key := found(service="prentice")) is not None
    assert key.authorization == "Bearer of-the-variable"


def test_an_empty_variable_or_drawer_is_no_key(drawer: Drawer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "  ")
    drawer.set_password("prentice", "127.0.0.1:8000", "")
    assert found(service="prentice") is None
    assert found(variable="", service="") is None


def test_a_locked_keyring_says_so_and_nothing_of_its_contents(drawer: Drawer) -> None:
    drawer.locked = True
    with pytest.raises(ConfigError, match="KeyringLocked") as caught:
        found(variable="", service="prentice")
    assert SECRET not in str(caught.value.document())
    assert "keyring get prentice 127.0.0.1:8000" in caught.value.next_step


def test_without_the_package_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **more: Any) -> Any:
        if name.partition(".")[0] == "keyring":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError) as caught:
        found(variable="", service="prentice")
    assert install_command("keyring") in caught.value.next_step


@pytest.mark.parametrize("value", ["two words", "line\nend", "schlüssel", "a\x00b", "k" * 5000])
def test_what_cannot_be_a_key_is_refused_and_not_shown(drawer: Drawer, value: str) -> None:
    drawer.set_password("prentice", "127.0.0.1:8000", value)
    with pytest.raises(ConfigError) as caught:
        found(variable="", service="prentice")
    assert value not in str(caught.value.document())


def test_a_key_shows_itself_nowhere() -> None:
    key = Key(SECRET)
    assert SECRET not in f"{key} {key!r} {[key]}"
    with pytest.raises(TypeError):
        pickle.dumps(key)
    with pytest.raises(TypeError):
        copy.deepcopy(key)


def test_a_key_is_taken_out_of_a_text() -> None:
    assert Key(SECRET).hidden_in(f"key={SECRET}, Bearer{SECRET}!") == f"key={SHOWN}, Bearer{SHOWN}!"
    assert Key("a.b+c").hidden_in("a.b+c axbbc") == f"{SHOWN} axbbc"


def test_a_short_key_is_taken_out_only_as_a_word() -> None:
    assert Key("key").hidden_in("the monkey at the keyhole has a key.") == f"the monkey at the keyhole has a {SHOWN}."
