"""Take a picture of a real terminal: run a command in a pseudo-terminal and draw what it printed as SVG.

    uv run python scripts/terminal_picture.py

writes the pictures that the documentation shows. Nothing is retouched: the bytes are the program's own.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

IMAGES = Path(__file__).parent.parent / "docs" / "images"
COLUMNS, ROWS = 118, 60
SECONDS = 60.0
FRAME = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" xml:space="preserve">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def printed_by(command: list[str], *, directory: Path) -> str:
    """Run a command on a terminal of its own and give what it printed, colours included."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor", "PRENTICE_HOME": str(directory / "home")}
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    output = b""
    while select.select([terminal], [], [], SECONDS)[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux reports the end of a terminal so
            break
        if not piece:
            break
        output += piece
    os.waitpid(pid, 0)
    return output.decode().replace("\r\n", "\n").replace("\r\x1b[2K", "")


def draw(title: str, text: str, path: Path) -> None:
    """Draw terminal output as SVG."""
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123 - the null device is no project file
        console = Console(record=True, width=COLUMNS, file=nothing, color_system="truecolor", force_terminal=True)
        console.print(Text.from_ansi(f"$ {title}\n{text.rstrip()}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title=title, theme=SVG_EXPORT_THEME, code_format=FRAME, unique_id="terminal")
    path.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


def main() -> None:
    """Draw every picture of the documentation."""
    prentice = str(Path(sys.executable).parent / "prentice")
    task = "Migrate Python MCP server to Go SDK"
    with tempfile.TemporaryDirectory() as name:
        text = printed_by([prentice, "breakdown", task, "--backend", "builtin"], directory=Path(name))
        draw(f'prentice breakdown "{task}"', text, IMAGES / "breakdown.svg")


if __name__ == "__main__":
    main()
