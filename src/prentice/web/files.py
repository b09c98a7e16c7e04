"""The style sheet, the script and the icon: read once from the package, served under addresses of their own."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the package and its media type."""

    file: str
    media_type: str

    def content(self) -> bytes:
        """Give the file's bytes."""
        return _content(self.file)


ASSETS: Final = {
    "/assets/page.css": Asset("page.css", "text/css"),
    "/assets/page.js": Asset("page.js", "text/javascript"),
    "/assets/icon.svg": Asset("icon.svg", "image/svg+xml"),
}
"""All that is served beside pages, by path: no part of a request's path reaches the disk."""


@cache
def _content(file: str) -> bytes:
    return (files("prentice.web") / "assets" / file).read_bytes()
