"""Resolving settings: defaults, the user's file, the project's, the environment, and options, each over the last."""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from prentice.config.settings import MOST_SAMPLES, SettingInfo, Settings, declared, describe, variable_of
from prentice.config.written import as_toml
from prentice.errors import ConfigError

_MAY_BE_ZERO: Final = frozenset(
    {"record.texts_mb", "usage.prompt_price", "usage.reply_price", "mlx.memory_cache_mb", "mlx.disk_cache_mb"}
)

_LEAST_THRESHOLD: Final = 0.5
"""Below, a change that is more probably wrong than right would be applied."""

PROJECT_FILE: Final = Path(".prentice") / "config.toml"


def load(
    project: Path | None, *, environment: Mapping[str, str] | None = None, options: Mapping[str, object] | None = None
) -> Settings:
    """Resolve the settings for a project directory (None: outside any project).

    `options` holds fields of `Settings` by name; those that are None are left to the weaker sources.

    Raises:
        ConfigError: a file is not TOML, or a value has the wrong type.
    """
    environment = os.environ if environment is None else environment
    settings = Settings()
    for path in (user_file(environment), project / PROJECT_FILE if project else None):
        if path is not None:
            tables = dict(_read(path))
            policy = tables.pop("policy", {})
            if not isinstance(policy, dict):
                raise ConfigError(f"{path} has a `policy` that is not a table.", next_step="Write it as [policy.RULE].")
            before = settings
            settings = _apply(before, _flat(tables), source=str(path))
            if path != user_file(environment):
                _refuse_loosened(before, settings, path, own=user_file(environment))
            settings = replace(settings, policy={**settings.policy, **policy})
    keys = [item.metadata["key"] for item in declared()]
    variables = {key: environment[variable_of(key)] for key in keys if variable_of(key) in environment}
    settings = _apply(settings, variables, source="the environment")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    return _checked(replace(settings, **given))  # type: ignore[arg-type]  # options are fields by name


def _refuse_loosened(before: Settings, after: Settings, path: Path, *, own: Path) -> None:
    """Refuse a project's file that gives permissions: it can come with a repository of somebody else's.

    Raises:
        ConfigError: it does.
    """
    for info, item in zip(describe(), declared(), strict=True):
        if info.personal and _is_wider(getattr(after, item.name), getattr(before, item.name), info=info):
            raise ConfigError(
                f"{path} sets {info.key}, which a project cannot decide.",
                next_step=f"Take it out there. If it is your own wish, set it in {own}.",
            )


def _is_wider(value: object, held: object, *, info: SettingInfo) -> bool:
    """Whether a value permits more than the one that holds without it."""
    if isinstance(value, tuple) and isinstance(held, tuple):
        return not set(value) <= set(held)
    if isinstance(value, float) and isinstance(held, float):
        return value < held
    return value in info.choices and value not in (held, info.default)


def user_file(environment: Mapping[str, str]) -> Path:
    """Give the path of the user's own settings file."""
    return data_directory(environment, kind="config") / "config.toml"


def data_directory(environment: Mapping[str, str], *, kind: str = "data") -> Path:
    """Give the user's directory for Prentice's `data` or `config`; `PRENTICE_HOME` overrides the platform's."""
    if home := environment.get("PRENTICE_HOME"):
        return Path(home)
    import platformdirs  # noqa: PLC0415 - a `next` in a project needs neither directory

    path = platformdirs.user_config_dir if kind == "config" else platformdirs.user_data_dir
    return Path(path("prentice", appauthor=False))


def _read(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"The settings file {path} cannot be read: {error}.", next_step=f"Mend or remove {path}."
        ) from error


def _flat(tables: Mapping[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for key, value in tables.items():
        if isinstance(value, dict):
            flat |= {f"{key}.{name}": item for name, item in value.items()}
        else:
            flat[key] = value
    return flat


def _apply(settings: Settings, values: Mapping[str, object], *, source: str) -> Settings:
    by_key = {item.metadata["key"]: item.name for item in declared()}
    changes: dict[str, object] = {}
    for key, value in values.items():
        if key not in by_key:
            raise ConfigError(
                f"{source} has a setting {key!r} that Prentice does not know.",
                next_step="See docs/settings.md for the names, and remove or correct it.",
            )
        changes[by_key[key]] = _convert(value, like=getattr(settings, by_key[key]), key=key, source=source)
    return replace(settings, **changes)  # type: ignore[arg-type]  # keys and types were just checked


def _convert(value: object, *, like: object, key: str, source: str) -> object:
    """Give the value in the type of the default; a variable of the environment arrives as text."""
    try:
        if isinstance(like, tuple):
            items = value.split(",") if isinstance(value, str) else value
            if isinstance(items, list):
                return tuple(str(item).strip() for item in items if str(item).strip())
        elif isinstance(like, str) and isinstance(value, str):
            return value
        elif isinstance(like, int | float) and isinstance(value, str | int | float) and not isinstance(value, bool):
            number = float(value)
            if math.isfinite(number) and (isinstance(like, float) or number.is_integer()):
                return type(like)(number)
    except (ValueError, OverflowError):
        pass
    raise ConfigError(
        f"The setting {key} in {source} has the value {value!r}, which does not fit.",
        next_step=f"Give it a value like {as_toml(like)}.",
    )


def _checked(settings: Settings) -> Settings:
    if not 1 <= settings.min_subtasks <= settings.max_subtasks <= 20:
        raise ConfigError(
            f"A plan cannot have {settings.min_subtasks} to {settings.max_subtasks} subtasks, as the settings "
            "breakdown.min_subtasks and breakdown.max_subtasks say.",
            next_step="Choose 1 <= min <= max <= 20.",
        )
    if not 1 <= settings.execute_samples <= MOST_SAMPLES:
        raise ConfigError(
            f"The setting execute.samples is {settings.execute_samples}, but must be from 1 to {MOST_SAMPLES}.",
            next_step="Remove it to use the default.",
        )
    if not _LEAST_THRESHOLD <= settings.gate_threshold <= 1:
        raise ConfigError(
            f"The setting gate.threshold is {settings.gate_threshold}, but must be from {_LEAST_THRESHOLD} to 1.",
            next_step="Remove it to use the default.",
        )
    for item in declared():
        value = getattr(settings, item.name)
        if isinstance(value, int | float) and (value < 0 or (value == 0 and item.metadata["key"] not in _MAY_BE_ZERO)):
            raise ConfigError(
                f"The setting {item.metadata['key']} is {value}, but must be above zero.",
                next_step="Remove it to use the default.",
            )
        if (choices := item.metadata["choices"]) and value not in choices:
            raise ConfigError(
                f"The setting {item.metadata['key']} is {value!r}, which is not one of its values.",
                next_step=f"Give it one of: {', '.join(choices)}.",
            )
    return settings
