"""Renames by rope, in the real sandbox; skipped where the `code` extra is not installed."""

import importlib.util

import pytest

from skills.execute.tools.trying import Try

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("rope"), reason="rope is not installed")

CART = """\
# total is what the cart costs
__all__ = ["total"]


def total(items):
    '''Give the total.'''
    return sum(items)


def show(items):
    return f"{total(items)} in total"
"""
USE = "from shop.cart import total\nimport shop.cart as c\n\nprint(total([1]), c.total([2]))\n"
SHOP = {"shop/__init__.py": "", "shop/cart.py": CART, "use.py": USE, "README.md": "Call `total`.\n"}


def test_every_reference_is_renamed_and_strings_and_comments_are_named(attempt: Try) -> None:
    tried = attempt("Rename `total` to `sum_all` in shop/cart.py", SHOP, on=("shop/cart.py",), symbols=("total",))
    assert tried.after["use.py"] == USE.replace("total", "sum_all")
    cart = tried.after["shop/cart.py"]
    assert "def sum_all(items):" in cart
    assert '__all__ = ["sum_all"]' in cart
    assert 'f"{sum_all(items)} in total"' in cart
    assert "# total is" in cart
    assert tried.outcome
    assert tried.outcome.tool.startswith("rope 1.")
    for place in ("shop/cart.py:1", "shop/cart.py:6", "README.md:1"):
        assert place in tried.outcome.explanation
    assert "README.md" not in tried.after


def test_a_definition_is_found_anywhere_if_it_is_the_only_one(attempt: Try) -> None:
    assert set(attempt("Rename function total to sum_all", SHOP).after) == {"shop/cart.py", "use.py"}
    tried = attempt("Rename `total` to `sum_all`", {**SHOP, "other.py": "def total():\n    return 0\n"})
    assert "defined more than once: other.py:1 (total), shop/cart.py:5 (total)" in tried.declined[0]


def test_a_method_is_renamed_in_its_whole_family(attempt: Try) -> None:
    code = """\
class Cart:
    def total(self):
        return 1

    def twice(self):
        return 2 * self.total()


class Big(Cart):
    def total(self):
        return Cart.total(self) + 1


class Invoice:
    def total(self):
        return 0


class MyCart:
    def total(self):
        return 0


print(Big().total(), Invoice().total())
"""
    tried = attempt("Rename `Cart.total` to `Cart.price`", {"cart.py": code}, on=("cart.py",))
    assert tried.after["cart.py"].count("price") == 5  # two definitions, three calls
    assert "class Invoice:\n    def total" in tried.after["cart.py"]
    assert "Invoice().total()" in tried.after["cart.py"]
    assert tried.outcome
    assert "Other things of the name `total`" in tried.outcome.explanation


def test_a_place_that_may_or_may_not_be_a_reference_ends_the_rename(attempt: Try) -> None:
    code = "class Cart:\n    def total(self):\n        return 1\n\n\ndef show(thing):\n    return thing.total()\n"
    tried = attempt("Rename `Cart.total` to `Cart.price`", {"cart.py": code}, on=("cart.py",))
    assert tried.outcome is None
    assert "whether `total` is meant cannot be told in cart.py:7" in tried.declined[0]


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("Rename `total` to `show`", SHOP, "`show` is used already"),
        ("Rename `sum` to `add_up`", {"a.py": "x = sum([1])\n"}, "defined nowhere"),
        ("Rename `total` to `price`", {**SHOP, "old.py": "print total\n"}, "old.py cannot be read as Python"),
        ("Rename `total` to `price`", {**SHOP, "shop/cart.pyi": "def total() -> int: ...\n"}, "shop/cart.pyi:1"),
        (
            "Rename `total` to `price`",
            {**SHOP, "shop/__init__.py": "from .cart import *\n__all__ = ['total']\n"},
            "`__all__` in shop/__init__.py",
        ),
    ],
)
def test_what_cannot_be_done_with_certainty_is_declined(
    attempt: Try, name: str, files: dict[str, str], says: str
) -> None:
    tried = attempt(name, files)
    assert tried.outcome is None
    assert says in tried.declined[0]


def test_line_endings_encodings_and_all_other_bytes_stay(attempt: Try) -> None:
    code = "# -*- coding: latin-1 -*-\r\nx = 'é'\ndef total():\r\n\treturn x  \r\ntotal()".encode("latin-1")
    tried = attempt("Rename `total` to `price` in a.py", {"a.py": code}, on=("a.py",))
    assert tried.outcome
    assert tried.outcome.change.files[0].new == code.replace(b"total", b"price")
