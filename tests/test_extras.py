"""The command that adds an extra fits how Prentice was installed."""

import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from prentice.extras import _origin, install_command, requirement

Installed = Callable[[object], None]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    """Let Prentice be installed from somewhere: the value of its `direct_url.json`, None where it has none."""

    def install(url: object) -> None:
        class Distribution:
            def read_text(self, name: str) -> str | None:
                assert name == "direct_url.json"
                return url if isinstance(url, str) or url is None else json.dumps(url)

        monkeypatch.setattr(importlib.metadata, "distribution", lambda _: Distribution())
        _origin.cache_clear()
        install_command.cache_clear()

    return install


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    _origin.cache_clear()
    install_command.cache_clear()


def test_in_a_clone_the_environment_that_runs_it_is_added_to(installed: Installed) -> None:
    installed({"url": "file:///home/me/my%20clone", "dir_info": {"editable": True}})
    python = sys.executable
    assert install_command("mlx") == f"uv pip install --python {python} --editable '/home/me/my clone[mlx]'"


def test_a_tool_is_installed_again_from_where_it_came(
    installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "uv-receipt.toml").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    installed({"url": "file:///home/me/clone", "dir_info": {}})
    assert install_command("code") == "uv tool install '/home/me/clone[code]'"
    installed(None)
    assert install_command("code") == "uv tool install 'prentice[code]'"


@pytest.mark.parametrize(
    "url", [None, "no JSON", "{}", {"url": "https://example.org/x.whl"}, {"url": "file:///x.whl", "archive_info": {}}]
)
def test_what_came_from_elsewhere_is_named_by_its_name(
    installed: Installed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: object
) -> None:
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    installed(url)
    assert requirement("tune") == "prentice[tune]"
    assert install_command("tune") == f"{sys.executable} -m pip install 'prentice[tune]'"
