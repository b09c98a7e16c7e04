"""Where templates come from: the package, the user's own, and what was tuned for a model."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from prentice.errors import ConfigError
from prentice.prompts.render import Data, render
from prentice.prompts.template import default, find, names
from prentice.prompts.tuned import ModelKey, Tuned, is_tuned, keep_tuned, tuned_path

NAME = "breakdown.retry"
MODEL = ModelKey(name="qwen3:8b", quantization="Q4_K_M")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PRENTICE_HOME", str(tmp_path))
    (tmp_path / "templates").mkdir()
    return tmp_path


def own(home: Path, text: str, name: str = NAME) -> None:
    (home / "templates" / f"{name}.md").write_text(text, encoding="utf-8")


def tuned(text: str, **changes: object) -> Tuned:
    usual = default(NAME)
    made = Tuned(
        template=NAME, base=usual.digest, base_version=usual.version, model=MODEL.name,
        quantization=MODEL.quantization, text=text, made="2026-01-01T00:00:00Z", calls=3,
        scores={"held_out": {"default": 0.5, "tuned": 0.75}}, examples={"held_out": 4},
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]  # fields by name


def test_a_template_of_the_users_own_takes_the_place_of_the_packages(home: Path) -> None:
    own(home, "version: 9\nMend this:\n{{problems}}\n")
    rendered = render(NAME, problems=Data("no key"))
    assert rendered.text == "Mend this:\n<<<problems\nno key\nproblems>>>\n"
    assert rendered.version.startswith(f"{NAME}/9-yours-")


def test_a_version_tells_two_texts_of_the_users_own_apart(home: Path) -> None:
    versions = set()
    for text in ("Mend {{problems}}", "Repair {{problems}}"):
        own(home, text)
        versions.add(render(NAME, problems="x").version)
    assert len(versions) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Mend it.", "lacks {{problems}}"),
        ("{{problems}} {{secrets}}", "has {{secrets}}, which nothing fills"),
        ("version: 2\n \n", "is empty"),
    ],
)
def test_a_template_that_would_lose_what_is_filled_in_is_refused(home: Path, text: str, says: str) -> None:
    own(home, text)
    with pytest.raises(ConfigError) as raised:
        render(NAME, problems="x")
    assert says in raised.value.message
    assert str(home) in raised.value.message


def test_a_file_that_is_no_text_is_an_error_that_names_it(home: Path) -> None:
    (home / "templates" / f"{NAME}.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read"):
        default(NAME)


@pytest.mark.parametrize("name", ["nothing", "../config", "a/b", "", "Breakdown.System"])
def test_a_name_that_no_template_has_is_refused_and_leads_out_of_no_directory(name: str) -> None:
    with pytest.raises(ConfigError, match="There is no template"):
        default(name)


def test_all_templates_are_listed_and_a_new_one_of_the_users_too(home: Path) -> None:
    own(home, "Say yes.", "toy.system")
    (home / "templates" / "notes.txt").write_text("", encoding="utf-8")
    assert {"toy.system", NAME} <= set(names())
    assert "notes" not in names()
    assert default("toy.system").origin == "yours"


def test_what_was_tuned_for_a_model_is_used_for_that_model_and_quantization_alone() -> None:
    assert not is_tuned(NAME)
    keep_tuned(tuned("Better: {{problems}}"))
    assert is_tuned(NAME)
    assert render(NAME, MODEL, problems="x").text == "Better: x\n"
    assert "-tuned-" in render(NAME, MODEL, problems="x").version
    for other in (None, ModelKey(name="qwen3:8b", quantization="Q8_0"), ModelKey(name="llama3.2")):
        assert "Better" not in render(NAME, other, problems="x").text


def test_what_was_tuned_from_another_text_or_lost_a_place_is_not_used(home: Path) -> None:
    keep_tuned(tuned("Better: {{problems}}"))
    own(home, "Mine: {{problems}}")
    assert render(NAME, MODEL, problems="x").text == "Mine: x\n"
    keep_tuned(tuned("Better."))
    assert render(NAME, MODEL, problems="x").text == "Mine: x\n"


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"template": NAME}), "{}"])
def test_a_damaged_tuned_template_is_an_error_that_names_the_file(text: str) -> None:
    keep_tuned(tuned("Better: {{problems}}"))
    tuned_path(NAME, MODEL).write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot be read"):
        find(NAME, model=MODEL)


def test_models_whose_names_differ_in_signs_alone_have_files_of_their_own() -> None:
    names = ("a/b", "a:b", "a-b", "../a")
    paths = {tuned_path(NAME, ModelKey(name=name)) for name in names}
    assert len(paths) == 4
    assert len({path.parent for path in paths}) == 1
