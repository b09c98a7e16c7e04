"""Two samples agree when their changes differ in nothing but form."""

import pytest

from prentice.changes.change import Change, FileChange
from prentice.changes.files import File
from prentice.changes.normal import normal_form


def form(path: str, new: str, old: str = "x = 1\n") -> str:
    file = FileChange(path=path, old_path=path, before=File(content=old.encode()), after=File(content=new.encode()))
    return normal_form(Change(files=(file,)))


SAME = {
    "comments": ("a.py", "x = 2  # why\n", "# two\nx = 2\n"),
    "quotes": ("a.py", "x = 'a'\n", 'x = "a"\n'),
    "blank lines and layout": ("a.py", "x = [1,\n     2]\n", "\nx = [1, 2]\n\n"),
    "JavaScript": ("a.js", "f('a'); // c\n", 'f(\n  "a"\n);\n'),
    "Go": ("a.go", "package p\n\n// c\nvar x = 1\n", "package p\nvar x = 1\n"),
    "text": ("a.txt", "a\n\nb\n", "a\nb\n"),
}
OTHER = {
    "values": ("a.py", "x = 2\n", "x = 3\n"),
    "docstrings are no comments": ("a.py", "'''a'''\n", "'''b'''\n"),
    "quotes that mean something": ("a.sh", "echo '$x'\n", 'echo "$x"\n'),
    "JavaScript": ("a.js", "f('a');\n", "f('b');\n"),
    "C characters": ("a.c", "char x = 'a';\n", "char x = 'b';\n"),
}


@pytest.mark.parametrize("case", SAME)
def test_form_alone_makes_no_difference(case: str) -> None:
    path, one, other = SAME[case]
    assert form(path, one) == form(path, other)


@pytest.mark.parametrize("case", OTHER)
def test_meaning_does(case: str) -> None:
    path, one, other = OTHER[case]
    assert form(path, one) != form(path, other)


def test_a_file_changed_in_form_alone_does_not_count() -> None:
    files = [
        FileChange(path=path, old_path=path, before=File(content=b"x = 1\n"), after=File(content=new))
        for path, new in (("a.py", b"x = 2\n"), ("b.py", b"x = 1  # c\n"))
    ]
    assert normal_form(Change(files=tuple(files))) == normal_form(Change(files=tuple(files[:1])))
