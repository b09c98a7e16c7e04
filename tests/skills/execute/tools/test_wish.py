"""Which tasks are work for a tool as a whole, as the analyzer sees them, and which only sound like it."""

from dataclasses import replace

import pytest

from prentice.context import mentions
from prentice.skills.analyze import analyze
from prentice.skills.execute.tools.rung import ToolTask
from prentice.skills.execute.tools.wish import Wish, subjects, wish_of
from prentice.tasks.plan import RepositoryFacts
from prentice.tasks.record import Task


def wish(name: str, description: str = "") -> Wish | None:
    text = f"{name}\n{description}"
    category = analyze(Task(id="T-1", name=name, description=description), repository=RepositoryFacts()).category
    return wish_of(
        ToolTask(
            name=name, description=description, category=category, files=mentions.paths(text),
            symbols=mentions.symbols(text),
        )
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Format src/app.py", Wish(kind="format")),
        ("Reformat the code in src/app.py and src/b.py", Wish(kind="format")),
        ("style: format app.py", Wish(kind="format")),
        ("Autoformat app.py with black", Wish(kind="format", tool="black")),
        ("Fix the formatting in `app.py`", Wish(kind="format")),
        ("Fix formatting of app.py", Wish(kind="format")),
        ("Correct the inconsistent indentation in app.py", Wish(kind="format")),
        ("Remove trailing whitespace from app.py", Wish(kind="format")),
        ("Clean up the whitespace in app.py", Wish(kind="format")),
        ("Run prettier on web/app.ts", Wish(kind="format", tool="prettier")),
        ("Run `black` on app.py", Wish(kind="format", tool="black")),
        ("Sort the imports in app.py with `isort`", Wish(kind="imports", tool="isort")),
        ("Apply `ruff format` to app.py", Wish(kind="format", tool="ruff")),
        ("Fix the lint errors in app.py", Wish(kind="lint")),
        ("Resolve all linter warnings reported in app.py", Wish(kind="lint")),
        ("Fix the eslint violations in web/app.js", Wish(kind="lint", tool="eslint")),
        ("Fix F401 and E711 in app.py", Wish(kind="lint", rules=("F401", "E711"))),
        ("Run ruff check --fix on app.py", Wish(kind="lint", tool="ruff")),
        ("Remove unused imports from app.py", Wish(kind="lint", rules=("F401",))),
        ("Sort the imports in app.py", Wish(kind="imports")),
        ("Fix the import order in app.py", Wish(kind="imports")),
        ("Run isort on app.py", Wish(kind="imports", tool="isort")),
        ("Rename `total` to `sum_all` in app.py", Wish(kind="rename", old="total", new="sum_all")),
        ("Rename `total` in src/app.py to `price`", Wish(kind="rename", old="total", new="price")),
        ("Rename the total function to price in app.py", Wish(kind="rename", old="total", new="price")),
        ("Rename function get_user to load_user", Wish(kind="rename", old="get_user", new="load_user")),
        ("Rename Cart.total to Cart.price and update all callers", Wish(kind="rename", old="Cart.total", new="price")),
        ("Add docstring skeletons to app.py", Wish(kind="docstrings")),
        ("Add missing docstrings to `total` in app.py", Wish(kind="docstrings")),
        ("Add type hint stubs to app.py", Wish(kind="hints")),
        ("Generate property-based test skeletons for app.py", Wish(kind="tests")),
    ],
)
def test_work_for_a_tool_is_recognized(name: str, expected: Wish) -> None:
    assert wish(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        "Fix the formatting of dates in the invoice",
        "Fix the formatting of dates in invoice.py",
        "Fix the formatting of `render_date` in invoice.py",
        "Format the currency in cart.py",
        "Format numbers with two decimals in report.py",
        "Format the output of report.py",
        "Format phone numbers in contacts.py",
        "Format file sizes in listing.py",
        "Format dates in app.py with black borders",
        "Add a formatter for app.py",
        "Add formatting options to app.py",
        "Fix formatting errors when report.py prints tables",
        "Fix whitespace handling in lexer.py",
        "Fix the indentation of nested lists in render.py",
        "Improve the formatting of error messages in cli.py",
        "Document the formatting rules in app.py",
        "Test the formatting in app.py",
        "Format app.py and fix the rounding bug",
        "Use black for the header in theme.css",
        "Run the black box tests in app.py",
        "Run ruff on app.py in CI",
        "Add a lint rule for app.py",
        "Fix the linter in app.py",
        "Fix the lint command in Makefile",
        "Fix the wrong error messages of linter.py",
        "Fix the warning about the date parser in app.py",
        "Fix HTTP 404 errors in app.py",
        "Fix the imports in app.py",
        "Fix the import of orders in app.py",
        "Sort the imported contacts in app.py",
        "Sort imports by date in importer.py",
        "Remove the unused import button from app.py",
        "Remove the import feature from app.py",
        "Rename the Save button to Store in app.py",
        "Rename column total to price in models.py",
        "Rename users to customers in the database of app.py",
        "Rename app.py to main.py",
        "Rename `total` in the sidebar to `price`",
        "Rename `total` to `price` only in app.py",
        "Rename `total` to `price` everywhere except the tests",
        "Rename `total` to `price` and add a currency parameter",
        "Rename `total` to `price` in the README and the API",
        "Rename `total` to `class`",
        "Rename `a` to `b` and `c` to `d` in app.py",
        "Document `total` in app.py",
        "Add docstrings to app.py",
        "Fix the missing docstrings warning of the parser in app.py",
        "Write tests for app.py",
        "Add a test skeleton page to app.py",
        "Add type hints to app.py",
        "Review the formatting in app.py",
        "Stop formatting app.py",
        "Format app.py per docs/style.md",
        "Format src/ and docs/ alike",
        "Do not format app.py",
        "Format strings in app.py",
        "Format app.py for printing",
        "Fix the indentation of the menu in app.css",
        "Sort the imports in app.py, newest first",
        "Fix F401 in app.py by using the import",
        "Fix the ruff errors in the ruff plugin app.py",
    ],
)
def test_what_only_sounds_like_it_is_left_to_others(name: str) -> None:
    assert wish(name) is None


@pytest.mark.parametrize(
    "description",
    [
        "CI is red because of this file.",
        "Run the project's formatter. No functional changes.",
        "Acceptance criteria:\n- `ruff format --check` passes\n- All tests still pass\n- No behaviour changes",
        "## Acceptance Criteria\n- [ ] no other files are changed\n",
    ],
)
def test_background_and_conditions_of_such_work_do_not_matter(description: str) -> None:
    assert wish("Fix the formatting in app.py", description) == Wish(kind="format")


@pytest.mark.parametrize(
    "description",
    [
        "Dates are printed as 2024-1-2 and should be 2024-01-02.",
        "The invoice shows the price without a thousands separator.",
        "Also rename the helper.",
        "- format the file\n- add a changelog entry",
        "Acceptance criteria:\n- the table has three columns",
        "Please keep the columns of the matrix aligned.",
        "Out of scope: none\nOpen questions: which style guide?",
    ],
)
def test_a_description_that_wants_more_makes_it_another_task(description: str) -> None:
    assert wish("Fix the formatting in app.py", description) is None


@pytest.mark.parametrize(
    "description",
    [
        "Do not touch other files.",
        "The tests stay untouched.",
        "Acceptance criteria:\n- only app.py is changed",
        "Out of scope: the tests",
    ],
)
def test_a_rename_that_is_kept_to_a_part_of_the_project_is_no_work_for_rope(description: str) -> None:
    assert wish("Rename `total` to `price` in app.py", "Update all references. All tests still pass.")
    assert wish("Rename `total` to `price` in app.py", description) is None


@pytest.mark.parametrize("category", ["feature", "code_review", "documentation"])
def test_an_assessment_of_another_kind_of_work_is_believed(category: str) -> None:
    task = ToolTask(name="Format app.py", category=category, files=("app.py",))  # type: ignore[arg-type] # one of three
    assert wish_of(task) is None


def test_a_directory_stands_for_the_files_below_it_and_the_name_says_which_files_are_meant() -> None:
    files = ("src/a.py", "src/deep/b.py", "docs/style.md")
    task = ToolTask(name="Format src/", description="See docs/style.md.", category="formatting", files=files)
    assert wish_of(task) == Wish(kind="format")
    assert subjects(task) == ("src/a.py", "src/deep/b.py")
    assert subjects(replace(task, name="Format b.py")) == ("src/deep/b.py",)
    assert subjects(replace(task, name="Format the code")) == files
