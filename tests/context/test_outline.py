import pytest

from prentice.context.outline import MAX_SIGNATURE, outline

PYTHON = b'''"""Doc."""
LIMIT: int = 3
NAMES = ["a", "b"]


@decorated
class Spell(Base, metaclass=Meta):
    def close(
        self,
        door: Door,
        *, hard: bool = False,
    ) -> None:
        def inner(): ...

    async def open(self): ...


if LIMIT:
    def late(x): return x
'''


def test_python_is_outlined_by_signatures_with_line_numbers() -> None:
    assert outline("a.py", PYTHON) == (
        "2: LIMIT: int = 3\n"
        "3: NAMES = ['a', 'b']\n"
        "6: class Spell(Base, metaclass=Meta)\n"
        "8:     def close(self, door: Door, *, hard: bool=False) -> None\n"
        "13:         def inner()\n"
        "15:     async def open(self)\n"
        "19: def late(x)\n"
    )


def test_python_that_does_not_parse_is_outlined_by_the_look_of_its_lines() -> None:
    assert outline("a.py", b"class A:\n    def go(self):\n        return (\n") == "1: class A:\n2:     def go(self):\n"


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("a.go", "package a\n\nfunc (s *Server) Serve(x int) error {\n}\n", "func (s *Server) Serve(x int) error"),
        ("a.ts", "export class Page {\n  load(id: string) {}\n}\n", "load(id: string) {}"),
        ("a.rs", "impl Spell {\n    pub fn close(&self) {}\n}\n", "pub fn close(&self) {}"),
        ("a.java", "class A {\n  int count(int a) {\n    return a;\n  }\n}\n", "int count(int a)"),
        ("a.rb", "class Spell\n  def close\n  end\nend\n", "  def close"),
        ("a.md", "# Title\n\ntext\n\n## Use\n", ""),
    ],
)
def test_other_languages_are_outlined(path: str, content: str, expected: str) -> None:
    assert expected in outline(path, content.encode())


def test_what_is_no_text_has_no_outline() -> None:
    assert outline("a.py", b"\0\0\0") == ""


def test_a_long_signature_is_cut() -> None:
    arguments = ", ".join(f"argument_{number}=None" for number in range(100))
    (line,) = outline("a.py", f"def f({arguments}): ...\n".encode()).splitlines()
    assert len(line) <= MAX_SIGNATURE + 10
