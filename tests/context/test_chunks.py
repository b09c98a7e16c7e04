from hypothesis import given
from hypothesis import strategies as st

from prentice.context.chunks import MAX_LINES, MIN_LINES, cut


@given(st.lists(st.sampled_from(["def f():", "    x = 1", "", "class A:", "    def g(self):", "é = 2"]), max_size=400))
def test_chunks_are_all_of_the_text_in_order_and_bounded(lines: list[str]) -> None:
    text = "\n".join(lines)
    _, chunks = cut("a.py", text)
    assert "".join(chunk.text for chunk in chunks) == text
    assert all(chunk.stop - chunk.start <= MAX_LINES + MIN_LINES for chunk in chunks)
    assert [chunk.start for chunk in chunks[1:]] == [chunk.stop for chunk in chunks[:-1]]


def test_chunks_begin_at_definitions() -> None:
    text = "".join(f"def f{number}():\n" + "    x = 1\n" * 30 for number in range(4))
    _, chunks = cut("a.py", text)
    assert [chunk.text.split("(")[0] for chunk in chunks] == ["def f0", "def f1", "def f2", "def f3"]


def test_definitions_are_known_by_the_look_of_their_lines() -> None:
    source = "LIMIT = 3\n\nclass A(B):\n    async def go(self):\n        def inner(): ...\n        x = 1\n"
    found, _ = cut("a.py", source)
    assert [(definition.name, definition.line) for definition in found] == [
        ("LIMIT", 1), ("A", 3), ("go", 4), ("inner", 5),
    ]  # fmt: skip
    found, _ = cut("a.go", "package a\nfunc (s *Server) Serve(x int) error {\n}\ntype Server struct {\n}\n")
    assert [definition.name for definition in found] == ["Serve", "Server"]
