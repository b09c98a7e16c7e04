import os
import subprocess
import time
from pathlib import Path

import pytest

from prentice.context import mentions
from prentice.context.repository import survey
from workspace.trees import write


def in_git(root: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


PROJECT = {
    "pyproject.toml": '[project]\nname = "demo"\n[dependency-groups]\ndev = ["pytest"]\n[tool.ruff]\n[tool.mypy]\n',
    "uv.lock": "",
    "README.md": "# Demo\n",
    "CHANGELOG.md": "",
    "src/demo/__init__.py": "",
    "src/demo/spell.py": "class Spell:\n    def close(self) -> None: ...\n\n\nLIMIT = 3\n",
    "src/demo/door.py": "class Door:\n    def close(self) -> None: ...\n",
    "src/demo/migrations/0001_first.py": "",
    "tests/test_spell.py": "def test_close() -> None: ...\n",
    "docs/usage.md": "",
    ".github/workflows/ci.yml": "",
    "web/page.ts": "export function drawPage(): void {}\n",
}


@pytest.mark.parametrize("prepare", [in_git, lambda root: root], ids=["git", "no git"])
def test_a_survey_knows_languages_manifests_checks_and_places(tmp_path: Path, prepare: object) -> None:
    root = write(tmp_path, PROJECT)
    prepare(root)  # type: ignore[operator]  # one of the two functions above
    facts = survey(root, "")
    assert facts.files == len(PROJECT)
    assert facts.languages == ("Python", "TypeScript")
    assert facts.manifests == ("pyproject.toml",)
    assert facts.checks == {
        "test": "uv run pytest", "lint": "uv run ruff check", "types": "uv run mypy .", "format": "uv run ruff format",
    }  # fmt: skip
    assert facts.places == {
        "changelog": ("CHANGELOG.md",), "ci": (".github/workflows",), "docs": ("docs",),
        "migrations": ("src/demo/migrations",), "source": ("src/demo", "web"), "tests": ("tests",),
    }  # fmt: skip


def test_paths_that_a_text_names_are_resolved_exactly_by_suffix_and_as_directories(tmp_path: Path) -> None:
    root = write(tmp_path, PROJECT)
    facts = survey(root, "Fix spell.py:2, `docs/`, the README, ./web/page.ts, gone.py and either/or; see Node.js.")
    assert {name.written: name.found for name in facts.named_paths} == {
        "spell.py": ("src/demo/spell.py",), "docs/": ("docs",), "README": ("README.md",),
        "./web/page.ts": ("web/page.ts",), "gone.py": (),
    }  # fmt: skip


def test_a_path_that_leads_out_of_the_repository_is_never_found(tmp_path: Path) -> None:
    write(tmp_path, {"secret.txt": "", "inside/a.py": ""})
    facts = survey(tmp_path / "inside", "Read ../secret.txt and /etc/passwd.txt")
    assert all(not name.found for name in facts.named_paths)


@pytest.mark.parametrize("prepare", [in_git, lambda root: root], ids=["git", "no git"])
def test_symbols_that_a_text_names_are_found_where_they_are_defined(tmp_path: Path, prepare: object) -> None:
    root = write(tmp_path, PROJECT)
    prepare(root)  # type: ignore[operator]  # one of the two functions above
    facts = survey(root, "Spell.close() fails; see `LIMIT`, drawPage and no_such_name.")
    assert {name.written: name.found for name in facts.named_symbols} == {
        "Spell.close": ("src/demo/spell.py:2",), "LIMIT": ("src/demo/spell.py:5",), "drawPage": ("web/page.ts:1",),
        "no_such_name": (),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("file", "line", "name"),
    [
        ("a.go", "func (s *Server) Serve(x int) error {", "Serve"),
        ("a.rs", "pub(crate) fn parse_all(text: &str) -> u8 {", "parse_all"),
        ("a.js", "export default class PageView {", "PageView"),
        ("a.ts", "  async loadAll(id: string): Promise<void> {", "loadAll"),
        ("A.java", "  public static int countAll(int a) {", "countAll"),
        ("a.c", "static int read_all(char *p)", "read_all"),
        ("a.h", "#define MAX_ALL 3", "MAX_ALL"),
    ],
)
def test_definitions_are_known_in_other_languages(tmp_path: Path, file: str, line: str, name: str) -> None:
    root = write(tmp_path, {file: f"// calls {name}(1)\n{line}\n"})
    facts = survey(root, f"Change `{name}`")
    assert facts.named_symbols[0].found == (f"{file}:2",)


def test_checks_of_other_ecosystems_are_what_a_person_types(tmp_path: Path) -> None:
    scripts = '{"scripts": {"test": "vitest", "lint": "eslint .", "typecheck": "tsc"}}'
    node = write(tmp_path / "node", {"package.json": scripts, "pnpm-lock.yaml": ""})
    go = write(tmp_path / "go", {"go.mod": "module x\n"})
    rust = write(tmp_path / "rust", {"Cargo.toml": ""})
    java = write(tmp_path / "java", {"pom.xml": "", "mvnw": ""})
    make = write(tmp_path / "make", {"Makefile": "VAR := 1\ntest: build\n\tx\nfmt:\n\ty\n"})
    empty = write(tmp_path / "empty", {"package.json": '{"scripts": {"test": "echo \\"Error: no test specified\\""}}'})
    assert survey(node, "").checks == {"test": "pnpm run test", "lint": "pnpm run lint", "types": "pnpm run typecheck"}
    assert survey(go, "").checks["test"] == "go test ./..."
    assert survey(rust, "").checks["lint"] == "cargo clippy"
    assert survey(java, "").checks == {"test": "./mvnw test", "build": "./mvnw package"}
    assert survey(make, "").checks == {"test": "make test", "format": "make fmt"}
    assert survey(empty, "").checks == {}


@pytest.mark.parametrize("content", ["not toml [", "[tool]\nruff = 3\n", "\x00\x01"])
def test_a_broken_build_file_does_not_break_the_survey(tmp_path: Path, content: str) -> None:
    root = write(tmp_path, {"pyproject.toml": content, "package.json": content, "Makefile": content})
    assert survey(root, "").manifests == ("pyproject.toml", "package.json", "Makefile")


def test_ignored_hidden_and_vendored_files_are_left_out(tmp_path: Path) -> None:
    files = {"a.py": "", "node_modules/x.js": "", ".venv/y.py": "", "build/z.py": ""}
    assert survey(write(tmp_path / "plain", files), "").files == 1
    root = in_git(write(tmp_path / "git", files | {".gitignore": "node_modules\n.venv\nbuild\n"}))
    assert survey(root, "").files == 2


def test_a_project_inside_a_directory_that_a_repository_above_ignores_is_surveyed(tmp_path: Path) -> None:
    in_git(write(tmp_path, {".gitignore": "work\n", "work/a.py": "def parse_it(): ...\n"}))
    facts = survey(tmp_path / "work", "Fix `parse_it` in a.py")
    assert (facts.files, facts.named_paths[0].found) == (1, ("a.py",))
    assert facts.named_symbols[0].found == ("a.py:1",)


def test_odd_names_and_links_do_not_break_the_survey(tmp_path: Path) -> None:
    root = write(tmp_path / "work", {"a.py": "def parse_it(): ...\n", "line\nbreak.py": "def parse_it(): ...\n"})
    (tmp_path / "outside.py").write_text("def parse_it(): ...\n", encoding="utf-8")
    (root / "link.py").symlink_to(tmp_path / "outside.py")
    (root / "loop").symlink_to(root)
    (Path(os.fsdecode(os.fsencode(root) + b"/bad\xff.py"))).write_text("", encoding="utf-8")
    for prepare in (lambda: None, lambda: in_git(root)):
        prepare()
        facts = survey(root, "Fix `parse_it`")
        assert facts.named_symbols[0].found == ("a.py:1",)
        str(facts.document()).encode("utf-8")


def test_secrets_are_never_opened(tmp_path: Path) -> None:
    root = write(tmp_path, {".env": "API_KEY=hunter2\n", "server.key": "API_KEY", "a.py": "API_KEY = 1\n"})
    for name in (".env", "server.key"):
        (root / name).chmod(0)
    for prepare in (lambda: None, lambda: in_git(root)):
        prepare()
        assert survey(root, "Rotate `API_KEY`").named_symbols[0].found == ("a.py:1",)


def test_nothing_is_written_and_no_program_of_the_repository_runs(tmp_path: Path) -> None:
    root = in_git(write(tmp_path / "work", PROJECT))
    marker = tmp_path / "ran"
    script = tmp_path / "monitor"
    script.write_text(f"#!/bin/sh\ntouch {marker}\n", encoding="utf-8")
    script.chmod(0o755)
    subprocess.run(["git", "-C", str(root), "config", "core.fsmonitor", str(script)], check=True)
    before = {path: path.lstat().st_mtime_ns for path in root.rglob("*")}
    survey(root, "Fix `LIMIT` in spell.py")
    assert {path: path.lstat().st_mtime_ns for path in root.rglob("*")} == before
    assert not marker.exists()


def test_a_walk_stops_at_its_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number}.py").touch()
    monkeypatch.setattr("prentice.context.files.MAX_FILES", 20)
    assert survey(tmp_path, "").files == 20


def test_a_text_of_200_kilobytes_is_read_in_bounded_time(tmp_path: Path) -> None:
    root = write(tmp_path, PROJECT)
    start = time.monotonic()
    facts = survey(root, "Fix a_b.py `c_d` e/f " * 10_000)
    assert time.monotonic() - start < 10
    assert len(facts.named_symbols) <= mentions.MAX_SYMBOLS


@pytest.mark.parametrize(
    "text", ["e.g. this", "Use Node.js", "v1.2.3", "and/or", "at https://x.org/a/b.py", "a .py file"]
)
def test_words_that_look_like_paths_are_none(text: str) -> None:
    assert mentions.paths(text) == ()


@pytest.mark.parametrize("text", ["GitHub", "e.g. this", "example.com", "OAuth", "a plain word", "README.md"])
def test_words_that_look_like_symbols_are_none(text: str) -> None:
    assert mentions.symbols(text) == ()
