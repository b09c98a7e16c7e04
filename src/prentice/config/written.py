"""Settings as TOML: the commented file that `init` leaves in a project."""

from prentice.config.settings import describe


def commented_file() -> str:
    """Write the settings file that `init` leaves: each setting with its meaning, commented out at its default.

    Permissions are left out: they are the user's own to give.
    """
    lines = ["# Settings of Prentice for this project. Uncomment a line to change it."]
    table = ""
    for info in describe():
        if info.personal:
            continue
        head, _, name = info.key.rpartition(".")
        if head != table:
            lines += ["", f"[{head}]"]
            table = head
        lines += ["", f"# {info.meaning}", f"# {name} = {as_toml(info.default)}"]
    return "\n".join(lines) + "\n"


def as_toml(value: object) -> str:
    """Write a value as TOML does."""
    if isinstance(value, tuple):
        return "[" + ", ".join(as_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
