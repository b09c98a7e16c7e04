import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from prentice.errors import WriteFailedError
from prentice.store.atomic import replace_file


def test_a_file_is_made_or_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for data in (b"one", b"", b"two" * 100_000):
        replace_file(path, data)
        assert path.read_bytes() == data
    assert [other.name for other in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
@pytest.mark.parametrize("mode", [0o600, 0o664, 0o755])
def test_the_mode_of_a_replaced_file_stays(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"")
    path.chmod(mode)
    replace_file(path, b"x")
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
def test_a_new_files_mode_is_what_the_user_asks_of_every_program(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace_file(tmp_path / "a", b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_link_left_under_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    treasure = tmp_path / "treasure"
    treasure.write_bytes(b"mine")
    (tmp_path / f".a.{os.getpid()}-{threading.get_ident()}.tmp").symlink_to(treasure)
    replace_file(tmp_path / "a", b"x")
    assert treasure.read_bytes() == b"mine"
    assert not (tmp_path / "a").is_symlink()


def test_a_place_that_cannot_be_written_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    for path in (tmp_path / "gone" / "a", tmp_path / "directory", tmp_path / ("a" * 300)):
        with pytest.raises(WriteFailedError, match="as it was before"):
            replace_file(path, b"x")
    assert [other.name for other in tmp_path.iterdir()] == ["directory"]


def test_threads_that_replace_the_same_file_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "a"
    texts = [bytes([65 + number]) * 50_000 for number in range(8)]
    failed: list[BaseException] = []

    def write(text: bytes) -> None:
        try:
            for _ in range(10):
                replace_file(path, text)
        except WriteFailedError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert path.read_bytes() in texts
