"""What the tools cost an assistant: the schemas, and the largest answers."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcp import Client
from mcp_types import CallToolResult

import prentice
from mcp_server.clients import document, error, text
from plans import script, subtask
from prentice import Prentice
from prentice.mcp.answers import BYTES_PER_TOKEN
from prentice.mcp.server import PrenticeServer

SCHEMA_TOKENS = 2_000
ANSWER_TOKENS = 4_000


def tokens(json_text: str) -> float:
    return len(json_text.encode()) / BYTES_PER_TOKEN


def answer_tokens(result: CallToolResult) -> float:
    return tokens(result.model_dump_json(by_alias=True, exclude_none=True))


def call(directory: Path, tool: str, arguments: dict[str, Any], **options: Any) -> CallToolResult:
    async def main() -> CallToolResult:
        async with Client(PrenticeServer(directory, **{"backend": "builtin", **options})) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(main())


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of a project with 1,000 open tasks and some that are done."""
    directory = tmp_path_factory.mktemp("crowded")
    project = prentice.open(directory)
    project.init()
    assert project.project
    words = "Retry failed uploads with back-off in src/uploads/client.py and show 进度 of each file to the user"
    records: list[dict[str, Any]] = [
        {"id": f"T-{n}", "name": f"{words}, part {n}", "status": "Todo" if n <= 1000 else "Done", "priority": "medium",
         "long_description": "Users lose their place. " * 20, "dependencies": [], "tags": []}
        for n in range(1, 1051)
    ]  # fmt: skip
    path = project.project.todo2_path
    value = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(value | {"todos": records}), encoding="utf-8")
    return directory


def test_all_schemas_together_are_small_on_the_wire(
    project: Prentice, monkeypatch: pytest.MonkeyPatch, era: str
) -> None:
    monkeypatch.setenv("PRENTICE_BREAKDOWN_MIN_SUBTASKS", "10")
    monkeypatch.setenv("PRENTICE_BREAKDOWN_MAX_SUBTASKS", "20")

    async def main() -> str:
        async with Client(PrenticeServer(project.directory), mode=era) as client:
            return (await client.list_tools()).model_dump_json(by_alias=True, exclude_none=True)

    listed = asyncio.run(main())
    assert '"default":20' in listed
    assert tokens(listed) <= SCHEMA_TOKENS


def test_the_server_and_its_tools_say_which_task_goes_where_and_how_to_wait() -> None:
    server = PrenticeServer(Path())
    assert server.instructions
    for word in ("`execute`", "`breakdown`", "`assistant`", "`human`", "`estimation`", "`model_auto_execute`"):
        assert word in server.instructions
    tools = {tool.name: str(tool.description) for tool in asyncio.run(server.list_tools())}
    waiting = {name for name, says in tools.items() if "State `running`: call again with" in says}
    assert waiting == tools.keys() - {"estimation"}
    assert all("same `action`" in tools[name] for name in ("mlx", "ollama"))
    assert "others are refused" in tools["model_auto_execute"]


def test_every_schema_is_valid_and_every_array_of_an_argument_types_its_items() -> None:
    def arrays(schema: Any) -> list[dict[str, Any]]:
        if isinstance(schema, list):
            return [found for item in schema for found in arrays(item)]
        if not isinstance(schema, dict):
            return []
        own = [schema] if schema.get("type") == "array" else []
        return own + [found for item in schema.values() for found in arrays(item)]

    for tool in asyncio.run(PrenticeServer(Path()).list_tools()):
        for schema in (tool.input_schema, tool.output_schema):
            assert schema
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert all(isinstance(array["items"], dict) for array in arrays(tool.input_schema))


def test_inputs_name_their_choices_and_the_projects_own_bounds(project: Prentice, monkeypatch: Any) -> None:
    monkeypatch.setenv("PRENTICE_BREAKDOWN_MAX_SUBTASKS", "5")
    tools = {tool.name: tool for tool in asyncio.run(PrenticeServer(project.directory).list_tools())}
    breakdown, estimation = tools["model_task_breakdown"], tools["estimation"]
    properties = breakdown.input_schema["properties"]
    assert properties["backend"]["enum"] == ["auto", "ollama", "mlx", "openai", "builtin"]
    assert (properties["min_subtasks"]["default"], properties["max_subtasks"]["default"]) == (3, 5)
    assert estimation.input_schema["properties"]["action"]["enum"] == ["estimate", "analyze", "batch", "stats"]
    assert estimation.input_schema["required"] == ["action"]


def test_annotations_say_what_each_tool_can_do() -> None:
    tools = {tool.name: tool for tool in asyncio.run(PrenticeServer(Path()).list_tools())}
    hints = {
        name: (tool.annotations.read_only_hint, tool.annotations.destructive_hint, tool.annotations.open_world_hint)
        for name, tool in tools.items()
        if tool.annotations
    }
    assert hints == {
        "model_task_breakdown": (False, False, True),
        "model_auto_execute": (False, True, True),
        "model_optimize_prompt": (False, False, True),
        "estimation": (True, None, False),
        "mlx": (False, True, True),
        "ollama": (False, True, True),
    }


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "batch"},
        {"action": "stats"},
        {"action": "batch", "tasks": [f"T-{n}" for n in range(1, 101)]},
        {"action": "estimate", "tasks": [f"T-{n}" for n in range(1, 101)]},
        {"action": "analyze", "tasks": [f"T-{n}" for n in range(1, 101)]},
    ],
    ids=["batch of all", "stats of all", "batch of 100", "estimate of 100", "analyze of 100"],
)
def test_an_answer_about_a_thousand_tasks_keeps_to_the_limit(crowded: Path, arguments: dict[str, Any]) -> None:
    result = call(crowded, "estimation", arguments)
    assert answer_tokens(result) <= ANSWER_TOKENS
    found = document(result)
    assert json.loads(text(result)) == found
    if "stats" not in found:
        [items] = (value for value in found.values() if isinstance(value, list))
        assert items
        assert len(items) + found["left_out"] == len(arguments.get("tasks", range(1000)))


def test_stats_count_every_open_task(project: Prentice) -> None:
    for number in range(2, 12):
        project.add(f"Fix the typo in chapter {number} of the handbook")
    project.comment("T-2", "Fixed.", kind="result")
    for status in ("In Progress", "Review", "Done"):
        project.set_status("T-2", status)
    found = document(call(project.directory, "estimation", {"action": "stats"}))
    assert found["left_out"] == 0
    stats = found["stats"]
    assert stats["tasks"] == stats["counted"] == 10
    assert stats["lane"] == _counted(project, "lane")
    assert stats["complexity"] == _counted(project, "complexity")
    assert stats["bucket"] == dict(Counter(item.estimate.bucket for item in project.analyze_each()))


def test_stats_that_take_too_long_say_how_many_they_count(crowded: Path) -> None:
    found = document(call(crowded, "estimation", {"action": "stats"}, hold=0.05))
    assert 0 < found["stats"]["counted"] < found["stats"]["tasks"] == 1000
    assert found["left_out"] == 1000 - found["stats"]["counted"]


def test_a_plan_for_one_of_a_thousand_tasks_keeps_to_the_limit(crowded: Path) -> None:
    assert answer_tokens(call(crowded, "model_task_breakdown", {"task": "T-7"})) <= ANSWER_TOKENS


@pytest.mark.parametrize("letter", ["e", "进", '"'])
def test_the_largest_plan_is_shortened_to_the_limit_and_says_so(tmp_path: Path, letter: str) -> None:
    plan = [
        subtask(
            f"step-{n}",
            f"{n} {letter * 75}",
            description=letter * 270,
            acceptance_criteria=[f"{m} {letter * 110}" for m in range(5)],
            complexity="complex",
        )
        for n in range(20)
    ]
    backend = script(tmp_path / "large.jsonl", json.dumps({"subtasks": plan}, ensure_ascii=False))
    arguments = {"task": "Make uploads survive", "max_subtasks": 20}
    result = call(tmp_path, "model_task_breakdown", arguments, backend=backend)
    assert answer_tokens(result) <= ANSWER_TOKENS
    found = document(result)
    assert [item["key"] for item in found["subtasks"]] == [f"step-{n}" for n in range(20)]
    assert "Shortened" in found["warnings"][0]
    assert f"prentice approve {found['proposal_id']}" in text(result)
    stored = prentice.open(tmp_path).proposal(found["proposal_id"])
    assert stored.subtasks[0].description == letter * 270


@pytest.mark.parametrize(
    ("hold", "states"), [(60.0, {"refused", "handed_off"}), (0.0, {"running"})], ids=["ended", "running"]
)
def test_of_twenty_tasks_every_run_is_named(tmp_path: Path, hold: float, states: set[str]) -> None:
    tasks = [f'修复第 {n} 个\u202e"模块"中的错误、' + "并为它编写测试和文档、" * 150 for n in range(20)]
    result = call(tmp_path, "model_auto_execute", {"tasks": tasks}, hold=hold)
    assert answer_tokens(result) <= ANSWER_TOKENS
    found = document(result)
    assert json.loads(text(result)) == found
    assert [line["run_id"] for line in found["runs"]] == [f"R-{n}" for n in range(1, 21)]
    assert {line["state"] for line in found["runs"]} <= states
    assert all(line["task"].startswith("修复第") for line in found["runs"])


def test_an_error_of_any_length_keeps_to_the_limit(tmp_path: Path) -> None:
    plan = [subtask(f"步{n}" * 300, f"步骤 {n}" * 100, dependencies=["无" * 1000]) for n in range(8)]
    backend = script(tmp_path / "bad.jsonl", *[json.dumps({"subtasks": plan})] * 2)
    result = call(tmp_path, "model_task_breakdown", {"task": "Make uploads survive"}, backend=backend)
    assert error(result)["code"] == "breakdown_rejected"
    assert answer_tokens(result) <= ANSWER_TOKENS


def test_a_defect_is_told_without_its_inner_words_and_the_server_goes_on(project: Prentice) -> None:
    server = PrenticeServer(project.directory)

    @server.add_tool
    def broken() -> str:
        raise ZeroDivisionError("a secret")

    async def main() -> None:
        async with Client(server) as client:
            result = await client.call_tool("broken", {})
            assert error(result)["code"] == "defect"
            assert "ZeroDivisionError" in text(result)
            assert "secret" not in result.model_dump_json()
            document(await client.call_tool("estimation", {"action": "stats"}))

    asyncio.run(main())


def _counted(project: Prentice, part: str) -> dict[str, int]:
    open_tasks = [task for task in project.tasks().tasks.values() if task.is_open]
    return dict(Counter(str(project.analyze(task.id).document()[part]) for task in open_tasks))
