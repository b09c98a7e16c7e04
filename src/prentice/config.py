"""Settings: defaults, then the user's file, the project's file, the environment, and options, each over the last.

Every setting is one field of `Settings`, with its key, type, default and meaning in one place; the documentation and
the commented file that `init` writes are made from it.
"""

import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from prentice.errors import ConfigError

_MAY_BE_ZERO: Final = frozenset(
    {"record.texts_mb", "usage.prompt_price", "usage.reply_price", "mlx.memory_cache_mb", "mlx.disk_cache_mb"}
)

_PERSONAL: Final = {"checks.sandbox": ("required",), "checks.readable": ([],)}
"""Where a project's file may not loosen the default: it can come with a repository of somebody else's."""

_LEAST_THRESHOLD: Final = 0.5
"""Below, a change that is more probably wrong than right would be applied."""

MOST_SAMPLES: Final = 16
"""Answers to one task; more agree no better, and each takes its time."""

PROJECT_FILE: Final = Path(".prentice") / "config.toml"


def _setting(key: str, default: object, meaning: str, *, choices: tuple[str, ...] = ()) -> Any:  # noqa: ANN401 - a field stands for any type
    """Declare a setting: `key` is its place in the TOML file (`table.name`, or a name alone)."""
    metadata = {"key": key, "meaning": meaning, "choices": choices}
    if isinstance(default, tuple):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, resolved. Times are in seconds."""

    backend: str = _setting(
        "backend", "auto", "Which backend answers: `auto`, `ollama`, `mlx`, `openai`, `builtin` or `scripted:FILE`."
    )
    model: str = _setting("model", "", "The model to use; empty lets Prentice choose among the installed ones.")
    worker: str = _setting("worker", "", "The name under which tasks are claimed; empty takes `user@host`.")
    ollama_host: str = _setting(
        "ollama.host", "", "Where Ollama listens; empty reads `OLLAMA_HOST`, else 127.0.0.1:11434."
    )
    ollama_further_hosts: tuple[str, ...] = _setting(
        "ollama.further_hosts", (), "More hosts with Ollama, each with its own limit on requests at a time."
    )
    ollama_keep_alive: str = _setting(
        "ollama.keep_alive", "10m", "How long Ollama keeps the model loaded after a call."
    )
    ollama_max_in_flight: int = _setting(
        "ollama.max_in_flight",
        8,
        "The most requests that Ollama gets at a time; how many it answers at once is learned.",
    )
    openai_host: str = _setting(
        "openai.host",
        "",
        "Where an OpenAI-compatible server listens, such as http://127.0.0.1:1234; empty reads `OPENAI_BASE_URL`.",
    )
    openai_further_hosts: tuple[str, ...] = _setting(
        "openai.further_hosts",
        (),
        "More OpenAI-compatible servers; their keys come from the keyring, never from the first one's variable.",
    )
    openai_max_in_flight: int = _setting(
        "openai.max_in_flight", 8, "The most requests that each OpenAI-compatible server gets at a time."
    )
    openai_key_variable: str = _setting(
        "openai.key_variable",
        "PRENTICE_OPENAI_KEY",
        "The environment variable that holds that server's key, where it wants one. The key itself is no setting.",
    )
    openai_keyring: str = _setting(
        "openai.keyring",
        "",
        "The keyring's service that holds the key, under the server's host and port; empty does not ask the keyring.",
    )
    mlx_directories: tuple[str, ...] = _setting(
        "mlx.directories", (), "Directories that hold MLX models of your own, each in a directory named after it."
    )
    mlx_idle_seconds: float = _setting(
        "mlx.idle_seconds", 600.0, "How long MLX keeps a model in memory after its last reply."
    )
    mlx_parallel: int = _setting("mlx.parallel", 8, "How many replies MLX decodes together.")
    mlx_memory_cache_mb: int = _setting(
        "mlx.memory_cache_mb", 1000, "Memory for what MLX computed of earlier prompts, in megabytes (10^6 bytes)."
    )
    mlx_disk_cache_mb: int = _setting(
        "mlx.disk_cache_mb",
        2000,
        "Disk for what MLX computed of the templates' beginnings, in megabytes; 0 keeps none.",
    )
    idle_seconds: float = _setting(
        "calls.idle_seconds", 120.0, "How long a model may be silent between two tokens before the call is given up."
    )
    load_seconds: float = _setting(
        "calls.load_seconds", 300.0, "How long a model may take to load and to read the prompt before its first token."
    )
    deadline_seconds: float = _setting("calls.deadline_seconds", 1800.0, "How long one call may take in all.")
    texts_mb: int = _setting(
        "record.texts_mb", 0, "Disk for the prompts and replies of calls, in megabytes (10^6 bytes); 0 keeps none."
    )
    texts_days: int = _setting("record.texts_days", 30, "How long prompts and replies are kept, in days.")
    prompt_price: float = _setting(
        "usage.prompt_price", 3.0, "What a million tokens of prompt would cost elsewhere, for `prentice usage`."
    )
    reply_price: float = _setting(
        "usage.reply_price", 15.0, "What a million tokens of reply would cost elsewhere, for `prentice usage`."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        "locality.allowed_hosts", (), "Hosts other than this machine that prompts may be sent to."
    )
    allowed_remote_models: tuple[str, ...] = _setting(
        "locality.allowed_remote_models", (), "Models that a local server forwards to a cloud and that may be used."
    )
    max_file_mb: int = _setting(
        "tasks.max_file_mb", 40, "The largest Todo2 file that is read, in megabytes (10^6 bytes)."
    )
    lock_seconds: float = _setting(
        "tasks.lock_seconds", 10.0, "How long to wait for another process that is writing the Todo2 file."
    )
    min_subtasks: int = _setting("breakdown.min_subtasks", 3, "The fewest subtasks of a plan.")
    max_subtasks: int = _setting("breakdown.max_subtasks", 8, "The most subtasks of a plan.")
    execute_samples: int = _setting(
        "execute.samples",
        3,
        "How many answers a model gives to one task, whose agreement is evidence; from 1 to 16.",
    )
    checks_commands: tuple[str, ...] = _setting(
        "checks.commands",
        (),
        "The commands that check the project, such as `pytest -q` or `lint: make style`; empty takes those that its "
        "build files name.",
    )
    checks_seconds: float = _setting("checks.seconds", 300.0, "How long one check may take.")
    checks_memory_mb: int = _setting(
        "checks.memory_mb", 4000, "The most memory that one check may take, in megabytes (10^6 bytes)."
    )
    checks_disk_mb: int = _setting(
        "checks.disk_mb", 4000, "The most that one check may write to the disk, in megabytes (10^6 bytes)."
    )
    checks_readable: tuple[str, ...] = _setting(
        "checks.readable",
        (),
        "Directories that checks may read beside the project, the system and installed tools; "
        "a project's file cannot add any.",
    )
    checks_sandbox: Literal["required", "optional"] = _setting(
        "checks.sandbox",
        "required",
        "Whether checks run only in a sandbox: `required`, or `optional` to run them without one where none works; "
        "a project's file cannot loosen this.",
        choices=("required", "optional"),
    )
    gate_threshold: float = _setting(
        "gate.threshold",
        0.8,
        "The probability above which `--apply` puts a change into your files, where nothing else stands against it; "
        "from 0.5 to 1.",
    )
    approve_assistant: Literal["request", "apply"] = _setting(
        "approve.assistant",
        "request",
        "What an assistant may do with a change: `request` other changes, or `apply` those that a decisive check "
        "passed.",
        choices=("request", "apply"),
    )
    runs_worker: Literal["auto", "never"] = _setting(
        "runs.worker",
        "auto",
        "Whether a run that takes long gets a worker in the background, which carries it on if its process is killed "
        "and ends when nothing is left to do: `auto` or `never`.",
        choices=("auto", "never"),
    )
    runs_keep_days: int = _setting("runs.keep_days", 90, "How long runs that have ended are kept, in days.")
    runs_keep_mb: int = _setting(
        "runs.keep_mb", 500, "How much runs that have ended may take in all, in megabytes (10^6 bytes)."
    )
    workflow_research: Literal["optional", "required"] = _setting(
        "workflow.research",
        "optional",
        "Whether a task needs a `research_with_links` comment before it is started: `optional` or `required`.",
        choices=("optional", "required"),
    )
    workflow_finish: Literal["review", "done"] = _setting(
        "workflow.finish",
        "review",
        "Where work that Prentice finished by itself ends: `review`, or `done` where a decisive check passed.",
        choices=("review", "done"),
    )
    workflow_lease_minutes: int = _setting(
        "workflow.lease_minutes",
        60,
        "How long a claim on a task lasts unless it is renewed, in minutes; 10080 at most.",
    )
    policy: Mapping[str, object] = field(default_factory=dict)
    """The tables under `[policy]`: bounds of the analyzer's rows that the user moves, by rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingInfo:
    """What documentation says of one setting. `variable` is the environment variable that sets it.

    `choices` are the values that it can have, where they are few.
    """

    key: str
    variable: str
    default: object
    meaning: str
    choices: tuple[str, ...] = ()


def describe() -> list[SettingInfo]:
    """List every setting in the order of `Settings`."""
    defaults = Settings()
    return [
        SettingInfo(
            key=item.metadata["key"],
            variable=_variable(item.metadata["key"]),
            default=getattr(defaults, item.name),
            meaning=item.metadata["meaning"],
            choices=item.metadata["choices"],
        )
        for item in _declared()
    ]


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
            values = _flat(tables)
            if path != user_file(environment):
                _refuse_personal(values, path, own=user_file(environment))
            settings = _apply(settings, values, source=str(path))
            settings = replace(settings, policy={**settings.policy, **policy})
    keys = [item.metadata["key"] for item in _declared()]
    variables = {key: environment[_variable(key)] for key in keys if _variable(key) in environment}
    settings = _apply(settings, variables, source="the environment")
    given = {name: value for name, value in (options or {}).items() if value is not None}
    return _checked(replace(settings, **given))  # type: ignore[arg-type]  # options are fields by name


def _refuse_personal(values: Mapping[str, object], path: Path, *, own: Path) -> None:
    choices = {item.metadata["key"]: item.metadata["choices"] for item in _declared()}
    for key, allowed in _PERSONAL.items():
        if key in values and values[key] not in allowed and values[key] in (choices[key] or (values[key],)):
            raise ConfigError(
                f"{path} sets {key}, which a project cannot decide.",
                next_step=f"Take it out there. If it is your own wish, set it in {own}.",
            )


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


def commented_file() -> str:
    """Write the settings file that `init` leaves: every setting with its meaning, commented out at its default."""
    lines = ["# Settings of Prentice for this project. Uncomment a line to change it."]
    table = ""
    for info in describe():
        head, _, name = info.key.rpartition(".")
        if head != table:
            lines += ["", f"[{head}]"]
            table = head
        lines += ["", f"# {info.meaning}", f"# {name} = {_toml(info.default)}"]
    return "\n".join(lines) + "\n"


def _declared() -> "list[Field[Any]]":
    """Give the fields that are settings of one value each."""
    return [item for item in fields(Settings) if "key" in item.metadata]


def _variable(key: str) -> str:
    return "PRENTICE_" + key.upper().replace(".", "_")


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


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
    by_key = {item.metadata["key"]: item.name for item in _declared()}
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
        next_step=f"Give it a value like {_toml(like)}.",
    )


def _checked(settings: Settings) -> Settings:
    if not 1 <= settings.min_subtasks <= settings.max_subtasks <= 20:
        raise ConfigError(
            f"The bounds of a plan ({settings.min_subtasks} to {settings.max_subtasks} subtasks) do not make sense.",
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
    for item in _declared():
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
