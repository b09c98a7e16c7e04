"""What is around the tools: resources, prompts, the client's roots, and the server over HTTP."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import mcp_types
import pytest
from mcp import Client, MCPError
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ListRootsResult, Root, TextResourceContents

import prentice
from mcp_server.clients import PATIENCE, document, error
from prentice import Prentice
from prentice.mcp.server import PrenticeServer

TOKEN = "a-token-of-a-test-with-enough-letters"


def server(directory: Path, **options: Any) -> PrenticeServer:
    return PrenticeServer(directory, **{"backend": "builtin", **options})


async def read(client: Client, uri: str) -> dict[str, Any]:
    [content] = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    assert content.mime_type == "application/json"
    found: dict[str, Any] = json.loads(content.text)
    return found


def test_tasks_proposals_and_runs_can_be_read_whole(project: Prentice, era: str) -> None:
    project.comment("T-1", "Seen on trains.")

    async def main() -> None:
        async with Client(server(project.directory), mode=era) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            task = await read(client, "prentice://tasks/T-1")
            assert (task["id"], task["comments"]) == ("T-1", ["Seen on trains."])
            proposal = await read(client, f"prentice://proposals/{plan['proposal_id']}")
            assert proposal["subtasks"] == plan["subtasks"]
            run = await read(client, f"prentice://runs/{plan['run_id']}")
            assert (run["kind"], run["state"], run["result"]) == ("breakdown", "finished", plan["proposal_id"])

    asyncio.run(main())


@pytest.mark.parametrize("uri", ["tasks/T-404", "proposals/P-404", "runs/R-404", "runs/..%2F..%2Fetc", "runs/"])
def test_a_resource_that_is_not_there_is_an_error_and_the_server_goes_on(project: Prentice, uri: str) -> None:
    async def main() -> None:
        async with Client(server(project.directory)) as client:
            with pytest.raises(MCPError) as caught:
                await client.read_resource(f"prentice://{uri}")
            for command in re.findall("`prentice [^`]*`", caught.value.message):
                assert f"--project {project.directory}" in command
            assert "you are in" not in caught.value.message
            await read(client, "prentice://tasks/T-1")

    asyncio.run(main())


def test_there_are_two_prompts_and_a_task_in_one_stands_between_marks(project: Prentice, era: str) -> None:
    async def main() -> None:
        async with Client(server(project.directory), mode=era) as client:
            assert [prompt.name for prompt in (await client.list_prompts()).prompts] == ["plan", "hand_over"]
            [message] = (await client.get_prompt("plan", {"task": "Move the moon"})).messages
            assert isinstance(message.content, mcp_types.TextContent)
            assert "<<<task\nMove the moon\ntask>>>" in message.content.text
            await client.get_prompt("hand_over")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("plan", {}, "Missing required arguments: {'task'}. It takes task."),
        ("nope", {"task": "x"}, "Unknown prompt: nope. There are: plan, hand_over."),
    ],
)
def test_a_prompt_that_cannot_be_given_is_told_as_the_clients_slip(
    project: Prentice, era: str, name: str, arguments: dict[str, str], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        async with Client(server(project.directory), mode=era) as client:
            with pytest.raises(MCPError) as caught:
                await client.get_prompt(name, arguments)
            assert (caught.value.code, caught.value.message) == (mcp_types.INVALID_PARAMS, says)

    asyncio.run(main())
    assert not [record for record in caplog.records if record.exc_info]


def rooted(*directories: Path) -> Any:
    async def list_roots(context: ClientRequestContext) -> ListRootsResult:
        del context
        return ListRootsResult(roots=[Root(uri=directory.as_uri()) for directory in directories])  # type: ignore[arg-type]

    return list_roots


def test_a_server_that_was_told_no_directory_takes_the_clients_first_root(
    project: Prentice, tmp_path_factory: pytest.TempPathFactory, era: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    async def main(source: str, *roots: Path) -> dict[str, Any]:
        made = server(elsewhere, source=source)
        async with Client(made, mode=era, list_roots_callback=rooted(*roots)) as client:
            result = await client.call_tool("estimation", {"action": "batch"})
            return error(result) if result.is_error else document(result)

    usual = "the working directory"
    assert len(asyncio.run(main(usual, Path("/nowhere at all"), project.directory))["estimates"]) == 1
    for source, roots, told in (
        ("--project", (project.directory,), "--project"),
        (usual, (), usual),
        (usual, (elsewhere,), "the client's roots"),
    ):
        found = asyncio.run(main(source, *roots))
        assert (found["directory"], found["directory_from"]) == (str(elsewhere), told)


def test_a_first_look_at_a_resource_is_in_the_clients_first_root_too(
    project: Prentice, tmp_path_factory: pytest.TempPathFactory, era: str
) -> None:
    async def main() -> dict[str, Any]:
        made = server(tmp_path_factory.mktemp("elsewhere"), source="the working directory")
        async with Client(made, mode=era, list_roots_callback=rooted(project.directory)) as client:
            return await read(client, "prentice://tasks/T-1")

    assert asyncio.run(main())["id"] == "T-1"


def test_a_root_with_a_per_cent_sign_in_its_name_is_itself_and_no_other(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, era: str
) -> None:
    for name in ("a%20b", "a b"):
        (tmp_path / name).mkdir()

    async def main() -> dict[str, Any]:
        made = server(tmp_path_factory.mktemp("elsewhere"), source="the working directory")
        async with Client(made, mode=era, list_roots_callback=rooted(tmp_path / "a%20b")) as client:
            return error(await client.call_tool("estimation", {"action": "batch"}))

    assert asyncio.run(main())["directory"] == str(tmp_path / "a%20b")


ODD_ROOTS: dict[str, object] = {
    "of another kind": [{"uri": "vscode-vfs://github/a/b"}, {"uri": "ROOT"}],
    "no address": [{"name": "x"}, "x"],
    "of another machine": [{"uri": "file://elsewhere/tmp"}, {"uri": "ROOT"}],
    "no list": "x",
    "nothing": None,
}


@pytest.mark.parametrize("odd", ODD_ROOTS)
def test_roots_that_are_no_directories_leave_the_others_and_the_working_directory(
    project: Prentice, tmp_path_factory: pytest.TempPathFactory, odd: str
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    spelled = json.loads(json.dumps(ODD_ROOTS[odd]).replace("ROOT", project.directory.as_uri()))
    has_root = "ROOT" in json.dumps(ODD_ROOTS[odd])
    with raw_server(elsewhere) as call:
        call("initialize", protocolVersion="2025-11-25", capabilities={"roots": {}},
             clientInfo={"name": "raw", "version": "1"})  # fmt: skip
        for _ in range(2):
            found = call("tools/call", name="estimation", arguments={"action": "batch"}, roots=spelled)
            assert bool(found.get("isError")) is not has_root
            if not has_root:
                assert found["structuredContent"]["error"]["directory"] == str(elsewhere)


@contextmanager
def raw_server(directory: Path) -> Iterator[Callable[..., dict[str, Any]]]:
    """The real program started in a directory; gives a function that asks it, and answers for the client's roots."""
    command = [sys.executable, "-m", "prentice", "mcp"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory, text=True) as process:

        def say(**message: object) -> None:
            assert process.stdin
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
            process.stdin.flush()

        def call(method: str, *, roots: object = None, **params: object) -> dict[str, Any]:
            assert process.stdout
            say(id=1, method=method, params=params)
            while True:
                heard = json.loads(process.stdout.readline())
                if heard.get("method") == "roots/list":
                    say(id=heard["id"], result={} if roots is None else {"roots": roots})
                elif heard.get("id") == 1:
                    if method == "initialize":
                        say(method="notifications/initialized")
                    assert "result" in heard, heard
                    return dict(heard["result"])

        yield call
        assert process.stdin
        process.stdin.close()


@contextmanager
def over_http(directory: Path, *, token: str = TOKEN) -> Iterator[str]:
    """The real program over HTTP, on a free port; gives its address."""
    with program_over_http(directory, token=token) as (url, _):
        yield url


@contextmanager
def program_over_http(directory: Path, *, token: str = TOKEN) -> "Iterator[tuple[str, subprocess.Popen[str]]]":
    environment = {**os.environ, "PRENTICE_MCP_TOKEN": token}
    command = [sys.executable, "-m", "prentice", "--project", str(directory), "--backend", "builtin"]
    with subprocess.Popen(
        [*command, "mcp", "--http", "--port", "0"], stderr=subprocess.PIPE, env=environment, text=True
    ) as process:
        try:
            assert process.stderr
            line = process.stderr.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+/mcp", line)
            assert found, line
            yield found[0], process
        finally:
            process.terminate()


def test_over_http_clients_of_both_eras_work_one_after_the_other(project: Prentice) -> None:
    async def main(url: str, era: str) -> None:
        web = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60)
        async with web, Client(streamable_http_client(url, http_client=web), mode=era) as client:
            plan = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))
            assert plan["state"] == "open"

    with over_http(project.directory) as url:
        for era in ("legacy", "2026-07-28", "legacy"):
            asyncio.run(main(url, era))


def test_an_interrupt_ends_the_server_over_http_and_says_that_work_goes_on(project: Prentice) -> None:
    with program_over_http(project.directory) as (_, process):
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 130
    assert "goes on with a worker, or with the next server" in said
    assert "Nothing was changed" not in said


def test_over_http_nothing_is_answered_without_the_token_or_for_another_host(project: Prentice) -> None:
    hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    right = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json, text/event-stream"}

    with over_http(project.directory) as url, httpx2.Client() as web:
        wrong: list[dict[str, str]] = [
            {},
            {"Authorization": "Bearer wrong"},
            {"Authorization": TOKEN},
            {**right, "Host": "evil.example"},
            {**right, "Origin": "http://evil.example"},
        ]
        codes = [web.post(url, json=hello, headers=headers).status_code for headers in wrong]
        told = web.post(url, json=hello, headers={**right, "Authorization": f"bearer {TOKEN}"}).status_code
    assert codes == [401, 401, 401, 421, 403]
    assert told not in {401, 403, 421}  # the name of a scheme has no case (RFC 9110, 11.1)


def test_a_short_token_is_refused_before_anything_is_served(project: Prentice) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "prentice", "--project", str(project.directory), "mcp", "--http", "--port", "0"],
        env={**os.environ, "PRENTICE_MCP_TOKEN": "short"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "PRENTICE_MCP_TOKEN is too short" in done.stderr


def test_arguments_of_ten_megabytes_are_refused_and_the_server_goes_on(project: Prentice) -> None:
    async def main() -> None:
        async with Client(server(project.directory)) as client:
            for tool, arguments in (
                ("model_task_breakdown", {"task": "Fix it. " * 1_300_000}),
                ("model_optimize_prompt", {"prompt": "Fix it. " * 1_300_000}),
                ("ollama", {"action": "summarize", "input": "Fix it. " * 1_300_000}),
            ):
                assert error(await client.call_tool(tool, arguments))["code"] == "task_text"
            document(await client.call_tool("estimation", {"action": "stats"}))

    asyncio.run(main())


def test_a_run_of_another_project_is_not_found(project: Prentice, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = prentice.open(tmp_path_factory.mktemp("other"))
    other.init()

    actions = ("generate", "pull", "breakdown", "execute", "optimize", "code_review", "summarize")
    calls: list[tuple[str, dict[str, Any]]] = [
        *((tool, {}) for tool in ("model_task_breakdown", "model_auto_execute", "model_optimize_prompt")),
        ("model_auto_execute", {"request_changes": "Otherwise, please."}),
        ("model_auto_execute", {"apply": "gate"}),
        ("model_task_breakdown", {"only": ["docs"]}),
        ("model_optimize_prompt", {"answers": {"scope": "All of it"}}),
        *((tool, {"action": action}) for tool in ("mlx", "ollama") for action in actions),
    ]

    async def main() -> None:
        async with Client(server(project.directory)) as client:
            run = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))["run_id"]
        async with Client(server(other.directory)) as client:
            for tool, arguments in calls:
                told = error(await client.call_tool(tool, {**arguments, "run_id": run}))
                assert (told["code"], told["directory"]) == ("run", str(other.directory)), (tool, arguments)

    asyncio.run(main())


def test_a_run_of_another_kind_names_the_tool_that_takes_it(project: Prentice) -> None:
    async def main() -> None:
        async with Client(server(project.directory)) as client:
            run = document(await client.call_tool("model_task_breakdown", {"task": "T-1"}))["run_id"]
            for tool, arguments in (
                ("model_auto_execute", {}),
                ("model_optimize_prompt", {}),
                ("ollama", {"action": "generate"}),
                ("mlx", {"action": "pull"}),
            ):
                told = error(await client.call_tool(tool, {**arguments, "run_id": run}))
                assert (told["code"], told["next_step"]) == ("usage", "Call `model_task_breakdown` with it.")

    asyncio.run(main())
