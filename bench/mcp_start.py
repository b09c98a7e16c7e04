"""How long an assistant waits for the server: from the start of the process to the answer to `initialize`.

Beside it a bare server of the same SDK with one tool, started in turn with ours. Prints medians, their ratio, and the
memory (peak resident set) of each when it has answered. Run: `python bench/mcp_start.py [ROUNDS]`.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

GOAL: Final = 1.2
BARE: Final = """
from mcp.server.mcpserver import MCPServer
server = MCPServer("bare")
@server.tool()
def add(a: int, b: int) -> int:
    return a + b
server.run("stdio")
"""
HELLO: Final = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}},
}  # fmt: skip


def start(command: list[str], directory: Path) -> tuple[float, float]:
    """Start a server, give the seconds to its first answer and its memory in MB then (0 where the system hides it)."""
    begun = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=directory) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(HELLO).encode() + b"\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        seconds = time.perf_counter() - begun
        assert "result" in answer
        memory = _peak(process.pid)
        process.stdin.close()
        process.wait(timeout=30)
    return seconds, memory


def _peak(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def main(rounds: int) -> int:
    """Measure and print; give 1 where the goal is missed."""
    ours, bare = [sys.executable, "-m", "prentice", "mcp"], [sys.executable, "-c", BARE]
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        for command in (ours, bare):
            start(command, directory)  # compiled and in the disk's cache from here on
        pairs = [(start(ours, directory), start(bare, directory)) for _ in range(rounds)]
    times = [statistics.median(pair[side][0] for pair in pairs) for side in (0, 1)]
    memory = [statistics.median(pair[side][1] for pair in pairs) for side in (0, 1)]
    ratio = statistics.median(one[0] / other[0] for one, other in pairs)
    print(f"prentice mcp: {times[0]:.3f} s, {memory[0]:.0f} MB; bare server: {times[1]:.3f} s, {memory[1]:.0f} MB")
    print(f"ratio {ratio:.2f} (median of {rounds} pairs; goal {GOAL}), memory {memory[0] / max(memory[1], 1):.2f}")
    return int(ratio > GOAL)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
