"""V4A patches of two other tools, by their own samples: codex's scenarios and VS Code's malformed patches.

Sources: the data folders codex_apply_patch_scenarios and vscode_copilot_apply_patch. In compatibility mode every
result is theirs byte for byte. In the default mode it is theirs too, but for the cases listed here;
docs/edit-formats.md says why.
"""

import json
import re
from itertools import zip_longest
from pathlib import Path

import pytest

from prentice.changes.change import Change
from prentice.changes.codex import apply_patch
from prentice.changes.files import Files
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

FEWER = "fewer bytes"
"""Stands for a difference that is no refusal: a part of what the other tools change is left as it was."""


def differences() -> dict[str, str]:
    """Give the table of differences in docs/edit-formats.md: the code of the refusal by sample or by case."""
    page = (Path(__file__).parents[2] / "docs" / "edit-formats.md").read_text("utf-8")
    section = page.partition("## Compatibility with other tools' patches")[2].partition("\n## ")[0]
    table: dict[str, str] = {}
    for row in re.findall(r"(?m)^\| (.+) \|$", section.partition("\n|---|")[2].partition("\n\n")[0]):
        case, _, here, _ = row.split(" | ")
        refusal = re.match(r"refused \(`(\w+)`\)", here)
        assert refusal or here.startswith(FEWER), row
        for name in re.findall(r"`([\w.]+)`", case) or [case]:
            table[name] = refusal[1] if refusal else FEWER
    return table


STRICTER = differences()


def tree(directory: Path) -> dict[str, bytes]:
    if not directory.is_dir():
        return {}
    return {
        file.relative_to(directory).as_posix(): file.read_bytes() for file in directory.rglob("*") if file.is_file()
    }


def after(change: Change, before: dict[str, bytes]) -> dict[str, bytes]:
    result = dict(before)
    for file in change.files:
        result.pop(file.old_path, None)
    return result | {file.path: file.new for file in change.files if file.after}


def by_default(patch: str, files: dict[str, bytes]) -> Change | Refusal:
    parsed = parse(patch)
    return parsed if isinstance(parsed, Refusal) else resolve(parsed.edits, Files(files))


def scenarios(data: Path) -> list[Path]:
    found = sorted((data / "codex_apply_patch_scenarios" / "scenarios").glob("*/patch.txt"))
    assert len(found) >= 12
    return [patch.parent for patch in found]


def test_compatibility_mode_gives_every_scenarios_tree(data: Path) -> None:
    for scenario in scenarios(data):
        before = tree(scenario / "input")
        patched = apply_patch((scenario / "patch.txt").read_text(), Files(before))
        assert after(patched.change, before) == tree(scenario / "expected"), scenario.name
        assert bool(patched.failure) == ("reject" in scenario.name or "fail" in scenario.name), scenario.name


def test_the_default_mode_differs_where_the_docs_say_so(data: Path) -> None:
    for scenario in scenarios(data):
        before = tree(scenario / "input")
        result = by_default((scenario / "patch.txt").read_text(), before)
        if STRICTER.get(scenario.name) == FEWER:
            assert isinstance(result, Change)
            assert_fewer_bytes(before, after(result, before), tree(scenario / "expected"))
        elif scenario.name in STRICTER:
            assert isinstance(result, Refusal)
            assert result.code == STRICTER[scenario.name]
        else:
            done = after(result, before) if isinstance(result, Change) else before
            assert done == tree(scenario / "expected"), scenario.name


def assert_fewer_bytes(before: dict[str, bytes], ours: dict[str, bytes], theirs: dict[str, bytes]) -> None:
    """Check that whatever was changed here was changed there to the same, and something more there."""
    assert ours != theirs
    for path, old in before.items():
        here, there = changed_words(old, ours[path]), changed_words(old, theirs[path])
        assert here < there or here == there == frozenset(), (here, there)


def changed_words(old: bytes, new: bytes) -> frozenset[tuple[int, bytes, bytes]]:
    """Give what differs, word by word and line ending by line ending: where, and from what to what."""
    before, now = (re.findall(rb"\r\n|[\r\n]|[^\r\n]+", content) for content in (old, new))
    pairs = zip_longest(before, now, fillvalue=b"")
    return frozenset((number, one, other) for number, (one, other) in enumerate(pairs) if one != other)


def test_every_difference_that_the_docs_list_is_shown_by_a_test(data: Path) -> None:
    samples = {scenario.name for scenario in scenarios(data)} | {name for name, *_ in corpus(data)}
    assert set(STRICTER) <= samples | set(CASES)
    assert set(CASES) <= set(STRICTER)


def corpus(data: Path) -> list[tuple[str, str, bytes, bytes]]:
    found = sorted((data / "vscode_copilot_apply_patch" / "corpus").glob("*.patch"))
    assert len(found) >= 17
    cases = [(file.name, json.loads(file.read_text())) for file in found]
    return [
        (
            name,
            case["patch"].replace(case["fpath"], case["fpath"][1:]),
            case["original"].encode(),
            case["expected"].encode(),
        )
        for name, case in cases
    ]


def test_compatibility_mode_gives_every_corpus_text(data: Path) -> None:
    for name, patch, original, expected in corpus(data):
        path = patch.split("*** Update File: ")[1].split("\n")[0]
        patched = apply_patch(patch, Files({path: original}))
        assert patched.failure is None, name
        assert patched.change.files[0].new == expected, name


def test_the_default_mode_gives_the_corpus_text_or_refuses(data: Path) -> None:
    for name, patch, original, expected in corpus(data):
        path = patch.split("*** Update File: ")[1].split("\n")[0]
        result = by_default(patch, {path: original})
        if name in STRICTER:
            assert isinstance(result, Refusal)
            assert result.code == STRICTER[name]
        else:
            assert isinstance(result, Change), name
            assert result.files[0].new == expected, name


def test_new_lines_are_indented_with_the_lines_that_were_found(data: Path) -> None:
    folder = data / "vscode_copilot_apply_patch" / "corpus"
    call = (folder / "reindent-call.txt").read_text().replace("/Users/connor/Downloads/", "")
    original = (folder / "reindent-input.txt").read_bytes()
    expected = original.replace(b"    - item2b\n      - nested1", b"    - item20b\n      - nested3")
    assert expected != original
    assert apply_patch(call, Files({"hello.yml": original})).change.files[0].new == expected


CASES: dict[str, tuple[str, dict[str, bytes]]] = {
    "a move onto a file that is there": (
        "*** Update File: a\n*** Move to: d/b\n@@\n-x\n+1",
        {"a": b"x\n", "d/b": b"old\n"},
    ),
    "a failure behind edits that worked": (
        "*** Add File: new\n+x\n*** Update File: gone\n@@\n-x\n+1",
        {"other": b"x\n"},
    ),
    "lines that stand in several places": ("*** Update File: a\n@@\n-x\n+1", {"a": b"x\ny\nx\n"}),
    "a heading that does not stand in the file": ("*** Update File: a\n@@ class B:\n-x\n+1", {"a": b"x\ny\n"}),
    "a hunk that quotes nothing": ("*** Update File: a\n@@\n+added", {"a": b"one\n"}),
    "a file without final newline": ("*** Update File: a\n@@\n-x\n+1", {"a": b"x\ny"}),
}


@pytest.mark.parametrize("case", CASES)
def test_where_the_other_tools_guess_the_default_mode_refuses_or_leaves_more_as_it_was(case: str) -> None:
    inner, files = CASES[case]
    patch = f"*** Begin Patch\n{inner}\n*** End Patch"
    theirs = after(apply_patch(patch, Files(files)).change, files)
    assert theirs != files
    result = by_default(patch, files)
    if STRICTER[case] == FEWER:
        assert isinstance(result, Change)
        assert_fewer_bytes(files, after(result, files), theirs)
    else:
        assert isinstance(result, Refusal)
        assert result.code == STRICTER[case]


# -- behaviour of codex's tool that the sample does not show, as its documentation and other scenarios describe it -----


def run(patch: str, files: dict[str, bytes]) -> tuple[dict[str, bytes], str | None]:
    patched = apply_patch(patch, Files(files))
    return after(patched.change, files), patched.failure


def test_compatibility_mode_takes_the_first_place_behind_the_hunk_before() -> None:
    patch = "*** Begin Patch\n*** Update File: a\n@@\n-x\n+1\n@@\n-x\n+2\n*** End Patch"
    assert run(patch, {"a": b"x\ny\nx\nx\n"}) == ({"a": b"1\ny\n2\nx\n"}, None)


def test_compatibility_mode_moves_over_a_file() -> None:
    patch = "*** Begin Patch\n*** Update File: a\n*** Move to: d/b\n@@\n-x\n+1\n*** End Patch"
    assert run(patch, {"a": b"x\n", "d/b": b"old\n"}) == ({"d/b": b"1\n"}, None)


def test_compatibility_mode_keeps_what_was_done_before_a_failure() -> None:
    patch = "*** Begin Patch\n*** Add File: new\n+x\n*** Update File: gone\n@@\n-x\n+1\n*** End Patch"
    done, failure = run(patch, {})
    assert done == {"new": b"x\n"}
    assert failure


def test_compatibility_mode_appends_what_quotes_nothing_and_ends_the_file() -> None:
    patch = "*** Begin Patch\n*** Update File: a\n@@\n+added\n*** End Patch"
    assert run(patch, {"a": b"one"}) == ({"a": b"one\nadded\n"}, None)


@pytest.mark.parametrize("path", ["../x", "/etc/x", ".git/hooks/pre-commit", "a/../../x"])
def test_compatibility_mode_stays_inside_the_project_too(path: str) -> None:
    done, failure = run(f"*** Begin Patch\n*** Add File: {path}\n+x\n*** End Patch", {})
    assert done == {}
    assert failure
