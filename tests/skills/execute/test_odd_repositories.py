"""Repositories in states that nobody plans for: the task is carried out all the same, or refused with the reason."""

import os
from typing import Any

import prentice
from prentice.changes.formats import Format
from skills.execute.calculator import CALC, FILES, MENDED, TASK, Bench, answer
from workspace.trees import git, repository, write


def test_a_repository_without_a_commit(project: Bench) -> None:
    empty = project.beside / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet", "--initial-branch=main")
    write(empty, FILES)
    its = Bench(empty, project.beside)
    before = its.picture()
    [document] = its.opened(answer(Format.SYMBOL)).execute(TASK)
    assert (document["state"], document["base"]) == ("proposed", "")
    assert its.picture() == before


def test_a_detached_head_and_a_merge_in_progress(project: Bench) -> None:
    git(project.root, "checkout", "--quiet", "-b", "side")
    write(project.root, {"calc.py": CALC + "\n# side\n"})
    git(project.root, "commit", "--quiet", "--all", "--message=side")
    git(project.root, "checkout", "--quiet", "--detach", "main")
    write(project.root, {"calc.py": CALC + "\n# here\n"})
    git(project.root, "commit", "--quiet", "--all", "--message=here")
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    (project.root / ".git" / "MERGE_HEAD").write_text(git(project.root, "rev-parse", "side"), encoding="utf-8")
    before = project.picture()
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    assert project.picture() == before


def test_a_project_below_the_top_of_its_repository(project: Bench) -> None:
    top = repository(
        project.beside / "top", {"README.md": "# Top\n", **{f"part/{name}": text for name, text in FILES.items()}}
    )
    its = Bench(top / "part", project.beside)
    task = its.task()
    [document] = its.opened(answer(Format.SYMBOL)).execute(task)
    assert (document["state"], document["files"]) == ("proposed", ["calc.py"])
    its.opened(actor="person").apply(document["run_id"])
    assert (its.root / "calc.py").read_text(encoding="utf-8") == MENDED


def test_odd_names_large_files_and_hard_links_are_in_nobodys_way(project: Bench) -> None:
    write(project.root, {"a\nb.py": "x = 1\n", "data.bin": b"\0" * 50_000_000, "-rf": "x\n", "bad\udcff.py": "y = 1\n"})
    os.link(project.root / "calc.py", project.beside / "hard.py")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message=odd")
    before = project.picture()
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    assert document["state"] == "proposed"
    assert project.picture() == before
    project.opened(actor="person").apply(document["run_id"])
    assert (project.beside / "hard.py").read_text(encoding="utf-8") == CALC


def test_a_file_of_millions_of_lines_is_handed_over_instead_of_shown_to_a_model(project: Bench) -> None:
    write(project.root, {"calc.py": CALC + "".join(f"X{number} = {number}\n" for number in range(3_000_000))})
    git(project.root, "commit", "--quiet", "--all", "--message=large")
    before = project.picture()
    [document] = project.opened(answer(Format.SYMBOL)).execute(TASK, anyway=True)
    assert document["state"] == "handed_off"
    assert "calc.py (55 MB)" in document["why"]
    assert "calc.py" in document["handoff"]["prompt"]
    assert project.picture() == before


def test_an_empty_directory_has_nothing_to_carry_out(project: Bench) -> None:
    nothing = project.beside / "nothing"
    nothing.mkdir()
    opened = prentice.open(nothing, backend="builtin")
    [document] = opened.execute(TASK, anyway=True)
    assert document["state"] == "handed_off"
    assert list(nothing.iterdir()) == []


def test_a_tree_that_cannot_be_written_is_only_read(project: Bench) -> None:
    directories = [project.root, *(path for path in project.root.rglob("*") if path.is_dir())]
    for path in directories:
        path.chmod(0o555)
    try:
        [document] = project.opened(answer(Format.SYMBOL)).execute(TASK)
    finally:
        for path in directories:
            path.chmod(0o755)
    assert document["state"] == "proposed"


def test_a_prompt_that_does_not_fit_is_packed_smaller_until_it_does(project: Bench) -> None:
    long = CALC + "".join(f"\n\ndef f{number}(a):\n    return a + {number}\n" for number in range(300))
    write(project.root, {"calc.py": long})
    git(project.root, "commit", "--quiet", "--all", "--message=long")
    too_long = {"error": "prompt_too_long"}
    right = answer(Format.SEARCH_REPLACE, old=long, new=long.replace("return a - b", "return a + b"))
    [document] = project.opened(too_long, too_long, right).execute(TASK, format="search-replace")
    assert document["state"] == "proposed"
    shown = [sum(entry["tokens"] for entry in packed["manifest"]) for packed in packings(project, document["run_id"])]
    assert len(shown) == 3
    assert shown[0] > shown[1] > shown[2]
    opened = project.opened(too_long, too_long, too_long, too_long)
    [document] = opened.execute(TASK)
    assert document["state"] == "refused"
    assert "prompt_too_long" in document["why"]


def packings(project: Bench, run: str) -> list[dict[str, Any]]:
    """Give the prompts that a run wrote, in order."""
    steps = project.opened().run_document(run)["steps"]
    return [step["result"] for step in steps if step["name"] == "execute.choose"]
