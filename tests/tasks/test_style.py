import json

import pytest

from prentice.tasks.edits import Draft, Editor
from prentice.tasks.style import Style
from tasks.editing import edited
from tasks.writers import WRITERS, sample


@pytest.mark.parametrize("writer", WRITERS)
def test_an_edit_writes_what_the_files_own_writer_would_have_written(writer: str) -> None:
    write = WRITERS[writer]
    before = write(sample())

    def edit(changing: Editor) -> None:
        changing.create(Draft(name="Weiß & <rot> \u2028 🎯", tags=("é",), dependencies=("T-1",)))
        changing.update("T-1", {"status": "In Progress", "name": "Maß & <Zahl>"})
        changing.comment("T-1", "A & B\nç", kind="result")

    after = edited(before.encode(), edit).decode()
    assert after == write(json.loads(after))


def test_a_file_whose_only_escapes_are_control_characters_is_not_taken_for_ascii_style() -> None:
    assert not Style.of('{"a": "\\u0001\\u001b"}').ascii
    assert not Style.of('{"a": "\\\\u00e9"}').ascii, "an escaped backslash followed by a word"
    assert Style.of('{"a": "\\u00e9"}').ascii
