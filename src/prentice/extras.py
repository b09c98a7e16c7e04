"""The command that adds one of Prentice's extras to this installation, by how it was installed."""

import json
import shlex
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

_NAME = "prentice"


@cache
def install_command(extra: str) -> str:
    """Give the command that adds an extra to the Python that runs this."""
    wanted = shlex.quote(requirement(extra))
    if (Path(sys.prefix) / "uv-receipt.toml").exists():
        return f"uv tool install {wanted}"
    if _origin()[1]:
        return f"uv pip install --python {shlex.quote(sys.executable)} --editable {wanted}"
    return f"{shlex.quote(sys.executable)} -m pip install {wanted}"


def requirement(extra: str) -> str:
    """Give what names Prentice with an extra to an installer: by its directory where it was installed from one."""
    return f"{_origin()[0] or _NAME}[{extra}]"


@cache
def _origin() -> tuple[str, bool]:
    """Give the directory that this was installed from, empty where from none, and whether it is run from there.

    It stands in the file `direct_url.json` beside the package (PEP 610).
    """
    from importlib.metadata import PackageNotFoundError, distribution  # noqa: PLC0415 - slow, and wanted by few

    try:
        found = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
        url, directory = urlsplit(found.get("url", "")), found.get("dir_info")
    except (PackageNotFoundError, ValueError, AttributeError):
        return "", False
    if url.scheme != "file" or not isinstance(directory, dict):
        return "", False
    return url2pathname(url.path), bool(directory.get("editable"))
