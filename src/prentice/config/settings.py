"""The settings that there are: each is one field of `Settings`, with its key, type, default and meaning in one place.

The documentation and the commented file that `init` writes are made from it.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, Final, Literal

MOST_SAMPLES: Final = 16
"""Answers to one task; more agree no better, and each takes its time."""


def _setting(key: str, default: object, meaning: str, *, choices: tuple[str, ...] = (), personal: bool = False) -> Any:  # noqa: ANN401 - a field stands for any type
    """Declare a setting: `key` is its place in the TOML file (`table.name`, or a name alone).

    A `personal` one is a permission that only the user gives: a project's file can narrow it, and not widen it.
    """
    metadata = {"key": key, "meaning": meaning, "choices": choices, "personal": personal}
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
        "locality.allowed_hosts", (), "Hosts other than this machine that prompts may be sent to.", personal=True
    )
    allowed_remote_models: tuple[str, ...] = _setting(
        "locality.allowed_remote_models",
        (),
        "Models that a local server forwards to a cloud and that may be used.",
        personal=True,
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
        "Directories that checks may read beside the project, the system and installed tools.",
        personal=True,
    )
    checks_sandbox: Literal["required", "optional"] = _setting(
        "checks.sandbox",
        "required",
        "Whether checks run only in a sandbox: `required`, or `optional` to run them without one where none works.",
        choices=("required", "optional"),
        personal=True,
    )
    gate_threshold: float = _setting(
        "gate.threshold",
        0.8,
        "The probability above which `--apply` puts a change into your files, where nothing else stands against it; "
        "from 0.5 to 1.",
        personal=True,
    )
    approve_assistant: Literal["request", "apply"] = _setting(
        "approve.assistant",
        "request",
        "What an assistant may do with a change: `request` other changes, or `apply` those that a decisive check "
        "passed.",
        choices=("request", "apply"),
        personal=True,
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

    `choices` are the values that it can have, where they are few. `personal` ones a project's file cannot loosen.
    """

    key: str
    variable: str
    default: object
    meaning: str
    choices: tuple[str, ...] = ()
    personal: bool = False


def describe() -> list[SettingInfo]:
    """List every setting in the order of `Settings`."""
    defaults = Settings()
    return [
        SettingInfo(
            key=item.metadata["key"],
            variable=variable_of(item.metadata["key"]),
            default=getattr(defaults, item.name),
            meaning=item.metadata["meaning"],
            choices=item.metadata["choices"],
            personal=item.metadata["personal"],
        )
        for item in declared()
    ]


def declared() -> "list[Field[Any]]":
    """Give the fields that are settings of one value each."""
    return [item for item in fields(Settings) if "key" in item.metadata]


def variable_of(key: str) -> str:
    """Give the environment variable that sets a setting."""
    return "PRENTICE_" + key.upper().replace(".", "_")


PERMISSIONS: Final = frozenset(item.name for item in declared() if item.metadata["personal"])
"""The fields that only the user decides on."""
