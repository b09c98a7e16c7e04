import time
from pathlib import Path

import pytest

from prentice.context.index import Index
from prentice.context.ranking import Ranked, rank
from workspace.trees import git

PROJECT = {
    "shop/cart.py": "class Cart:\n    def total(self, discount: float) -> float:\n        '''Sum of the prices.'''\n",
    "shop/pricing.py": "def apply_discount(price, rate):\n    '''Reduce a price.'''\n    return price * rate\n",
    "shop/export.py": "def write_csv(rows):\n    for row in rows:\n        print(row)\n",
    "shop/mail.py": "class Mailer:\n    def send(self, address): ...\n",
    "tests/test_pricing.py": "def test_apply_discount():\n    assert apply_discount(10, 0.5) == 5  # price discount\n"
    * 5,
    "docs/pricing.md": "# Pricing\n\nHow a discount reduces a price.\n" * 5,
    "README.md": "# Shop\n\nA cart, a price, a discount, a csv export.\n",
    "prices.json": '{"price": 1, "discount": 2}\n' * 20,
}


def project(root: Path, files: dict[str, str] | None = None) -> Path:
    for name, text in (files or PROJECT).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def ranked(root: Path, text: str, **options: object) -> tuple[Ranked, ...]:
    with Index.open(None, root) as index:
        index.refresh()
        return rank(root, text, index=index, **options)  # type: ignore[arg-type]  # the options of `rank`


def test_code_comes_before_the_tests_and_the_prose_that_say_the_same(tmp_path: Path) -> None:
    found = [entry.path for entry in ranked(project(tmp_path), "A discount reduces the price by the wrong rate")]
    assert found[0] == "shop/pricing.py"
    assert set(found[1:]) >= {"tests/test_pricing.py", "docs/pricing.md"}
    assert found.index("shop/cart.py") < found.index("docs/pricing.md")


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("Add tests for apply_discount and its price", "tests/test_pricing.py"),
        ("Update the documentation: how a discount reduces a price", "docs/pricing.md"),
    ],
)
def test_a_task_on_tests_or_documentation_finds_these(tmp_path: Path, text: str, best: str) -> None:
    assert best in [entry.path for entry in ranked(project(tmp_path), text)][:2]


def test_the_caller_may_say_what_the_task_is_about(tmp_path: Path) -> None:
    root = project(tmp_path)
    text = "apply_discount of a price"
    plain = {entry.path: entry.score for entry in ranked(root, text)}
    about = {entry.path: entry.score for entry in ranked(root, text, about=["test"])}
    assert about["tests/test_pricing.py"] > 2 * plain["tests/test_pricing.py"]


@pytest.mark.parametrize(
    ("text", "best", "reason"),
    [
        ("It breaks in shop/mail.py", "shop/mail.py", "the text names shop/mail.py"),
        ("See https://example.org/x/shop/blob/main/shop/export.py#L3", "shop/export.py", "the text links to it"),
        (
            'Traceback:\n  File "/usr/lib/python3/site-packages/shop/cart.py", line 2, in total\nValueError: price',
            "shop/cart.py",
            "it is in the stack trace",
        ),
        ("from shop.mail import Mailer fails", "shop/mail.py", "the text names shop.mail.Mailer"),
        ("`Mailer` forgets what it has", "shop/mail.py", "it defines Mailer"),
    ],
)
def test_what_a_text_names_comes_first_with_the_reason(tmp_path: Path, text: str, best: str, reason: str) -> None:
    first = ranked(project(tmp_path), text)[0]
    assert first.path == best
    assert reason in first.reasons


def test_given_paths_come_first_in_their_order(tmp_path: Path) -> None:
    found = ranked(project(tmp_path), "apply_discount", named=["README.md", "shop/mail.py", "gone.py"])
    assert [entry.path for entry in found][:3] == ["README.md", "shop/mail.py", "shop/pricing.py"]
    assert found[0].reasons[0] == "it is given"


def test_history_tells_of_files_that_share_no_word_with_the_task(tmp_path: Path) -> None:
    root = project(tmp_path)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    (root / "shop/mail.py").write_text("class Mailer:\n    def send(self, address): return 1\n", encoding="utf-8")
    git(root, "commit", "-q", "-a", "-m", "Retry the newsletter when the relay is busy")
    found = {entry.path: entry for entry in ranked(root, "The newsletter is lost when the relay answers late")}
    assert "a commit on something alike changed it" in found["shop/mail.py"].reasons


def test_a_file_that_always_changed_with_the_named_one_is_found(tmp_path: Path) -> None:
    root = project(tmp_path)
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Begin")
    for turn in range(3):
        for name in ("shop/mail.py", "shop/export.py"):
            (root / name).write_text(f"x = {turn}\n", encoding="utf-8")
        git(root, "commit", "-q", "-a", "-m", f"Turn {turn}")
    found = {entry.path: entry for entry in ranked(root, "Clean up shop/mail.py")}
    assert "it changed together with a file that is named" in found["shop/export.py"].reasons


def test_words_of_the_first_line_count_more(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.py": "squid = 1\n", "b.py": "whale = 1\n"})
    assert ranked(root, "A whale\n\nNot a squid, a squid.")[0].path == "b.py"


def test_ranking_is_the_same_each_time_and_limited(tmp_path: Path) -> None:
    root = project(tmp_path)
    assert ranked(root, "price discount csv", limit=3) == ranked(root, "price discount csv", limit=3)
    assert len(ranked(root, "price discount csv", limit=3)) == 3


@pytest.mark.parametrize(
    "text", ["", "   \n", "the and of", "日本語の説明", "x" * 100_000, "\0\x01", "' OR 1=1 -- \" NEAR("]
)
def test_odd_texts_are_answered(tmp_path: Path, text: str) -> None:
    assert isinstance(ranked(project(tmp_path), text), tuple)


def test_an_empty_project_has_nothing_to_rank(tmp_path: Path) -> None:
    assert ranked(tmp_path, "Fix the price") == ()


def test_a_project_of_prose_alone_is_ranked_too(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.md": "About whales.\n", "b.md": "About pricing.\n"})
    assert ranked(root, "Say more on pricing")[0].path == "b.md"


def test_a_text_of_a_megabyte_is_ranked_in_bounded_time(tmp_path: Path) -> None:
    root = project(tmp_path)
    text = "\n".join(f'word_{number} File "a{number}.py", line 3, in f{number}.g.h' for number in range(20_000))
    started = time.process_time()
    ranked(root, text)
    assert time.process_time() - started < 10
