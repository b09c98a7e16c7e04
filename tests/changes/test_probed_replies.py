"""What was tried on other tools, tried here: each probe is a reply in full, and what has to become of the files.

The probes are those that made a released tool change the wrong lines, lose text, write outside of the project or give
up, measured on aider 0.86.2 and the `apply_patch` of codex-cli 0.169.0.
"""

import pytest

from prentice.changes.change import Change
from prentice.changes.files import EXECUTABLE, LINK, File, Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy
from prentice.changes.markers import markers_for
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

FUNCTION = "def f():\n    return 1\n\n\ndef g():\n    return 2\n"


def block(path: str, search: str, replace: str) -> str:
    """Write a block with the common marks; both texts end in a line feed or are empty."""
    return f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n"


def v4a(body: str) -> str:
    return f"*** Begin Patch\n{body}\n*** End Patch\n"


def became(reply: str, files: dict[str, bytes | File], *, format_: Format | None = None) -> dict[str, bytes] | str:
    """Give the files afterwards, or the code of the first refusal or objection."""
    held = {path: file if isinstance(file, File) else File(content=file) for path, file in files.items()}
    contents = {path: file.content for path, file in held.items()}
    targets = tuple(Target(path=path) for path in contents)
    parsed = parse(reply, ask=Ask(format=format_, targets=targets, markers=markers_for(contents)))
    result = parsed if isinstance(parsed, Refusal) else resolve(parsed.edits, Files(held))
    if isinstance(result, Refusal):
        return result.code
    refused = [one.code for one in guard(result, policy=Policy()) if one.verdict == "refuse"]
    return refused[0] if refused else after(result, contents)


def after(change: Change, before: dict[str, bytes]) -> dict[str, bytes]:
    left = {path: content for path, content in before.items() if path not in {file.old_path for file in change.files}}
    return left | {file.path: file.new for file in change.files if file.after}


Probe = tuple[str, dict[str, bytes | File], dict[str, bytes] | str]
PROBES: dict[str, Probe] = {
    "a heading underlined with the divider, in the new text": (
        block("README.md", "old\n", "Changes\n=======\n\n* a\n"),
        {"README.md": b"old\n"},
        "malformed",
    ),
    "a heading underlined with the divider, in both halves": (
        block("README.md", "Changes\n=======\n\n* a\n", "Changes\n=======\n\n* b\n"),
        {"README.md": b"Changes\n=======\n\n* a\n"},
        "malformed",
    ),
    "text that stands in another file": (
        block("a.py", "only = 'b'\n", "only = 'c'\n"),
        {"a.py": b"x = 1\n", "b.py": b"only = 'b'\n"},
        "not_found",
    ),
    "a name that looks like two files": (
        block("test_utilz.py", "x = 1\n", "x = 2\n"),
        {"test_utils.py": b"x = 1\n", "test_utily.py": b"x = 1\n"},
        "no_file",
    ),
    "lines that stand twice": (block("a.py", "x = 1\n", "x = 2\n"), {"a.py": b"x = 1\ny\nx = 1\n"}, "ambiguous"),
    "a whole file with a placeholder": (
        "a.py\n```python\ndef f():\n    return 3\n\n\n# ... rest of code unchanged ...\n```\n",
        {"a.py": FUNCTION.encode()},
        "elision",
    ),
    "a placeholder in new lines": (
        block("a.py", "    return 1\n", "    # ... existing code ...\n    return 3\n"),
        {"a.py": FUNCTION.encode()},
        "elision",
    ),
    "nothing in the place of all": (block("a.py", "x = 1\ny = 2\n", ""), {"a.py": b"x = 1\ny = 2\n"}, {"a.py": b""}),
    "one block that fits and one that does not": (
        block("a.py", "    return 1\n", "    return 3\n") + block("a.py", "    return 9\n", "    return 4\n"),
        {"a.py": FUNCTION.encode()},
        "not_found",
    ),
    "an error in the syntax": (
        block("a.py", "def g():\n", "def g(:\n"),
        {"a.py": FUNCTION.encode()},
        "syntax",
    ),
    "line ends of two bytes": (
        block("a.txt", "two\n", "TWO\n"),
        {"a.txt": b"one\r\ntwo\r\nthree\r\n"},
        {"a.txt": b"one\r\nTWO\r\nthree\r\n"},
    ),
    "mixed line ends": (
        block("a.txt", "two\n", "TWO\n"),
        {"a.txt": b"one\r\ntwo\nthree\r\n"},
        {"a.txt": b"one\r\nTWO\nthree\r\n"},
    ),
    "a byte order mark on the first line": (
        block("a.txt", "one\n", "ONE\n"),
        {"a.txt": b"\xef\xbb\xbfone\ntwo\n"},
        {"a.txt": b"\xef\xbb\xbfONE\ntwo\n"},
    ),
    "a file in Latin-1": (
        block("a.txt", "two\n", "TWO\n"),
        {"a.txt": b"caf\xe9\ntwo\n"},
        {"a.txt": b"caf\xe9\nTWO\n"},
    ),
    "tabs in the file and blanks in the block": (
        block(
            "a.go", "func f() {\n    if x {\n        y()\n    }\n}\n", "func f() {\n    if x {\n        z()\n    }\n}\n"
        ),
        {"a.go": b"func f() {\n\tif x {\n\t\ty()\n\t}\n}\n"},
        {"a.go": b"func f() {\n\tif x {\n\t\tz()\n\t}\n}\n"},
    ),
    "indentation that was dropped": (
        block("a.py", "if x:\n    return 1\n", "if x:\n    return 3\n"),
        {"a.py": b"def f(x):\n    if x:\n        return 1\n    return 2\n"},
        {"a.py": b"def f(x):\n    if x:\n        return 3\n    return 2\n"},
    ),
    "a path above the project": (block("../evil.txt", "", "x\n"), {"a.py": b""}, "path"),
    "an absolute path": (v4a("*** Add File: /tmp/evil\n+x"), {"a.py": b""}, "path"),
    "a hook of git": (v4a("*** Add File: .git/hooks/pre-commit\n+x"), {"a.py": b""}, "path"),
    "a path through a link": (
        v4a("*** Add File: link/evil.txt\n+x"),
        {"link": File(content=b"/tmp", mode=LINK)},
        "path",
    ),
    "a move out of the project": (
        v4a("*** Update File: a.py\n*** Move to: ../a.py\n@@\n-x = 1\n+x = 2"),
        {"a.py": b"x = 1\n"},
        "path",
    ),
    "commands in a fence": ("Run this:\n```bash\nrm -rf /\n```\n", {"a.py": b"x = 1\n"}, "no_edits"),
    "an answer without an edit": ("The fix is to return 3 in `f`.\n", {"a.py": b"x = 1\n"}, "no_edits"),
    "an answer in another language": (
        "\u5f53\u7136\u3002\u4fee\u6539\u5982\u4e0b:\n\n"
        + block("a.py", "x = 1\n", "x = 2\n")
        + "\n\u4ee5\u4e0a\u3002",
        {"a.py": b"x = 1\n"},
        {"a.py": b"x = 2\n"},
    ),
    "a NUL in the new text": (block("a.py", "x = 1\n", "x = '\0'\n"), {"a.py": b"x = 1\n"}, "characters"),
    "a file deleted and edited": (
        "DELETE FILE: a.py\n" + block("a.py", "x = 1\n", "x = 2\n"),
        {"a.py": b"x = 1\n"},
        "contradiction",
    ),
    "edits that overlap": (
        block("a.py", "x\ny\n", "1\n") + block("a.py", "y\nz\n", "2\n"),
        {"a.py": b"x\ny\nz\n"},
        "overlap",
    ),
    "first and last line alone alike": (
        block("a.py", "def f():\n    a()\n    b()\n    return 1\n", "def f():\n    return 1\n"),
        {"a.py": b"def f():\n    one()\n    two()\n    three()\n    return 1\n"},
        "not_found",
    ),
}


@pytest.mark.parametrize("name", PROBES)
def test_a_probe_that_fooled_others_gives_the_right_files_or_a_refusal(name: str) -> None:
    reply, files, wanted = PROBES[name]
    assert became(reply, files) == wanted


def test_an_executable_stays_one() -> None:
    parsed = parse(block("run.sh", "echo 1\n", "echo 2\n"))
    assert not isinstance(parsed, Refusal)
    result = resolve(parsed.edits, Files({"run.sh": File(content=b"echo 1\n", mode=EXECUTABLE)}))
    assert isinstance(result, Change)
    assert result.files[0].after == File(content=b"echo 2\n", mode=EXECUTABLE)


def test_every_refusal_can_go_back_to_the_model() -> None:
    for reply, files, wanted in PROBES.values():
        parsed = parse(reply, ask=Ask(targets=tuple(Target(path=path) for path in files)))
        result = parsed if isinstance(parsed, Refusal) else resolve(parsed.edits, Files(files))
        if isinstance(result, Refusal):
            assert isinstance(wanted, str)
            assert result.feedback().startswith("Nothing was changed.")
            assert result.sentence in result.feedback() or result.failures[0].sentence in result.feedback()
