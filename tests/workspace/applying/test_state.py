"""A path is made something else only if it still is what it was."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from prentice.store import atomic
from prentice.workspace.applying.state import ForeignError, State, put, settle

OLD, NEW = State(b"old\n", 0o640), State(b"new\n", 0o600)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "file"
    made.write_bytes(OLD.content)
    made.chmod(OLD.permissions)
    return made


def saving_first(do: Callable[..., Any], path: Path) -> Callable[..., Any]:
    """Let an editor save a file right before a call."""

    def called(*arguments: Any, **options: Any) -> Any:
        if path.exists():
            path.unlink()
        path.write_bytes(b"saved just now\n")
        return do(*arguments, **options)

    return called


def test_what_an_editor_saves_in_the_last_moment_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "exchanged", saving_first(atomic.exchanged, path))
    with pytest.raises(ForeignError):
        put(path, expected=OLD, wanted=NEW, aside=path.with_name("aside"))
    assert path.read_bytes() == b"saved just now\n"
    assert list(path.parent.iterdir()) == [path]


def test_what_an_editor_saves_while_a_file_is_deleted_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "replace", saving_first(os.replace, path))
    with pytest.raises(ForeignError):
        put(path, expected=OLD, wanted=None, aside=path.with_name("aside"))
    monkeypatch.undo()
    assert path.read_bytes() == b"saved just now\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_comes_up_where_a_new_one_goes_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.unlink()
    monkeypatch.setattr(os, "link", saving_first(os.link, path))
    with pytest.raises(ForeignError):
        put(path, expected=None, wanted=NEW, aside=path.with_name("aside"))
    assert path.read_bytes() == b"saved just now\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_path_that_holds_something_else_is_left_alone(path: Path) -> None:
    for expected in (None, State(OLD.content, 0o644), State(b"older\n", 0o640)):
        with pytest.raises(ForeignError):
            put(path, expected=expected, wanted=NEW, aside=path.with_name("aside"))
    assert State.of(path) == OLD


def test_where_the_system_cannot_exchange_names_the_file_is_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic, "exchanged", lambda *_paths: False)
    put(path, expected=OLD, wanted=NEW, aside=path.with_name("aside"))
    assert State.of(path) == NEW
    assert list(path.parent.iterdir()) == [path]


def test_foreign_bytes_that_a_crash_left_aside_go_back_to_their_path(path: Path) -> None:
    aside = path.with_name("aside")
    aside.write_bytes(b"saved just then\n")
    settle(path, aside=aside, known=(OLD, NEW))
    assert path.read_bytes() == b"saved just then\n"
    assert not aside.exists()


@pytest.mark.parametrize(("content", "mode"), [(b"old\n", 0o640), (b"new\n", 0o600), (b"ne", 0o600), (b"", 0o600)])
def test_our_own_bytes_that_a_crash_left_aside_are_removed(path: Path, content: bytes, mode: int) -> None:
    aside = path.with_name("aside")
    aside.write_bytes(content)
    aside.chmod(mode)
    settle(path, aside=aside, known=(OLD, NEW))
    assert State.of(path) == OLD
    assert not aside.exists()


def test_extended_attributes_of_the_file_stay(path: Path) -> None:
    try:
        os.setxattr(path, "user.prentice-test", b"kept")
    except (OSError, AttributeError):
        pytest.skip("this file system has no extended attributes")
    put(path, expected=OLD, wanted=NEW, aside=path.with_name("aside"))
    assert os.getxattr(path, "user.prentice-test") == b"kept"
