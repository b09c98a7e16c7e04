import asyncio
from pathlib import Path

import pytest
from mcp_types import Tool

from prentice.mcp.server import PrenticeServer

PAGE = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text(encoding="utf-8")


@pytest.fixture(params=["model_task_breakdown", "model_auto_execute", "model_optimize_prompt", "estimation", "mlx"])
def tool(request: pytest.FixtureRequest) -> Tool:
    [found] = (tool for tool in asyncio.run(PrenticeServer(Path()).list_tools()) if tool.name == request.param)
    return found


def test_every_argument_and_every_part_of_an_answer_stands_on_the_page(tool: Tool) -> None:
    section = PAGE.partition(f"## `{tool.name}`")[2].partition("\n## ")[0]
    assert tool.output_schema
    named = {*tool.input_schema["properties"], *tool.output_schema["properties"]}
    assert [name for name in named if f"`{name}`" not in section] == []


def test_every_choice_stands_on_the_page(tool: Tool) -> None:
    assert tool.output_schema
    schemas = [*tool.input_schema["properties"].values(), *tool.output_schema["properties"].values()]
    choices = [choice for schema in schemas for choice in schema.get("enum", [])]
    assert choices
    assert [choice for choice in choices if f"`{choice}`" not in PAGE] == []
