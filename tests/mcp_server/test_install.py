"""The server in assistants' settings: written, merged, and tried."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from prentice.errors import UsageError
from prentice.mcp.install import assistant_named, entry_of, install, snippet, warning
from prentice.mcp.rules import write_rules
from prentice.skills.doctor.clients import ASSISTANTS, client_findings, entry_in, server_options

NAMES = [assistant.name for assistant in ASSISTANTS]


@pytest.fixture(autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEX_HOME", str(tmp_path_factory.mktemp("codex")))


@pytest.mark.parametrize("name", NAMES)
def test_a_written_entry_is_the_printed_one_and_writing_again_changes_nothing(tmp_path: Path, name: str) -> None:
    assistant = assistant_named(name)
    first = install(assistant, tmp_path)
    assert first.changed
    assert first.backup is None
    text = first.path.read_text(encoding="utf-8")
    assert entry_in(text, assistant) == entry_of(assistant) == entry_in(snippet(assistant), assistant)
    again = install(assistant, tmp_path)
    assert not again.changed
    assert first.path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", [name for name in NAMES if name != "codex"])
def test_what_stands_in_the_file_stays_and_the_file_as_it_was_is_kept(tmp_path: Path, name: str) -> None:
    assistant = assistant_named(name)
    path = assistant.file(tmp_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    old = {"theme": "dark", assistant.table: {"other": {"command": "x"}, "prentice": {"command": "old", "note": 1}}}
    path.write_text(json.dumps(old), encoding="utf-8")
    done = install(assistant, tmp_path)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["theme"] == "dark"
    assert found[assistant.table]["other"] == {"command": "x"}
    assert found[assistant.table]["prentice"] == {"note": 1, **entry_of(assistant)}
    assert done.backup
    assert json.loads(done.backup.read_text(encoding="utf-8")) == old


def test_toml_keeps_its_comments_and_its_other_tables(tmp_path: Path) -> None:
    assistant = assistant_named("codex")
    path = assistant.file(tmp_path)
    before = (
        '# mine\nmodel = "m"\n\n[mcp_servers.prentice]\ncommand = "old"\n\n[mcp_servers.prentice.env]\nA = "1"\n\n'
        '[mcp_servers.other]\ncommand = "x"  # keep\n'
    )
    path.write_text(before, encoding="utf-8")
    install(assistant, tmp_path)
    text = path.read_text(encoding="utf-8")
    found = tomllib.loads(text)
    assert text.startswith("# mine\n")
    assert "# keep" in text
    assert found["mcp_servers"]["other"] == {"command": "x"}
    assert found["mcp_servers"]["prentice"] == {"env": {"A": "1"}, **entry_of(assistant)}
    assert not install(assistant, tmp_path).changed


@pytest.mark.parametrize("name", [name for name in NAMES if name not in {"codex", "claude-code"}])
def test_comments_and_the_ends_of_lines_stay(tmp_path: Path, name: str) -> None:
    assistant = assistant_named(name)
    path = assistant.file(tmp_path)
    path.parent.mkdir(parents=True)
    before = b'{\r\n\t// mine\r\n\t"theme": "dark", // as ever\r\n}\r\n'
    path.write_bytes(before)
    install(assistant, tmp_path)
    after = path.read_bytes()
    assert after.startswith(before[: before.index(b"\r\n}")])
    assert after.count(b"\r\n") == after.count(b"\n")
    assert entry_in(after.decode(), assistant) == entry_of(assistant)
    assert not install(assistant, tmp_path).changed


def test_a_link_to_settings_stays_one_and_who_may_read_them_stays(tmp_path: Path) -> None:
    assistant = assistant_named("codex")
    path = assistant.file(tmp_path)
    elsewhere = tmp_path / "dotfiles.toml"
    elsewhere.write_text('model = "m"\n', encoding="utf-8")
    elsewhere.chmod(0o600)
    path.symlink_to(elsewhere)
    install(assistant, tmp_path)
    assert path.is_symlink()
    assert "prentice" in elsewhere.read_text(encoding="utf-8")
    assert elsewhere.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", NAMES)
def test_the_copy_of_the_users_own_file_stays_when_more_is_changed_later(tmp_path: Path, name: str) -> None:
    assistant = assistant_named(name)
    path = assistant.file(tmp_path)
    path.parent.mkdir(parents=True, exist_ok=True)
    own = 'model = "m"\n' if assistant.is_toml else '{"theme": "dark"}\n'
    path.write_text(own, encoding="utf-8")
    first = install(assistant, tmp_path).backup
    path.write_text(path.read_text(encoding="utf-8").replace('"mcp"', '"mpc"'), encoding="utf-8")
    second = install(assistant, tmp_path).backup
    assert first
    assert second
    assert first.read_text(encoding="utf-8") == own
    assert '"mpc"' in second.read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ['{"a": 1e400}', '{"a": 1, "a": 2}', '{"mcpServers": {"a": {}, "a": {"b": 1.50}}}'])
def test_numbers_without_end_and_doubled_keys_stay_as_they_are_written(tmp_path: Path, text: str) -> None:
    assistant = assistant_named("claude-code")
    path = assistant.file(tmp_path)
    path.write_text(text, encoding="utf-8")
    install(assistant, tmp_path)
    after = path.read_text(encoding="utf-8")
    assert after.startswith(text.rstrip("}"))
    assert entry_in(after, assistant) == entry_of(assistant)


def test_a_file_of_blanks_is_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / ".mcp.json"
    path.write_text(" \n", encoding="utf-8")
    install(assistant_named("claude-code"), tmp_path)
    assert json.loads(path.read_text(encoding="utf-8"))["mcpServers"]["prentice"]


def test_codex_is_told_to_pass_on_the_variables_that_count_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assistant = assistant_named("codex")
    path = assistant.file(tmp_path)
    path.write_text('[mcp_servers.prentice]\ncommand = "old"\nenv_vars = ["MINE"]\n', encoding="utf-8")
    monkeypatch.setenv("PRENTICE_MODEL", "phi")
    install(assistant, tmp_path)
    entry = entry_in(path.read_text(encoding="utf-8"), assistant)
    assert entry
    assert entry["env_vars"][0] == "MINE"
    assert {"PRENTICE_HOME", "OLLAMA_HOST", "PRENTICE_MODEL"} <= set(entry["env_vars"])
    monkeypatch.setenv("PRENTICE_BACKEND", "builtin")
    [finding] = client_findings(tmp_path)
    assert not finding.ok
    assert "does not pass on PRENTICE_BACKEND" in finding.found
    install(assistant, tmp_path)
    [finding] = client_findings(tmp_path)
    assert finding.ok, finding.found


def test_the_doctor_names_a_settings_file_that_its_client_cannot_read(tmp_path: Path) -> None:
    path = tmp_path / ".mcp.json"
    path.write_text('{"mcpServers": {"prentice": {"command": "prentice", "args": ["mcp"],}}}', encoding="utf-8")
    [finding] = client_findings(tmp_path)
    assert not finding.ok
    assert "JSON without comments" in finding.found


@pytest.mark.parametrize(
    "text",
    [
        "{ // a comment\n}", "[1]", "null", '{"mcpServers": 3}', "{", '{"mcpServers": {},}', '\ufeff{"a": 1}',
        '{"mcpServers": {"prentice": "mine"}}', '{"mcpServers": {"prentice": [1]}}',
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_merged_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".mcp.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="nothing was changed") as caught:
        install(assistant_named("claude-code"), tmp_path)
    assert str(path) in caught.value.message
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", NAMES)
def test_the_doctor_starts_the_server_as_the_client_would(tmp_path: Path, name: str) -> None:
    install(assistant_named(name), tmp_path)
    [finding] = client_findings(tmp_path)
    assert finding.check == f"mcp {name}"
    assert finding.ok, finding.found
    assert "answers" in finding.found


def test_the_doctor_runs_nothing_that_a_repository_names(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    program = f"open({str(trap)!r}, 'w')"
    ours = {"command": sys.executable, "args": ["-m", "prentice", "mcp"]}
    for entry, why in (
        ({"command": sys.executable, "args": ["-c", program]}, "something other than this program"),
        ({"command": "sh", "args": ["-c", f"touch {trap}"]}, "something other than this program"),
        ({**ours, "args": [*ours["args"], "--backend", f"scripted:{trap}"]}, "`--backend scripted:"),
        ({**ours, "env": {"PYTHONPATH": str(tmp_path)}}, "(env)"),
        ({**ours, "cwd": str(tmp_path)}, "(cwd)"),
    ):
        (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": {"prentice": entry}}), encoding="utf-8")
        [finding] = client_findings(tmp_path)
        assert why in finding.found
        assert "was not tried" in finding.found
    assert not trap.exists()


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        (sys.executable, ["-m", "prentice", "mcp", "--backend", "builtin", "-v"], (True, "answers")),
        (sys.executable, ["-m", "prentice", "mcp", "--model=tiny", "--project", "."], (True, "answers")),
        (sys.executable, ["-m", "prentice", "mcp", "--project", "/nonexistent"], (False, "did not answer")),
        (sys.executable, ["-m", "prentice", "mcp", "--bogus"], (False, "gives the server `--bogus`")),
        (sys.executable, ["-m", "prentice", "mcp", "--http"], (False, "gives the server `--http`")),
        (sys.executable, ["-m", "prentice", "mcp", "--model"], (False, "`--model` without a value")),
        (sys.executable, ["-m", "prentice", "worker"], (False, "`args` has to begin with `mcp`")),
        ("prentise", ["mcp"], (False, "starts prentise, which is not here")),
        (sys.executable, "mcp", (True, "something other than this program")),
    ],
)
def test_the_doctor_tells_entries_that_work_from_those_that_cannot(
    tmp_path: Path, command: str, arguments: object, expected: tuple[bool, str]
) -> None:
    entry = {"command": command, "args": arguments}
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": {"prentice": entry}}), encoding="utf-8")
    [finding] = client_findings(tmp_path)
    is_ok, says = expected
    assert (finding.ok, says in finding.found) == (is_ok, True), finding.found
    assert is_ok or "`prentice mcp install --client claude-code --write`" in finding.next_step


@pytest.mark.parametrize("name", NAMES)
def test_options_that_the_user_gave_the_server_and_files_beside_it_stay(tmp_path: Path, name: str) -> None:
    assistant = assistant_named(name)
    path = assistant.file(tmp_path)
    install(assistant, tmp_path)
    other = path.with_name(path.name + ".new")
    other.write_text("mine", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"mcp"', '"mcp", "--backend", "builtin"', 1), encoding="utf-8")
    for _ in range(2):
        install(assistant, tmp_path)
        entry = entry_in(path.read_text(encoding="utf-8"), assistant)
        assert entry is not None
        assert sorted(server_options(entry) or []) == sorted([*assistant.arguments, "--backend", "builtin"])
    assert other.read_text(encoding="utf-8") == "mine"


def test_a_server_that_does_not_answer_is_told_with_what_mends_it(tmp_path: Path) -> None:
    entry = {"command": sys.executable, "args": ["-m", "prentice", "mcp"]}
    (tmp_path / ".mcp.json").write_text(json.dumps({"mcpServers": {"prentice": entry}}), encoding="utf-8")
    [finding] = client_findings(tmp_path, seconds=0.01)
    assert not finding.ok
    assert "prentice mcp install --client claude-code" in finding.next_step


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_rules_are_written_once_beside_what_is_there(tmp_path: Path, line: str) -> None:
    path = tmp_path / "AGENTS.md"
    path.write_bytes(f"# Ours{line * 2}Be kind.{line}".encode())
    assert write_rules(tmp_path) == ["AGENTS.md"]
    text = path.read_bytes().decode()
    assert text.startswith(f"# Ours{line * 2}Be kind.{line}")
    assert text.count("\n") == text.count(line)
    assert write_rules(tmp_path) == []
    path.write_bytes((text.replace("`breakdown`:", "`old`:") + "After.").encode())
    assert write_rules(tmp_path) == ["AGENTS.md"]
    assert path.read_bytes().decode() == text + "After."


@pytest.mark.parametrize("name", ["CLAUDE.md", ".claude/CLAUDE.md"])
def test_a_file_of_claude_code_that_imports_no_rule_gets_it_too(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("Be terse.\n", encoding="utf-8")
    assert write_rules(tmp_path) == ["AGENTS.md", name]
    assert path.read_text(encoding="utf-8") == "Be terse.\n\n" + (tmp_path / "AGENTS.md").read_text(encoding="utf-8")
    assert write_rules(tmp_path) == []


def test_a_file_of_claude_code_that_imports_the_rule_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "CLAUDE.md"
    path.write_text("Be terse.\n\n@AGENTS.md\n", encoding="utf-8")
    assert write_rules(tmp_path) == ["AGENTS.md"]
    path.unlink()
    path.symlink_to("AGENTS.md")
    assert write_rules(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("claude-code", "null", "the whole of it is no object)"),
        ("claude-code", "[]", "the whole of it is no object)"),
        ("claude-code", '{"mcpServers": null}', 'what stands under "mcpServers" is no object)'),
        ("claude-code", "{ // mine\n}", "Claude Code reads no comments and no trailing commas)"),
        ("codex", 'mcp_servers = { other = { command = "x" } }\n', "another form than as lines below heads"),
        ("codex", "mcp_servers = 3\n", "what stands under mcp_servers is no table of tables)"),
    ],
)
def test_what_cannot_be_merged_is_told_by_its_form(tmp_path: Path, name: str, text: str, says: str) -> None:
    assistant = assistant_named(name)
    assistant.file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        install(assistant, tmp_path)
    assert says in caught.value.message
    assert assistant.file(tmp_path).read_text(encoding="utf-8") == text


def test_an_entry_for_this_machine_alone_is_told_where_the_file_is_the_projects(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = {name: warning(assistant_named(name)) for name in NAMES}
    assert [name for name, said in told.items() if not said] == ["codex"]
    assert "keep .mcp.json out of version control" in told["claude-code"]
    (tmp_path / "prentice").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "prentice").chmod(0o755)
    assert not any(warning(assistant_named(name)) for name in NAMES)


def test_the_command_prints_and_writes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "prentice", "--project", str(tmp_path), "mcp", "install", "--client", "cursor"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "prentice" in json.loads(printed.stdout)["mcpServers"]
    assert not (tmp_path / ".cursor").exists()
    written = subprocess.run([*command, "--write", "--json"], capture_output=True, text=True, check=True)
    assert json.loads(written.stdout)["changed"]
    assert (tmp_path / ".cursor" / "mcp.json").exists()
    ruled = subprocess.run([*command[:5], "init", "--rules"], capture_output=True, text=True, check=True)
    assert "AGENTS.md" in ruled.stdout
