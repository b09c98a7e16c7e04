"""Forms as clients get them: fields, and nothing beside them."""

import pytest
from mcp.server.elicitation import render_elicitation_schema

from prentice.mcp.approval import QuestionForm
from prentice.mcp.breakdown import PlanDecision
from prentice.mcp.execution import ChangeDecision


@pytest.mark.parametrize("form", [PlanDecision, ChangeDecision])
def test_a_form_has_fields_and_no_title_of_its_own(form: type[QuestionForm]) -> None:
    schema = render_elicitation_schema(form)
    assert set(schema) <= {"type", "properties", "required"}
    assert all("title" in field for field in schema["properties"].values())
