"""Labelled examples: read, shared out, tried on templates as the product uses them, and scored."""

import json
from pathlib import Path

import pytest

from prentice.backends.protocol import Reply
from prentice.config import Settings
from prentice.errors import UsageError
from prentice.evals.examples import Example, digest, load, shared_out, shipped
from prentice.evals.trials import trial_of
from prentice.prompts.template import default
from prentice.skills.optimize.replies import JUDGE
from prentice.skills.optimize.rules import criteria


def example(number: int = 1, **changes: object) -> dict[str, object]:
    return {"id": str(number), "given": {"user": f"question {number}"}, "expected": "yes", **changes}


def written(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def reply(text: str, **changes: object) -> Reply:
    return Reply(text=text, backend="scripted", model="m", **changes)  # type: ignore[arg-type]  # fields by name


def test_examples_are_shared_out_to_three_parts_the_same_way_in_any_order() -> None:
    every = [Example(id=str(number), given={}, expected="") for number in range(20)]
    parts, turned = shared_out(every), shared_out(every[::-1])
    assert parts == turned
    assert parts.sizes == {"train": 8, "validation": 6, "held_out": 6}
    together = [*parts.train, *parts.validation, *parts.held_out]
    assert sorted(together, key=lambda item: int(item.id)) == every
    assert digest(every) != digest(every[1:])


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([example(number) for number in range(5)], "6 are the fewest"),
        ([example(1)] * 7, "the same id"),
        ([{"id": "1", "given": {}}], "Line 1"),
        ([{"id": "1", "given": "x", "expected": ""}], "Line 1"),
        (["text"], "Line 1"),
    ],
)
def test_a_file_that_holds_no_examples_is_refused_with_the_place(tmp_path: Path, rows: list[object], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        load(written(tmp_path / "e.jsonl", *rows))


def test_a_file_that_is_not_there_and_a_template_without_examples_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="no labelled examples"):
        shipped("breakdown.system")


def test_an_answer_is_compared_as_a_text_or_key_by_key() -> None:
    trial = trial_of("any.system", model="m", settings=Settings())
    text = Example(id="1", given={"user": "?"}, expected="PARIS")
    keys = Example(id="2", given={"user": "?"}, expected={"lane": "execute", "size": 3})
    assert trial.score(reply(" PARIS\n"), text).score == 1
    assert trial.score(reply("Paris"), text).reason == "Expected exactly: PARIS"
    assert trial.score(reply("PARIS", finish="length"), text).score == 0
    assert trial.score(reply('{"lane": "execute", "size": 4}'), keys).score == 0.5
    assert trial.score(reply("execute"), keys).score == 0


def test_an_example_that_does_not_fit_its_template_is_named() -> None:
    template = default("optimize_propose.system")
    trial = trial_of(template.name, model="m", settings=Settings())
    with pytest.raises(UsageError, match="The example 7 does not fit"):
        trial.request(template, Example(id="7", given={"user": "x"}, expected=""))
    made = trial.request(template, Example(id="7", given={"user": "x", "fill": {"most": "2"}}, expected=""))
    assert "at most 2 patches" in made.prompt


def test_our_labels_name_questions_of_the_checklist_with_both_answers_to_each() -> None:
    every = shipped(JUDGE)
    asked = {criterion.id for criterion in criteria()}
    assert len(every) >= 20
    for name in every[0].expected:
        assert name in asked
        assert {item.expected[name] for item in every} == {"yes", "no"}


def test_a_reading_is_scored_by_its_answers_and_a_quote_that_does_not_stand_there_proves_nothing() -> None:
    trial = trial_of(JUDGE, model="m", settings=Settings())
    given = Example(
        id="1", given={"prompt": "Fix the crash. Users lose their work."},
        expected={"clarity.reason": "yes", "completeness.limits": "no"},
    )  # fmt: skip
    made = trial.request(default(JUDGE), given)
    assert "Users lose their work." in made.prompt
    assert (made.model, made.prompt.count("\n1. "), made.prompt.count("\n3. ")) == ("m", 1, 0)

    def answered(first: str, quote: str) -> float:
        answers = [{"question": 1, "quote": quote, "answer": first}, {"question": 2, "quote": "", "answer": "no"}]
        return trial.score(reply(json.dumps({"answers": answers})), given).score

    assert answered("yes", "Users lose their work") == 1
    assert answered("yes", "Customers lose money") == 0.5
    assert answered("no", "") == 0.5
    assert trial.score(reply('{"answers": ['), given).score == 0
