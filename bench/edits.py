"""Applying edits: one edit of a 2,000-line file beside what others do, symbols of the standard library, linearity.

uv run python bench/edits.py [--aider DIRECTORY] [--library N]

DIRECTORY holds aider's package (`pip install --no-deps --target DIRECTORY aider-chat`); only its search/replace
functions are called. `--library 0` takes every file of the standard library. Goal: one edit in less than 5 ms in the
median.
"""

import argparse
import importlib.util
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
import types
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from statistics import median

from prentice.changes.change import Change, FileChange
from prentice.changes.edits import RewriteSymbol
from prentice.changes.express import express
from prentice.changes.files import File, Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.markers import Markers
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve
from prentice.changes.symbols.table import Unreadable, symbols_of
from prentice.changes.text import decode

LINES = 2_000
ROUNDS = 41
GOAL = 0.005


def sample() -> tuple[bytes, bytes, str, str]:
    """Give a file of 2,000 lines, the same with one line changed, and the stretch around it before and after."""
    functions = [
        f"def function_{n}(value):\n    total = value + {n}\n    return total * {n}\n\n\n" for n in range(LINES // 5)
    ]
    old = "".join(functions)
    before = functions[250].rstrip("\n") + "\n"
    after = before.replace("return total", "return 2 * total")
    return old.encode(), old.replace(before, after).encode(), before, after


def clocked(work: Callable[[], object]) -> float:
    """Give the median time of some rounds, in seconds."""
    times: list[float] = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def one_edit(aider: str | None) -> bool:
    """Print the time for one edit in each format and of the others; say whether the goal is met."""
    old, new, before, after = sample()
    file = FileChange(path="a.py", old_path="a.py", before=File(content=old), after=File(content=new))
    files = Files({"a.py": old})
    met = True
    for format_ in Format:
        reply = express(Change(files=(file,)), format_=format_, markers=Markers())
        assert reply
        ask = Ask(format=format_, targets=(Target(path="a.py"),))

        def whole_way(reply: str = reply, ask: Ask = ask) -> Change:
            parsed = parse(reply, ask=ask)
            assert not isinstance(parsed, Refusal)
            change = resolve(parsed.edits, files)
            assert isinstance(change, Change)
            assert change.files[0].new == new
            return change

        took = clocked(whole_way)
        met = met and (took < GOAL or format_ in {Format.SYMBOL, Format.WHOLE})
        print(f"{'ours, ' + format_:<42}{took * 1000:8.2f} ms")
    if aider:
        block = _aider(aider)
        took = clocked(lambda: block.replace_most_similar_chunk(old.decode(), before, after))
        print(f"{'aider, search/replace functions':<42}{took * 1000:8.2f} ms")
    print(f"{'git apply':<42}{_git_apply(old, file.diff()) * 1000:8.2f} ms (a process)")
    return met


def _aider(directory: str) -> types.ModuleType:
    """Load aider's module of search/replace functions without the rest of aider."""
    package = Path(directory) / "aider"
    for name in (
        "aider",
        "aider.utils",
        "aider.dump",
        "aider.coders",
        "aider.coders.base_coder",
        "aider.coders.editblock_prompts",
    ):
        module = types.ModuleType(name)
        module.__path__ = []
        module.__dict__.update(dump=None, utils=None, Coder=object, EditBlockPrompts=object)
        sys.modules[name] = module
    path = package / "coders" / "editblock_coder.py"
    spec = importlib.util.spec_from_file_location("aider.coders.editblock_coder", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _git_apply(old: bytes, diff: bytes) -> float:
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(["git", "init", "-q", directory], check=True)

        def apply() -> None:
            (Path(directory) / "a.py").write_bytes(old)
            subprocess.run(["git", "apply"], cwd=directory, input=diff, check=True)

        return clocked(apply)


def library(count: int) -> int:
    """Replace symbols by themselves and by their neighbours' text; give how many results were wrong."""
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(file for file in root.rglob("*.py") if "site-packages" not in file.parts)
    chosen = random.Random(1).sample(files, count) if count else files
    same = neighbours = refused = wrong = 0
    for file in chosen:
        text = decode(file.read_bytes())
        table = symbols_of("a.py", text.lines) if text else []
        if text is None or isinstance(table, Unreadable) or not table:
            continue
        snapshot = Files({"a.py": text.encode()})
        own = [RewriteSymbol(path="a.py", symbol=one.address, lines=text.lines[one.start : one.end]) for one in table]
        result = resolve(own, snapshot)
        same += len(own)
        wrong += isinstance(result, Change) or result.code != "no_change"
        for one, other in pairwise(table):
            column = {len(line) - len(line.lstrip()) for line in (text.lines[one.start], text.lines[other.start])}
            if one.parent != other.parent or one.end > other.start or len(column) > 1:
                continue
            new = text.lines[other.start : other.end]
            replaced = resolve([RewriteSymbol(path="a.py", symbol=one.address, lines=new)], snapshot)
            neighbours += 1
            if isinstance(replaced, Refusal):
                refused += 1
                continue
            after = decode(replaced.files[0].new)
            differs = after is None or after.lines != (*text.lines[: one.start], *new, *text.lines[one.end :])
            wrong += differs
            if differs:
                print(f"wrong: {file.relative_to(root)} {one.address}")
    print(f"\n{len(chosen)} files of the standard library: {same} symbols replaced by themselves, ", end="")
    print(f"{neighbours} by a neighbour's text ({refused} refused); wrong: {wrong}")
    return wrong


def doubling() -> None:
    """Print the time of replies and files that double in size."""
    print("\nsize of reply and file      1x       2x       4x       8x")
    cases: dict[str, Callable[[int], tuple[str, bytes]]] = {
        "edits": lambda n: (_edits(n), _values(n)),
        "prose": lambda n: ("a.py\n" + "Some words about `a.py` here.\n" * 20 * n, b"x\n"),
        "fences": lambda n: ("```python\nx = 1\n```\n" * n, b"x\n"),
        "equal lines": lambda n: (
            "a.py\n<<<<<<< SEARCH\n" + "a\n" * n + "c\n=======\nx\n>>>>>>> REPLACE",
            b"a\n" * 2 * n,
        ),
    }
    for name, make in cases.items():
        row: list[float] = []
        for factor in (1, 2, 4, 8):
            reply, content = make(1_000 * factor)
            started = time.perf_counter()
            parsed = parse(reply)
            if not isinstance(parsed, Refusal):
                resolve(parsed.edits, Files({"a.py": content}))
            row.append(time.perf_counter() - started)
        print(f"{name:<22}" + "".join(f"{took * 1000:7.0f} ms"[:11].rjust(9) for took in row))


def _values(count: int) -> bytes:
    return "".join(f"value_{number} = {number}\n" for number in range(count)).encode()


def _edits(count: int) -> str:
    block = "a.py\n<<<<<<< SEARCH\nvalue_{0} = {0}\n=======\nvalue_{0} = {0} + 1\n>>>>>>> REPLACE"
    return "\n".join(block.format(number) for number in range(count))


def main() -> int:
    """Measure and print; the exit code says whether all goals were met."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--aider", help="where aider's package is")
    arguments.add_argument("--library", type=int, default=100, help="files of the standard library, 0 for all")
    given = arguments.parse_args()
    met = one_edit(given.aider)
    print(
        f"goal: < {GOAL * 1000:.0f} ms for a placed edit: {'met' if met else 'MISSED'} "
        "(a symbol rewrite parses the file, a whole file is 2,000 lines of edit)"
    )
    doubling()
    return int(bool(library(given.library)) or not met)


if __name__ == "__main__":
    sys.exit(main())
