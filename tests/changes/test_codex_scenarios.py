"""V4A patches of two other tools, by their own samples: codex's scenarios and VS Code's malformed patches.

Sources: the data folders codex_apply_patch_scenarios and vscode_copilot_apply_patch. In compatibility mode every
result is theirs byte for byte. In the default mode it is theirs too, but for the cases listed here;
docs/edit-formats.md says why.
"""

import json
from pathlib import Path

import pytest

from prentice.changes.change import Change
from prentice.changes.codex import apply_patch
from prentice.changes.files import Files
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

STRICTER = {
    "011_add_overwrites_existing_file": "exists",
    "23.patch": "doubtful",
    "26.patch": "doubtful",
    "33.patch": "doubtful",
}
OWN_ENDING = "024_preserves_mixed_line_endings"


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
        if scenario.name in STRICTER:
            assert isinstance(result, Refusal)
            assert result.code == STRICTER[scenario.name]
        elif scenario.name == OWN_ENDING:
            assert isinstance(result, Change)
            assert result.files[0].new == b"one\r\ntwo\rTHREE\nfour\r\n"
        else:
            done = after(result, before) if isinstance(result, Change) else before
            assert done == tree(scenario / "expected"), scenario.name


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
