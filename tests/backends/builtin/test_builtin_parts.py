import pytest

from prentice.backends.builtin.parts import parted


@pytest.mark.parametrize(
    ("text", "thing", "parts"),
    [
        ("the uploads from S3 to Azure", "the uploads", {"from": "S3", "to": "Azure"}),
        ("the parser out of the server", "the parser", {"from": "the server"}),
        ("the size of the images", "the size of the images", {}),
        ("the job in parallel", "the job in parallel", {}),
        ("login when the cookie is gone", "login", {"when": "when the cookie is gone"}),
        ("the report by Friday", "the report", {"deadline": "Friday"}),
        ("the report by hand", "the report", {"by": "hand"}),
        ("Vite instead of Webpack", "Vite", {"instead": "Webpack"}),
        ("how the cache works in production", "how the cache works in production", {}),
        ("", "", {}),
    ],
)
def test_words_are_split_at_the_prepositions_that_open_a_part(text: str, thing: str, parts: dict[str, str]) -> None:
    assert parted(text.split()) == (thing, parts)
