"""Probes leave a mark where changed statements are reached, and change nothing else."""

import ast
import contextlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prentice.workspace.checks.probes import Reach, probed, reach

SOURCES = sorted(Path(ast.__file__).parent.glob("[a-h]*.py"))[:40]


def reached(before: str, after: str, marks: Path) -> Reach:
    found = probed(before.encode(), after.encode(), marks=marks)
    assert found is not None
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(found.content, "probed", "exec"), {"__name__": "probed"})
    return reach(found.stretches, marks)


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("def f():\n    return 2\nf()\n", Reach(1, 1)),
        ("def f():\n    return 2\n", Reach(0, 1)),
        ("def f():\n    return 1\ndef g():\n    return 2\nx = 1\nf()\n", Reach(1, 2)),
        ("x = 1\nclass A:\n    pass\n", Reach(1, 1)),
        ("def f(): return 1\nx = f(); y = 3\n", Reach(1, 1)),
        ("if 1 == 2:\n    a = 1\nelif 1 == 1:\n    b = 2\nelse:\n    c = 3\n", Reach(1, 1)),
        ("try:\n    raise KeyError\nexcept KeyError:\n    seen = 1\n", Reach(1, 1)),
        ("@staticmethod\ndef g():\n    pass\n", Reach(0, 1)),
        ("if False:\n    x = (1,\n      2)\n", Reach(1, 1)),
        ("# only a comment\n", Reach(0, 0)),
        ('"""Only a docstring."""\n', Reach(0, 0)),
        ("from __future__ import annotations\nx = 1\n", Reach(1, 1)),
        ("for i in []:\n    x = 1\n", Reach(1, 1)),
        ("class A:\n    x = 'ü'; y = 2\n", Reach(1, 1)),
    ],
)
def test_changed_statements_count_as_reached_when_they_run(after: str, found: Reach, tmp_path: Path) -> None:
    assert reached("", after, tmp_path) == found


def test_each_changed_stretch_has_to_be_reached(tmp_path: Path) -> None:
    before = "def f():\n    return 1\n\n\ndef g():\n    return 1\n\n\nf()\n"
    after = before.replace("return 1", "return 2")
    found = reached(before, after, tmp_path)
    assert found == Reach(1, 2)
    assert not found.is_whole


def test_lines_that_were_taken_away_are_reached_with_what_follows(tmp_path: Path) -> None:
    before = "def f():\n    a = 1\n    b = 2\n    return 3\n\n\nf()\n"
    assert reached(before, before.replace("    b = 2\n", ""), tmp_path).is_whole


@pytest.mark.parametrize("after", [b"def f(:\n", b"x = 1\ry = 2\n", b"# coding: latin-1\nx = '\xe9'\n", b"\0"])
def test_what_cannot_be_probed_is_not(after: bytes, tmp_path: Path) -> None:
    assert probed(b"", after, marks=tmp_path) is None


def test_windows_line_endings_are_kept(tmp_path: Path) -> None:
    found = probed(b"", b"def f():\r\n    return 1\r\nf()\r\n", marks=tmp_path)
    assert found is not None
    assert found.content.count(b"\n") == found.content.count(b"\r\n")


@settings(max_examples=40)
@given(source=st.sampled_from(SOURCES))
def test_every_module_of_the_standard_library_parses_with_probes_everywhere(source: Path) -> None:
    content = source.read_bytes()
    found = probed(b"", content, marks=Path("/marks"))
    assert found is not None
    assert found.stretches
    assert [type(node) for node in ast.parse(found.content).body if isinstance(node, ast.FunctionDef)] == [
        type(node) for node in ast.parse(content).body if isinstance(node, ast.FunctionDef)
    ]
