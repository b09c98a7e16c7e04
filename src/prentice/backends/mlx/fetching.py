"""Fetching a model for MLX from the hub, and removing it: the one place where MLX's backend reaches the network.

Only ever entered for who asks for it by a command. The hub's own client does the work; it keeps the parts of a download
that was ended, and goes on with them. No file that could hold a program is fetched.
"""

import asyncio
import contextlib
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, Final

from prentice.backends.mlx import model_directory
from prentice.backends.mlx.catalogue import catalogue
from prentice.backends.mlx.runtime import check_installed
from prentice.backends.progress import Meter, Progress
from prentice.errors import BackendUnreachableError, KeyRefusedError, ModelNotFoundError, StreamError, UsageError

HUB: Final = "https://huggingface.co"
_PATTERNS: Final = ("*.json", "*.safetensors", "tokenizer.model", "*.jinja", "merges.txt", "vocab.txt")
_LOOK_SECONDS: Final = 0.2
_PROGRAM: Final = """
import json, sys
from huggingface_hub import snapshot_download
from huggingface_hub.utils import disable_progress_bars
disable_progress_bars()
snapshot_download(**json.loads(sys.argv[1]))
"""


def is_of_the_hub(name: str) -> bool:
    """Whether a name is that of a model for MLX: of the catalogue, or of the community that converts them."""
    return name.startswith("mlx-community/") or any(item.name == name for item in catalogue())


async def fetch(name: str) -> AsyncGenerator[Progress]:
    """Download a model's files into the hub's local cache; the last progress is of the phase `done`.

    The hub's client works in a process of its own, which leaving the stream ends: its threads would go on otherwise.

    Raises:
        BackendUnreachableError: the extra `mlx` is not installed, or the hub cannot be reached.
        ModelNotFoundError: the hub has no such model.
        KeyRefusedError: its owner lets only some people fetch it.
        StreamError: the download broke off.
        ModelUnsupportedError: MLX cannot load what came.
    """
    check_installed()
    clock = asyncio.get_running_loop().time
    yield Progress(phase="manifest", status="asking the hub for the list of files")
    total = await asyncio.to_thread(_size, name)
    meter = Meter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _PROGRAM,
        json.dumps(_order(name)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    ending = asyncio.create_task(process.communicate())
    try:
        while not ending.done():
            meter.note(name, done=min(_there(name), total), total=total, now=clock())
            yield meter.progress("download", f"pulling {name}")
            await asyncio.wait({ending}, timeout=_LOOK_SECONDS)
        _, said = await ending
    finally:
        if process.returncode is None:
            process.kill()
        await asyncio.gather(ending, return_exceptions=True)
    if process.returncode:
        raise _broken(name, said.decode("utf-8", "replace").strip().rpartition("\n")[2])
    meter.note(name, done=total, total=total, now=clock())
    yield meter.progress("verify", "looking whether the model is whole")
    model_directory.examine(model_directory.find(name), name=name)
    yield meter.progress("done", "success")


def remove(name: str) -> Path:
    """Delete a model from the hub's local cache, and give the directory that it was in.

    Raises:
        ModelNotFoundError: it is not there.
        UsageError: it is a directory of the user's own, which only the user removes.
    """
    path = model_directory.find(name)
    repository = path.parent.parent
    if repository.name != f"models--{name.replace('/', '--')}":
        raise UsageError(
            f"{path} is a directory of your own, not a download of Prentice or the hub's client.",
            next_step=f"Remove it yourself, if it is not needed: `rm -r {path}`.",
        )
    shutil.rmtree(repository)
    return repository


def _size(name: str) -> int:
    """Ask how many bytes all files have.

    Raises:
        BackendError: the hub cannot be asked, or has no such model for us.
    """
    from huggingface_hub import errors, snapshot_download  # noqa: PLC0415 - takes half a second, for pulls alone

    try:
        files = snapshot_download(**_order(name), dry_run=True)
    except Exception as error:  # the client lets through what its HTTP library raises, and wraps its own errors
        causes = tuple(_causes(error))
        if any(isinstance(cause, errors.GatedRepoError) for cause in causes):
            raise KeyRefusedError(
                f"The owner of {name} lets only those fetch it who agreed to its terms.",
                next_step=f"Agree at {HUB}/{name}, then `hf auth login`; or another of `prentice models recommend`.",
            ) from error
        if any(isinstance(cause, errors.RepositoryNotFoundError | errors.HFValidationError) for cause in causes):
            raise ModelNotFoundError(
                f"The hub has no model {name}.",
                next_step=f"Look the name up at {HUB}/mlx-community, or take one of `prentice models recommend`.",
                details={"model": name},
            ) from error
        raise BackendUnreachableError(
            f"The hub at {_endpoint() or HUB} cannot be reached: {_short(str(error) or type(error).__name__)}",
            next_step=f"See to the network (`HF_HUB_OFFLINE` forbids it), then `prentice models pull {name}` again.",
        ) from error
    return sum(file.file_size for file in files)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Give an error and what led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _order(name: str) -> dict[str, Any]:
    """Give what the hub's client is asked for."""
    return {
        "repo_id": name,
        "allow_patterns": list(_PATTERNS),
        "endpoint": _endpoint(),
        "cache_dir": str(model_directory.hub_cache()),
    }


def _broken(name: str, why: str) -> StreamError:
    return StreamError(
        f"The download of {name} broke off: {_short(why) or 'without a reason'}",
        next_step=f"`prentice models pull {name}` again goes on where it stopped.",
        details={"model": name},
    )


def _there(name: str) -> int:
    """Count the bytes of a model that are in the cache, of unfinished files too."""
    blobs = model_directory.hub_cache() / f"models--{name.replace('/', '--')}" / "blobs"
    total = 0
    for path in blobs.glob("*"):
        with contextlib.suppress(OSError):  # renamed when it is whole
            total += path.stat().st_size
    return total


def _endpoint() -> str | None:
    """Give the hub that the environment names, as the hub's client reads it; None for its own."""
    return os.environ.get("HF_ENDPOINT") or None


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else line[:159] + "…"
