"""Nothing that users meet is undocumented, and nothing that is documented is wrong."""

import inspect
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from prentice import config, errors
from prentice.cli.app import COMMANDS, group

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in [*DOCS.glob("*.md"), ROOT / "README.md"]}
GUIDES = "\n".join(text for name, text in PAGES.items() if name not in {"commands.md", "settings.md", "errors.md"})


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_reference_and_in_a_guide(name: str) -> None:
    assert f"## `prentice {name}" in PAGES["commands.md"]
    assert re.search(rf"`(?:prentice )?{name}\b|prentice {name}\b", GUIDES)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_help_text_and_stands_in_the_reference(name: str) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert f"`{parameter.opts[-1]}`" in PAGES["commands.md"]


@pytest.mark.parametrize("info", config.describe(), ids=lambda info: info.key)
def test_every_setting_is_documented(info: config.SettingInfo) -> None:
    assert f"`{info.key}`" in PAGES["settings.md"]
    assert f"`{info.variable}`" in PAGES["settings.md"]


def test_every_error_code_is_documented_once() -> None:
    codes = [
        kind.code
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.PrenticeError) and "code" in vars(kind)
    ]
    assert len(codes) == len(set(codes))
    for code in codes:
        assert PAGES["errors.md"].count(f"| `{code}` |") == 1


def test_the_tree_of_errors_in_the_docstring_is_the_real_one() -> None:
    written = re.findall(r"^ *(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    real = {
        name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.PrenticeError)
    }
    assert set(written) == real


def test_the_reference_pages_are_what_the_program_says() -> None:
    script = ROOT / "scripts" / "reference_docs.py"
    checked = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, f"{checked.stdout}{checked.stderr}: run scripts/reference_docs.py"


def test_links_between_pages_lead_somewhere() -> None:
    for page in [*DOCS.glob("*.md"), *ROOT.glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
