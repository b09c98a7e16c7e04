import json
import struct
from pathlib import Path

import pytest

from prentice.backends.mlx.warm import on_disk, place_of

IDENTITY = "0123456789abcdef" * 4


def kept(root: Path, name: str, **told: object) -> None:
    """Write a file as safetensors begins: the length of a header, and the header."""
    header = json.dumps({"__metadata__": told}).encode()
    place = place_of(IDENTITY, root=root)
    place.mkdir(parents=True, exist_ok=True)
    (place / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)


def test_the_longest_beginning_of_each_purpose_counts(tmp_path: Path) -> None:
    kept(tmp_path, "a", tokens=json.dumps([1] * 300), purpose="breakdown")
    kept(tmp_path, "b", tokens=json.dumps([1] * 700), purpose="breakdown")
    kept(tmp_path, "c", tokens=json.dumps([1] * 90), purpose="execute")
    kept(tmp_path, "d", tokens=json.dumps([1] * 900))  # written before purposes were kept
    assert on_disk(IDENTITY, root=tmp_path) == {"breakdown": 700, "execute": 90}
    assert on_disk("f" * 64, root=tmp_path) == {}


@pytest.mark.parametrize("content", [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0[]", b"\0" * 20])
def test_what_is_no_such_file_is_passed_over(tmp_path: Path, content: bytes) -> None:
    kept(tmp_path, "a", tokens=json.dumps([1] * 300), purpose="breakdown")
    (place_of(IDENTITY, root=tmp_path) / "b.safetensors").write_bytes(content)
    assert on_disk(IDENTITY, root=tmp_path) == {"breakdown": 300}
