"""Keys of model servers: out of the environment or the system's keyring, and into one header of one request.

A key is never written to a file or a log, never part of an error's text, and never sent unencrypted to another machine.
"""

import os
import re
from typing import Final, NoReturn

from prentice.errors import ConfigError
from prentice.extras import install_command

SHOWN: Final = "[key]"
"""What stands in a text where a key stood."""

_NO_WORD: Final = 8  # characters from which a key is no part of a common word
_PRINTABLE: Final = re.compile(r"[\x21-\x7e]{1,4096}")


class Key:
    """A secret. Printing, formatting or copying it shows nothing of it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Key({SHOWN})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is never written down")

    @property
    def authorization(self) -> str:
        """The value of the header that carries the key."""
        return f"Bearer {self._value}"

    def hidden_in(self, text: str) -> str:
        """Give a text without the key, which a server may have repeated; a short one only where it is a whole word."""
        pattern = re.escape(self._value)
        if len(self._value) < _NO_WORD:
            pattern = rf"(?<![0-9A-Za-z]){pattern}(?![0-9A-Za-z])"
        return re.sub(pattern, SHOWN, text)


def find_key(*, variable: str, service: str, account: str) -> Key | None:
    """Look for a key in an environment variable, then in the keyring under a service and an account; None without one.

    An empty name leaves that place out. The keyring may ask the user to unlock it, so this can take long.

    Raises:
        ConfigError: what is there cannot be a key, or the keyring cannot be asked. The message never shows the key.
    """
    if variable and (value := os.environ.get(variable, "").strip()):
        return _checked(value, place=f"the variable {variable}")
    if service and (value := _from_keyring(service, account)):
        return _checked(value, place=f"the keyring's entry {service} for {account}")
    return None


def _from_keyring(service: str, account: str) -> str:
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to import: only for who keeps keys there
        from keyring.errors import KeyringError  # noqa: PLC0415 - the same
    except ImportError:
        raise ConfigError(
            "The setting `openai.keyring` asks for a key of the keyring, and the package for it is not installed.",
            next_step=f"Install it with `{install_command('keyring')}`, or put the key into the variable that "
            "`openai.key_variable` names.",
        ) from None
    try:
        return (keyring.get_password(service, account) or "").strip()
    except (KeyringError, OSError, RuntimeError) as error:
        raise ConfigError(
            f"The keyring cannot be asked for {service} ({type(error).__name__}).",
            next_step=f"See whether `keyring get {service} {account}` works, or put the key into the variable that "
            "`openai.key_variable` names.",
        ) from None


def _checked(value: str, *, place: str) -> Key:
    if not _PRINTABLE.fullmatch(value):
        raise ConfigError(
            f"What {place} holds cannot be a key: it has blanks, line ends or letters that no key has.",
            next_step="Store the key again, in one line and without quotes.",
        )
    return Key(value)
