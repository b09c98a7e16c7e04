from pathlib import Path

import pytest

from prentice.context.conventions import MAX_LETTERS, MAX_TOTAL, conventions
from workspace.trees import write


def test_settings_of_formatters_and_linters_are_taken_out_of_shared_files(tmp_path: Path) -> None:
    project = (
        '[project]\nname = "demo"\n[tool.ruff]\nline-length = 99\n[tool.ruff.lint]\nselect = ["ALL"]\n[tool.hatch]\n'
    )
    write(
        tmp_path, {"pyproject.toml": project, "setup.cfg": "[metadata]\nname = demo\n[flake8]\nmax-line-length = 99\n"}
    )
    found = conventions(tmp_path)
    assert found.paths == ("pyproject.toml", "setup.cfg")
    assert [part.text for part in found.parts] == [
        '[tool.ruff]\nline-length = 99\n\n[tool.ruff.lint]\nselect = ["ALL"]', "[flake8]\nmax-line-length = 99",
    ]  # fmt: skip


def test_rules_for_agents_and_contributors_are_found_the_nearest_first(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "AGENTS.md": "Outer.", "app/AGENTS.md": "Inner.", "lib/AGENTS.md": "Elsewhere.",
            ".cursor/rules/a.mdc": "Rule.",
            ".github/CONTRIBUTING.md": "Guide.", ".editorconfig": "[*]\nindent_size = 2\n",
        },
    )  # fmt: skip
    found = conventions(tmp_path, near=["app/core/a.py"])
    assert [(part.path, part.kind) for part in found.parts] == [
        (".editorconfig", "settings"), ("app/AGENTS.md", "agent rules"), ("AGENTS.md", "agent rules"),
        (".cursor/rules/a.mdc", "agent rules"), (".github/CONTRIBUTING.md", "contributing"),
    ]  # fmt: skip
    assert "app/AGENTS.md:\nInner.\n" in found.text()


def test_each_file_and_all_together_are_bounded_and_what_was_left_out_is_told(tmp_path: Path) -> None:
    names = ("AGENTS.md", "CLAUDE.md", "GEMINI.md", "CONVENTIONS.md", ".cursorrules", ".windsurfrules")
    write(tmp_path, dict.fromkeys(names, "word " * 5000))
    found = conventions(tmp_path)
    assert all(len(part.text) <= MAX_LETTERS and part.cut > 0 for part in found.parts)
    assert sum(len(part.text) for part in found.parts) <= MAX_TOTAL
    assert set(found.paths) | set(found.unshown) == set(names)


def test_sections_on_code_come_first_in_a_long_guide(tmp_path: Path) -> None:
    manners = "# Contributing\n\nBe kind.\n\n## Issues\n\n" + "Fill in the form. " * 300
    write(tmp_path, {"CONTRIBUTING.md": f"{manners}\n\n## Code style\n\nUse four spaces.\n"})
    assert conventions(tmp_path).parts[0].text.startswith("## Code style\n\nUse four spaces.")


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\U000e0041", "\x1b"])
def test_characters_that_nobody_sees_are_taken_out(tmp_path: Path, hidden: str) -> None:
    write(tmp_path, {"AGENTS.md": f"Use{hidden} tabs.\n"})
    assert conventions(tmp_path).parts[0].text == "Use tabs."


def test_links_private_keys_and_paths_out_of_the_project_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, {"secret.md": "hunter2", "away/AGENTS.md": "hunter2", "away/rules/a.mdc": "hunter2"})
    root = write(tmp_path / "p", {"CLAUDE.md": "-----BEGIN PRIVATE KEY-----\nhunter2"})
    (root / "AGENTS.md").symlink_to(tmp_path / "secret.md")
    (root / "app").symlink_to(tmp_path / "away")
    (root / ".cursor").symlink_to(tmp_path / "away")
    assert conventions(root, near=["app/a.py", "../away/a.py", "/away/a.py"]).parts == ()


def test_a_project_without_conventions_has_none(tmp_path: Path) -> None:
    found = conventions(tmp_path)
    assert (found.parts, found.unshown, found.text()) == ((), (), "")
