"""Every skill asks a model by the templates that were tuned for it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import plans
import prentice
from prentice.changes.formats import Format
from prentice.errors import ScriptExhaustedError
from prentice.prompts.template import default
from prentice.prompts.tuned import Tuned, keep_tuned
from skills.execute.calculator import TASK, WORSE, answer, bench, script

MARK = "- look twice at every line"


def tune(name: str, *, model: str = "scripted") -> None:
    """Keep a text of a template that was tuned for a model: the usual one, and a line more."""
    usual = default(name)
    keep_tuned(
        Tuned(
            template=name, base=usual.digest, base_version=usual.version, model=model, quantization="",
            text=f"{usual.body}\n{MARK}\n", made="2026-01-01T00:00:00Z", calls=1, scores={}, examples={},
        )
    )  # fmt: skip


def only_where_tuned(reply: str) -> Mapping[str, Any]:
    """Give a reply that is played only where the prompt has the tuned line."""
    return {"text": reply, "match": MARK}


FINDINGS = json.dumps({"findings": []})
SUMMARY = json.dumps({"summary": "It adds."})


@pytest.mark.parametrize("template", ["execute.system", "execute.user"])
def test_a_task_is_carried_out_by_the_template_that_was_tuned_for_the_model(tmp_path: Path, template: str) -> None:
    opened = bench(tmp_path).opened(only_where_tuned(answer(Format.SYMBOL)), options={"checks_commands": ()})
    tune(template, model="another")
    with pytest.raises(ScriptExhaustedError):
        opened.execute(TASK)
    tune(template)
    [document] = opened.execute(TASK)
    assert document["state"] == "proposed"


def test_an_edit_is_sent_back_by_the_template_that_was_tuned_for_the_model(tmp_path: Path) -> None:
    tune("execute.retry")
    [document] = (
        bench(tmp_path)
        .opened("No edit.", only_where_tuned(answer(Format.SYMBOL)), options={"checks_commands": ()})
        .execute(TASK)
    )
    assert document["state"] == "proposed"


@pytest.mark.usefixtures("sandbox")
def test_what_checks_say_is_sent_back_by_the_template_that_was_tuned_for_the_model(tmp_path: Path) -> None:
    tune("execute.checks")
    opened = bench(tmp_path).opened(answer(Format.SYMBOL, new=WORSE), only_where_tuned(answer(Format.SYMBOL)))
    [document] = opened.execute(TASK)
    assert document["state"] == "proposed"


@pytest.mark.parametrize("template", ["code_review.system", "code_review.user"])
def test_code_is_reviewed_by_the_template_that_was_tuned_for_the_model(tmp_path: Path, template: str) -> None:
    tune(template)
    [document] = bench(tmp_path).opened(only_where_tuned(FINDINGS)).execute("Review calc.py for mistakes")
    assert (document["state"], document["model"]) == ("proposed", "scripted")


@pytest.mark.parametrize("template", ["breakdown.system", "breakdown.user"])
def test_a_plan_is_made_by_the_template_that_was_tuned_for_the_model(tmp_path: Path, template: str) -> None:
    tune(template)
    backend = script(tmp_path, only_where_tuned(plans.reply(plans.good_plan())))
    assert len(prentice.open(tmp_path, backend=backend).breakdown("Make uploads recover from failures").subtasks) == 4


@pytest.mark.parametrize("template", ["summarize.system", "summarize.user"])
def test_a_text_is_summarized_by_the_template_that_was_tuned_for_the_model(tmp_path: Path, template: str) -> None:
    tune(template)
    backend = script(tmp_path, only_where_tuned(SUMMARY))
    found = prentice.open(tmp_path, backend=backend).summarize("def add(a, b):\n    return a + b\n")
    assert found.summary == "It adds."
