from pathlib import Path

import pytest

from prentice.changes.files import LINK, File, Files
from prentice.changes.formats import Target
from prentice.context.conventions import conventions
from prentice.context.packing import Packed, pack
from prentice.context.ranking import Ranked

SOURCE = "import os\n\n\n" + "\n\n".join(
    f"def handler_{number}(value: int) -> int:\n    '''Handle case {number}.'''\n    return value + {number}\n"
    for number in range(60)
)
FILES = Files(
    {
        "app/core.py": SOURCE.encode(),
        "app/small.py": b"LIMIT = 3\n",
        "app/other.py": SOURCE.replace("handler", "worker").encode(),
        ".env": b"TOKEN=hunter2\n",
        "app/blob.py": b"\0\0",
        "app/link.py": File(content=b"/etc/passwd", mode=LINK),
        "old.py": "# caf\xe9\r\nx = 1\r\n".encode("latin-1"),
    }
)


def ranked(*paths: str) -> list[Ranked]:
    return [Ranked(path, 1.0 / place, ("its text",)) for place, path in enumerate(paths, start=1)]


def shown(packed: Packed) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in packed.parts:
        found.setdefault(part.path, []).append(part.kind)
    return found


def test_a_target_file_that_fits_is_shown_whole_and_first() -> None:
    packed = pack(FILES, ranked("app/small.py"), targets=[Target(path="app/core.py")], budget=8000)
    assert packed.parts[0].text == SOURCE
    assert shown(packed) == {"app/core.py": ["whole"], "app/small.py": ["whole"]}
    assert packed.manifest[0] == {
        "path": "app/core.py", "shown": "whole", "tokens": packed.parts[0].tokens, "cut": 0, "why": "the target",
    }  # fmt: skip


def test_a_target_symbol_is_shown_with_the_imports_and_the_outline_of_its_file() -> None:
    packed = pack(FILES, [], targets=[Target(path="app/core.py", symbol="handler_7")], budget=3000)
    symbol, top, rest = packed.parts
    assert (symbol.kind, symbol.symbol) == ("symbol", "handler_7")
    assert symbol.text.startswith("def handler_7(")
    assert "handler_8" not in symbol.text
    assert (top.kind, top.text) == ("excerpt", "import os\n")
    assert rest.kind == "outline"
    assert "handler_59(value: int) -> int" in rest.text
    assert packed.manifest[0]["cut"] > 0


def test_two_targets_in_one_file_share_its_surroundings() -> None:
    targets = [Target(path="app/core.py", symbol=f"handler_{number}") for number in (1, 2)]
    packed = pack(FILES, [], targets=targets, budget=3000)
    assert shown(packed)["app/core.py"] == ["symbol", "excerpt", "outline", "symbol"]


def test_a_symbol_that_is_not_there_has_its_file_shown() -> None:
    assert shown(pack(FILES, [], targets=[Target(path="app/core.py", symbol="nowhere")], budget=8000)) == {
        "app/core.py": ["whole"]
    }


@pytest.mark.parametrize("budget", [0, 10, 100, 500, 1000, 3000, 20_000])
def test_the_budget_is_kept_and_everything_considered_is_in_the_manifest(tmp_path: Path, budget: int) -> None:
    (tmp_path / "AGENTS.md").write_text("Use tabs.\n" * 200, encoding="utf-8")
    packed = pack(
        FILES,
        ranked("app/other.py", "app/small.py", "old.py", ".env", "app/blob.py"),
        targets=[Target(path="app/core.py")],
        budget=budget,
        text="handler_5 returns too much",
        conventions=conventions(tmp_path),
    )
    assert packed.tokens <= budget
    assert sum(entry["tokens"] for entry in packed.manifest) == packed.tokens
    considered = {"app/core.py", "AGENTS.md", "app/other.py", "app/small.py", "old.py", ".env", "app/blob.py"}
    assert {entry["path"] for entry in packed.manifest} == considered
    assert packed.document()["tokens"] == packed.tokens


def test_a_target_too_long_to_show_is_cut_to_the_passages_close_to_the_task_and_says_so() -> None:
    packed = pack(FILES, [], targets=[Target(path="app/core.py")], budget=800, text="handler_41 is wrong")
    (part,) = packed.parts
    assert part.kind == "excerpt"
    assert "def handler_41(" in part.text
    assert "(lines " in part.text
    assert packed.manifest[0]["why"] == "the target, too long to show whole"
    assert packed.manifest[0]["cut"] > 0


def test_files_that_are_no_target_leave_room_for_the_next() -> None:
    packed = pack(FILES, ranked("app/other.py", "app/small.py"), targets=[], budget=1500, text="worker_3")
    assert shown(packed) == {"app/other.py": ["excerpt"], "app/small.py": ["whole"]}


def test_without_a_text_a_long_file_is_shown_as_its_outline() -> None:
    packed = pack(FILES, ranked("app/other.py"), targets=[], budget=1500)
    assert shown(packed) == {"app/other.py": ["outline"]}
    assert packed.parts[0].text.startswith("4: def worker_0(value: int) -> int\n")


@pytest.mark.parametrize("path", [".env", "app/blob.py", "app/link.py", "gone.py"])
def test_secrets_binaries_links_and_absent_files_are_never_shown(path: str) -> None:
    packed = pack(FILES, ranked(path), targets=[Target(path=path)], budget=8000)
    assert packed.parts == ()
    assert [entry["shown"] for entry in packed.manifest] == ["nothing"]


def test_latin_1_and_other_line_endings_are_shown_as_plain_text() -> None:
    packed = pack(FILES, [], targets=[Target(path="old.py")], budget=100)
    assert packed.parts[0].text == "# café\nx = 1\n"


def test_conventions_take_a_small_share_and_are_cut_at_a_line(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("Write docstrings for all.\n" * 300, encoding="utf-8")
    packed = pack(FILES, [], targets=[], budget=2000, conventions=conventions(tmp_path))
    (part,) = packed.parts
    assert part.kind == "conventions"
    assert part.tokens <= 300
    assert part.text.endswith("for all.\n")
    assert packed.manifest[0]["cut"] > 0
