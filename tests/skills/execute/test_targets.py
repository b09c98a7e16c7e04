"""What a task concerns: targets, new files, and the paths that may change."""

import pytest

from prentice.changes.files import LINK, File, Files
from prentice.changes.formats import Target
from prentice.skills.execute.targets import Aim, aim, sizes

HELPER = b"def helper():\n    return 2"
CODE = (
    b"class Box:\n    def open(self):\n        return 1\n\n    def shut(self):\n        return 0\n\n\n" + HELPER + b"\n"
)
TREE = Files(
    {
        "src/box.py": CODE,
        "src/other.py": b"def other():\n    return 1\n",
        "docs/box.md": b"# Box\n",
        "tests/test_box.py": b"def test_box():\n    assert True\n",
        "logo.png": b"\x89PNG\0",
        "link.py": File(content=b"src/box.py", mode=LINK),
    }
)


def found(
    text: str, *, category: str = "bug_fix", files: tuple[str, ...] = (), missing: tuple[str, ...] = (),
    symbols: dict[str, list[str]] | None = None, ranked: tuple[str, ...] = (),
) -> Aim:  # fmt: skip
    return aim(
        text, category=category, files=files, missing=missing, symbols=symbols or {}, ranked=ranked, snapshot=TREE
    )


def test_a_named_symbol_in_a_named_file_is_the_target() -> None:
    its = found("Fix `Box.open` in src/box.py", files=("src/box.py",), symbols={"Box.open": ["src/box.py:2"]})
    assert its.targets == (Target(path="src/box.py", symbol="Box.open"),)
    assert (its.allowed, its.named) == (("src/box.py",), ("src/box.py",))


def test_a_class_gives_way_to_its_named_method() -> None:
    its = found("x", files=("src/box.py",), symbols={"Box": ["src/box.py:1"], "shut": ["src/box.py:5"]})
    assert its.targets == (Target(path="src/box.py", symbol="Box.shut"),)


def test_a_symbol_alone_leads_to_the_one_file_that_defines_it() -> None:
    assert found("Fix helper()", symbols={"helper": ["src/box.py:9"]}).targets == (
        Target(path="src/box.py", symbol="helper"),
    )
    twice = {"helper": ["src/box.py:9", "src/other.py:1"]}
    assert found("Fix helper()", symbols=twice, ranked=("src/other.py",)).targets == (Target(path="src/other.py"),)


def test_where_nothing_is_named_the_two_best_found_files_may_change_and_no_other() -> None:
    its = found("Fix the box", ranked=("src/box.py", "src/other.py", "docs/box.md"))
    assert its.allowed == ("src/box.py", "src/other.py")
    assert its.named == ()


def test_a_file_that_does_not_exist_yet_is_to_be_made() -> None:
    its = found("Write docs/new.md", category="documentation", missing=("docs/new.md",), ranked=("src/box.py",))
    assert (its.targets, its.new, its.allowed) == ((), ("docs/new.md",), ("docs/new.md",))


@pytest.mark.parametrize("path", ["../x.py", "/etc/x.py", ".git/x.py", "src/box.py/x.py", "link.py/x.py"])
def test_no_file_is_to_be_made_outside_the_project_or_below_a_file(path: str) -> None:
    assert found("Write it", missing=(path,)).new == ()


@pytest.mark.parametrize("path", ["logo.png", "link.py", "src", "absent.py"])
def test_only_regular_texts_are_targets(path: str) -> None:
    assert found("Fix it", files=(path,)).targets == ()


def test_tests_for_a_module_go_into_its_test_file_and_the_module_is_only_shown() -> None:
    its = found(
        "Write tests for src/other.py", category="test_generation", files=("src/other.py",),
        symbols={"other": ["src/other.py:1"]},
    )  # fmt: skip
    assert (its.targets, its.new) == ((), ("tests/test_other.py",))
    assert its.shown == (Target(path="src/other.py", symbol="other"),)
    assert "src/other.py" not in its.allowed
    assert "tests/" in its.allowed


def test_tests_for_a_module_that_has_some_are_added_to_them() -> None:
    its = found("Write tests for src/box.py", category="test_generation", files=("src/box.py",))
    assert (its.targets, its.new) == ((Target(path="tests/test_box.py"),), ())
    assert its.shown == (Target(path="src/box.py"),)


def test_a_new_test_file_goes_where_the_others_are() -> None:
    beside = Files({"a.py": CODE, "b.py": CODE, "test_b.py": b"x = 1\n"})
    its = aim(
        "Test a.py", category="test_generation", files=("a.py",), missing=(), symbols={}, ranked=(), snapshot=beside
    )
    assert its.new == ("test_a.py",)
    assert "test_a.py" in its.allowed


@pytest.mark.parametrize(("text", "removing"), [("Remove `helper`", ("helper",)), ("Speed `helper` up", ())])
def test_what_a_task_wants_gone_may_go(text: str, removing: tuple[str, ...]) -> None:
    assert found(text, files=("src/box.py",), symbols={"helper": ["src/box.py:9"]}).removing == removing


def test_sizes_are_those_of_the_file_and_of_the_symbol() -> None:
    its = found("x", files=("src/box.py",), missing=("src/new.py",), symbols={"helper": []})
    [symbol, new] = sizes(its, TREE)
    assert (symbol.file, symbol.symbol, symbol.is_new) == (-(-(len(CODE) - 1) // 3), -(-len(HELPER) // 3), False)
    assert (new.path, new.is_new) == ("src/new.py", True)


def test_an_aim_survives_being_stored() -> None:
    its = found("Remove it", files=("src/box.py",), missing=("a.py",), symbols={"helper": []})
    assert Aim.from_document(its.document()) == its
