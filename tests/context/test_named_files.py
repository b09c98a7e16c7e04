import pytest

from prentice.context.named_files import named_files

PATHS = (
    "src/shop/__init__.py", "src/shop/cart.py", "src/shop/mail/__init__.py", "src/shop/mail/send.py", "setup.py",
    "web/app/cart.ts", "cmd/main.go", "lib/deep/util.py", "other/util.py",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fix src/shop/cart.py please", ["src/shop/cart.py"]),
        ("Fix shop/cart.py:12", ["src/shop/cart.py"]),
        ("Fix util.py", ["lib/deep/util.py", "other/util.py"]),
        ("https://github.com/a/b/blob/0123abc/src/shop/mail/send.py#L4-L9", ["src/shop/mail/send.py"]),
        ("shop.mail.send.Sender breaks", ["src/shop/mail/send.py"]),
        ("from shop.mail.send import Sender, other", ["src/shop/mail/send.py"]),
        ("    at load (/home/u/web/app/cart.ts:10:4)", ["web/app/cart.ts"]),
        ("cmd/main.go:17: undefined: x", ["cmd/main.go"]),
        ("see /etc/passwd.py and ../../other.py", []),
        ("elsewhere/cart.py does not exist", []),
        ("Nothing here", []),
    ],
)
def test_names_of_files_are_found_in_all_their_forms(text: str, expected: list[str]) -> None:
    assert sorted(named_files(text, PATHS)) == expected


def test_a_path_of_another_machine_fits_by_its_end() -> None:
    assert sorted(named_files('File "/opt/venv/lib/python3.9/site-packages/shop/cart.py", line 3', PATHS)) == [
        "src/shop/cart.py"
    ]


def test_the_last_frame_of_a_trace_counts_most() -> None:
    trace = "".join(f'  File "/x/shop/{name}", line 1, in f\n' for name in ("cart.py", "mail/send.py"))
    found = named_files(trace, PATHS)
    assert found["src/shop/mail/send.py"][0] > found["src/shop/cart.py"][0] > 0


def test_a_name_that_fits_many_files_names_none() -> None:
    assert named_files("Fix a.py", [f"d{number}/a.py" for number in range(9)]) == {}
