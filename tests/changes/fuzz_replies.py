"""Opt-in: atheris on the way from a reply to a change, for as long as it is left running.

uv run --no-project --python 3.11 --with atheris --with-editable . python tests/changes/fuzz_replies.py
[-max_total_time=600]

The short form that CI runs is in test_hostile_replies.py, by hypothesis; both call `survives`.
"""

import sys
import time
from importlib import import_module
from types import FunctionType, ModuleType

from prentice.changes.change import Change
from prentice.changes.codex import apply_patch
from prentice.changes.files import Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.changes.markers import Markers
from prentice.changes.normal import normal_form
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve
from prentice.changes.symbols.outline import outline
from prentice.changes.symbols.python import parsed_symbols
from prentice.changes.symbols.table import Unreadable, numbered
from prentice.changes.text import reply_lines

CONTENTS = {
    "a.py": b"import os\n\n\nclass A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n",
    "docs/b.md": b"Title\n=====\n\n```python\nx = 1\n```\n\n- one\n- two\n",
    "c.js": b"function f(a) {\r\n\treturn a;\r\n}\r\n",
    "d.txt": "caf\u00e9 \u201cquoted\u201d".encode(),
}
SECONDS = 5.0
TOKENS = (
    "a.py",
    "docs/b.md",
    "c.js",
    "d.txt",
    "a.py::A.f",
    "<<<<<<< SEARCH",
    "=======",
    ">>>>>>> REPLACE",
    "```",
    "````",
    "```diff",
    "--- a/a.py",
    "+++ b/a.py",
    "@@ -1,2 +1,2 @@",
    "@@",
    "@@ class A:",
    "*** Begin Patch",
    "*** End Patch",
    "*** Update File: a.py",
    "*** Add File: new.py",
    "*** Delete File: c.js",
    "*** Move to: moved.py",
    "*** End of File",
    "DELETE FILE: d.txt",
    "RENAME FILE: a.py TO z.py",
    "diff --git a/a.py b/a.py",
    "rename from a.py",
    "rename to ../x.py",
    "new file mode 100755",
    "\\ No newline at end of file",
    "import os",
    "class A:",
    "    def f(self):",
    "        return 1",
    "-        return 1",
    "+        return 3",
    " class A:",
    "+x",
    "-x",
    " ",
    "",
    "# ... rest of the code ...",
    "Title",
    "=====",
    "function f(a) {",
    "../evil.py",
    ".git/hooks/pre-commit",
    "<<<<<<< SEARCH QK7",
    "======= QK7",
    ">>>>>>> REPLACE QK7",
    ":start_line:3",
    "-------",
    "def f(",
    "    x = '''",
    '"""',
    "async def g(): pass",
    "@dec(",
    ")",
    "):",
    "x = f'{y}' \\",
    "\tdef h(self):",
    "# '",
)


def survives(reply: str, *, format_: Format | None) -> None:
    """Take a reply all the way, and check what has to hold whatever it says."""
    started = time.process_time()
    snapshot = Files(CONTENTS)
    targets = tuple(Target(path=path) for path in CONTENTS)
    parsed = parse(reply, ask=Ask(format=format_, targets=targets, markers=Markers(tag="QK7")))
    if not isinstance(parsed, Refusal):
        result = resolve(parsed.edits, snapshot)
        if isinstance(result, Change):
            _check(
                result, named={edit.path for edit in parsed.edits} | {getattr(edit, "to", "") for edit in parsed.edits}
            )
        else:
            assert result.feedback()
    _check_outline(reply_lines(reply))
    patched = apply_patch(reply, snapshot)
    assert all(".." not in file.path and not file.path.startswith((".git", "/")) for file in patched.change.files)
    assert time.process_time() - started < SECONDS + len(reply) / 100_000


def _check_outline(lines: list[str]) -> None:
    """Compare the symbols of some lines with those of their syntax tree, if they are Python."""
    found, known = outline(lines), parsed_symbols(lines)
    assert found is None or isinstance(known, Unreadable) or numbered(found) == numbered(known)


def _check(change: Change, *, named: set[str]) -> None:
    for file in change.files:
        fits = [name for name in named if name.endswith(file.old_path) or file.old_path.endswith(name.lstrip("./"))]
        assert file.path in named or fits, (file.path, named)
        assert ".." not in file.path.split("/")
        assert not file.path.startswith((".git/", "/"))
        assert file.before is None or file.before.content == CONTENTS[file.old_path]
    numbers = [(hunk.path, hunk.number) for hunk in change.hunks()]
    assert change.only(numbers).digest == change.digest
    assert not change.only([]).files
    guard(change, policy=Policy())
    normal_form(change)
    change.diff()


def reply_from(data: bytes) -> tuple[str, Format | None]:
    """Make a reply of bytes: some choose lines that mean something, the rest is text as it comes."""
    formats = [None, *Format]
    lines: list[str] = []
    position = 1
    while position < len(data) and len(lines) < 200:
        choice = data[position]
        position += 1
        if choice < 200:
            lines.append(TOKENS[choice % len(TOKENS)])
        else:
            size = choice - 199
            lines.append(data[position : position + size].decode("utf-8", "replace"))
            position += size
    return "\n".join(lines), formats[data[0] % len(formats)] if data else None


def main() -> None:
    """Run atheris."""
    atheris = import_module("atheris")  # only this program needs it; the tests import what it calls

    def one(data: bytes) -> None:
        reply, format_ = reply_from(data)
        survives(reply, format_=format_)

    for function in _own_functions():
        atheris.instrument_func(function)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


def _own_functions() -> list[FunctionType]:
    """Give all functions and methods of the package: instrumenting the standard library too takes minutes."""
    modules = [module for name, module in sys.modules.items() if name.startswith("prentice.changes")]
    owners = [
        owner
        for module in modules
        for owner in (module, *vars(module).values())
        if isinstance(owner, type | ModuleType)
    ]
    found = {id(one): one for owner in owners for one in vars(owner).values() if isinstance(one, FunctionType)}
    return [one for one in found.values() if one.__module__.startswith("prentice.changes")]


if __name__ == "__main__":
    main()
