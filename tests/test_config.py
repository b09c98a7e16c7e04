import dataclasses
import tomllib
from pathlib import Path

import pytest

from prentice.config import (
    PROJECT_FILE,
    SettingInfo,
    Settings,
    commented_file,
    data_directory,
    describe,
    load,
    user_file,
)
from prentice.errors import ConfigError


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {"PRENTICE_HOME": str(tmp_path / "home")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project" / ".prentice").mkdir(parents=True)
    return tmp_path / "project"


def test_without_any_source_the_defaults_hold(project: Path, environment: dict[str, str]) -> None:
    assert load(None, environment=environment) == load(project, environment=environment) == Settings()


def test_each_source_is_stronger_than_the_one_before(project: Path, environment: dict[str, str]) -> None:
    options: dict[str, object] = {"model": None}
    assert load(project, environment=environment, options=options).model == ""
    user_file(environment).write_text('model = "of the user"\nbackend = "builtin"')
    assert load(project, environment=environment, options=options).model == "of the user"
    (project / PROJECT_FILE).write_text('model = "of the project"')
    assert load(project, environment=environment, options=options).model == "of the project"
    assert load(None, environment=environment).model == "of the user"
    environment["PRENTICE_MODEL"] = "of the environment"
    assert load(project, environment=environment, options=options).model == "of the environment"
    options["model"] = "of the options"
    resolved = load(project, environment=environment, options=options)
    assert (resolved.model, resolved.backend) == ("of the options", "builtin")


SAMPLES: dict[str, tuple[str, object, str, object]] = {
    "text": ("ollama.keep_alive", "5m", "5m", "5m"),
    "seconds": ("calls.idle_seconds", 1.5, "1.5", 1.5),
    "whole seconds": ("calls.idle_seconds", 3, "3", 3.0),
    "a count": ("tasks.max_file_mb", 7, "7", 7),
    "names": ("mlx.directories", ["a", " b "], "a, b,", ("a", "b")),
    "no names": ("mlx.directories", [], "", ()),
}


@pytest.mark.parametrize("sample", SAMPLES)
def test_a_value_means_the_same_in_a_file_and_in_the_environment(
    project: Path, environment: dict[str, str], sample: str
) -> None:
    key, in_file, in_environment, value = SAMPLES[sample]
    info = next(info for info in describe() if info.key == key)
    name = key.removeprefix("calls.").removeprefix("tasks.").replace(".", "_")
    table, _, last = key.rpartition(".")
    (project / PROJECT_FILE).write_text(f"[{table}]\n{last} = {in_file!r}\n")
    from_file = getattr(load(project, environment=environment), name)
    from_environment = getattr(load(None, environment={**environment, info.variable: in_environment}), name)
    assert from_file == from_environment == value
    assert type(from_file) is type(from_environment) is type(value)


@pytest.mark.parametrize(
    "line",
    [
        "model = 3", "backend = true", "[ollama]\nhost = ['a']", "[calls]\nidle_seconds = 'soon'",
        "[calls]\nidle_seconds = true", "[calls]\nidle_seconds = nan", "[calls]\nidle_seconds = inf",
        "[calls]\nidle_seconds = 0", "[calls]\ndeadline_seconds = -1.0", "[tasks]\nmax_file_mb = 1.9",
        "[tasks]\nmax_file_mb = inf", f"[tasks]\nmax_file_mb = {10**400}", "[tasks]\nmax_file_mb = [1]",
        "[tasks]\nmax_file_mb = 2026-01-01", "[locality]\nallowed_hosts = 3", "[locality.allowed_hosts]\na = 1",
        "[breakdown]\nmin_subtasks = 9", "[breakdown]\nmax_subtasks = 21", "[breakdown]\nmin_subtasks = 0",
        "policy = 3",
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_or_out_of_bounds_is_refused(
    project: Path, environment: dict[str, str], line: str
) -> None:
    (project / PROJECT_FILE).write_text(line)
    with pytest.raises(ConfigError) as caught:
        load(project, environment=environment)
    assert caught.value.next_step.endswith(".")


@pytest.mark.parametrize("value", ["soon", "", "nan", "1e999", "-1", "0"])
def test_a_number_that_does_not_make_sense_is_refused_in_the_environment(
    environment: dict[str, str], value: str
) -> None:
    with pytest.raises(ConfigError, match=r"calls\.idle_seconds"):
        load(None, environment={**environment, "PRENTICE_CALLS_IDLE_SECONDS": value})


@pytest.mark.parametrize(
    ("text", "key"), [("modle = 'x'", "modle"), ("[ollama]\nhots = 'x'", "ollama.hots"), ("ollama = 'x'", "ollama")]
)
def test_a_key_that_is_not_known_is_refused_with_its_file(
    project: Path, environment: dict[str, str], text: str, key: str
) -> None:
    (project / PROJECT_FILE).write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(project, environment=environment)
    assert repr(key) in caught.value.message
    assert str(project / PROJECT_FILE) in caught.value.message
    assert "docs/settings.md" in caught.value.next_step


@pytest.mark.parametrize("info", [info for info in describe() if info.choices], ids=lambda info: info.key)
def test_a_setting_with_few_values_refuses_others_and_names_them(
    info: SettingInfo, project: Path, environment: dict[str, str]
) -> None:
    head, _, name = info.key.rpartition(".")
    for value in ("sometimes", "", info.choices[0].upper()):
        (project / PROJECT_FILE).write_text(f'[{head}]\n{name} = "{value}"')
        for directory, variables in ((project, {}), (None, {info.variable: value})):
            with pytest.raises(ConfigError) as caught:
                load(directory, environment={**environment, **variables})
            assert info.key in caught.value.message
            assert all(choice in caught.value.next_step for choice in info.choices)


@pytest.mark.parametrize("content", [b"model = ", b"\xff\xfe", b"model = 'a'\nmodel = 'b'"])
def test_a_file_that_is_not_toml_is_refused_by_its_name(
    project: Path, environment: dict[str, str], content: bytes
) -> None:
    (project / PROJECT_FILE).write_bytes(content)
    with pytest.raises(ConfigError, match="cannot be read"):
        load(project, environment=environment)
    (project / PROJECT_FILE).unlink()
    (project / PROJECT_FILE).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(project, environment=environment)


def test_a_byte_order_mark_as_editors_of_windows_write_it_is_no_fault(
    project: Path, environment: dict[str, str]
) -> None:
    (project / PROJECT_FILE).write_bytes(b"\xef\xbb\xbfmodel = 'x'")
    assert load(project, environment=environment).model == "x"


def test_variables_that_are_not_settings_are_left_alone(environment: dict[str, str]) -> None:
    assert load(None, environment={**environment, "PRENTICE_FOO": "1", "OLLAMA_HOST": "x"}) == Settings()


def test_policy_tables_are_handed_on_and_the_projects_stand_over_the_users(
    project: Path, environment: dict[str, str]
) -> None:
    user_file(environment).write_text("[policy.size]\nfiles = 3\n[policy.risk]\npaths = 1")
    (project / PROJECT_FILE).write_text("[policy.size]\nfiles = 9")
    assert load(project, environment=environment).policy == {"size": {"files": 9}, "risk": {"paths": 1}}


def test_every_field_is_described_with_a_key_a_variable_its_default_and_a_sentence() -> None:
    described = describe()
    assert len(described) == len([field for field in dataclasses.fields(Settings) if field.name != "policy"])
    assert len({info.key for info in described}) == len({info.variable for info in described}) == len(described)
    defaults = dataclasses.asdict(Settings())
    del defaults["policy"]
    assert [info.default for info in described] == list(defaults.values())
    for info in described:
        assert info.meaning.endswith(".")
        assert info.variable == "PRENTICE_" + info.key.upper().replace(".", "_")


def test_every_described_variable_is_read(environment: dict[str, str]) -> None:
    for info in describe():
        text = info.choices[-1] if info.choices else "changed"
        value = "1" if isinstance(info.default, float) else "7" if isinstance(info.default, int) else text
        changed = load(None, environment={**environment, info.variable: value})
        assert changed != Settings(), info.variable


def test_the_commented_file_is_toml_that_sets_nothing(project: Path, environment: dict[str, str]) -> None:
    (project / PROJECT_FILE).write_text(commented_file())
    assert load(project, environment=environment) == Settings()


def test_the_commented_file_uncommented_sets_every_setting_to_its_default(
    project: Path, environment: dict[str, str]
) -> None:
    lines = commented_file().splitlines()
    meanings = {f"# {info.meaning}" for info in describe() if not info.personal}
    text = "\n".join(line.removeprefix("# ") for line in lines[1:] if line not in meanings)
    values = tomllib.loads(text)
    count = sum(len(value) if isinstance(value, dict) else 1 for value in values.values())
    assert count == len([info for info in describe() if not info.personal])
    (project / PROJECT_FILE).write_text(text)
    assert load(project, environment=environment) == Settings()
    assert meanings <= set(lines)


def test_the_users_directories_are_the_platforms_unless_prentice_home_says_otherwise(tmp_path: Path) -> None:
    assert data_directory({"PRENTICE_HOME": str(tmp_path)}) == tmp_path
    assert user_file({"PRENTICE_HOME": str(tmp_path)}) == tmp_path / "config.toml"
    for kind in ("data", "config"):
        assert data_directory({}, kind=kind).name == "prentice"


PERMITTED = {
    "locality.allowed_hosts": '["gpu.example"]',
    "locality.allowed_remote_models": '["big:cloud"]',
    "checks.readable": '["/home"]',
    "checks.sandbox": '"optional"',
    "gate.threshold": "0.5",
    "approve.assistant": '"apply"',
}
"""A permission by its key, as only the user can give it."""
NARROW = {
    "locality.allowed_hosts": "[]", "locality.allowed_remote_models": "[]", "checks.readable": "[]",
    "checks.sandbox": '"required"', "gate.threshold": "0.9", "approve.assistant": '"request"',
}  # fmt: skip


def line(key: str, value: str) -> str:
    table, _, name = key.rpartition(".")
    return f"[{table}]\n{name} = {value}\n"


def test_every_permission_has_its_case() -> None:
    assert set(PERMITTED) == set(NARROW) == {info.key for info in describe() if info.personal}


@pytest.mark.parametrize("key", PERMITTED)
def test_a_projects_file_gives_no_permission_but_the_users_does(
    key: str, project: Path, environment: dict[str, str]
) -> None:
    user_file(environment).write_text(line(key, PERMITTED[key]))
    given = load(project, environment=environment)
    assert given != Settings()
    (project / PROJECT_FILE).write_text(line(key, PERMITTED[key]))
    assert load(project, environment=environment) == given, "what the user permits, a project may repeat"
    user_file(environment).unlink()
    with pytest.raises(ConfigError, match="cannot decide") as caught:
        load(project, environment=environment)
    assert key in caught.value.message
    assert str(user_file(environment)) in caught.value.next_step


@pytest.mark.parametrize("key", NARROW)
def test_a_projects_file_can_narrow_what_the_user_permits(key: str, project: Path, environment: dict[str, str]) -> None:
    user_file(environment).write_text(line(key, PERMITTED[key]))
    (project / PROJECT_FILE).write_text(line(key, NARROW[key]))
    narrowed = load(project, environment=environment)
    assert narrowed != load(None, environment=environment)
    user_file(environment).unlink()
    assert narrowed == load(project, environment=environment)


def test_a_project_can_name_some_of_the_hosts_that_the_user_allows_and_no_other(
    project: Path, environment: dict[str, str]
) -> None:
    user_file(environment).write_text(line("locality.allowed_hosts", '["a", "b"]'))
    (project / PROJECT_FILE).write_text(line("locality.allowed_hosts", '["b"]'))
    assert load(project, environment=environment).allowed_hosts == ("b",)
    (project / PROJECT_FILE).write_text(line("locality.allowed_hosts", '["b", "c"]'))
    with pytest.raises(ConfigError, match="cannot decide"):
        load(project, environment=environment)


def test_the_file_that_init_leaves_offers_no_permission() -> None:
    assert not any(f"# {key.rpartition('.')[2]} = " in commented_file() for key in PERMITTED)
