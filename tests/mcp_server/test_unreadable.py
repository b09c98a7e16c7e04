"""Lines on the wire that are no message."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}},
}  # fmt: skip
PING = {"jsonrpc": "2.0", "id": "last", "method": "ping"}


def answered(directory: Path, line: str) -> list[dict[str, object]]:
    """What a server says to a handshake, a line, and a ping, up to the answer to that."""
    command = [sys.executable, "-m", "prentice", "--project", str(directory), "mcp"]
    said: list[dict[str, object]] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n".join([json.dumps(HELLO), line, json.dumps(PING)]) + "\n")
        process.stdin.flush()
        while not said or said[-1]["id"] != PING["id"]:
            said.append(json.loads(process.stdout.readline()))
        process.stdin.close()
    return said


CALL = '{"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": {"name": "estimation", "arguments": '


@pytest.mark.parametrize(
    ("line", "code", "of"),
    [
        (CALL + '{"action": "analyze", "tasks": ["\\ud800 half"]}}}', -32600, 5),
        ('{"jsonrpc": "2.0", "id": "a", "params": {}}', -32600, "a"),
        ('{"jsonrpc": "1.0", "id": 7, "method": "ping"}', -32600, 7),
        ('{"jsonrpc": "2.0", "id": 7, "method": 3}', -32600, 7),
        ('{"jsonrpc": "2.0", "id": "' + "x" * 101 + '"}', -32600, None),
        ('{"jsonrpc": "2.0", "id": [1]}', -32600, None),
        ("[]", -32600, None),
        ("null", -32600, None),
        (CALL, -32700, None),
        ("[" * 5_000 + "]" * 5_000, -32700, None),
        ("hello", -32700, None),
    ],
    ids=[
        "half a letter",
        "no method",
        "version",
        "wrong method",
        "long id",
        "odd id",
        "list",
        "null",
        "cut",
        "deep",
        "text",
    ],
)
def test_a_line_that_is_no_message_is_answered_and_the_next_is_too(
    tmp_path: Path, line: str, code: int, of: object
) -> None:
    hello, refused, ping = answered(tmp_path, line)
    assert hello["id"] == 1
    assert isinstance(refused["error"], dict)
    assert (refused["id"], refused["error"]["code"]) == (of, code)
    assert (ping["id"], ping["result"]) == ("last", {})


@pytest.mark.parametrize("line", ["", "   ", '{"jsonrpc": "2.0", "id": 1, "result": 3}', '{"id": 1, "error": "x"}'])
def test_empty_lines_and_broken_answers_are_passed_over(tmp_path: Path, line: str) -> None:
    assert [said["id"] for said in answered(tmp_path, line)] == [1, "last"]
