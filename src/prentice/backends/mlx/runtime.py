"""Getting MLX into the process: with a fast BLAS on Linux, and without the parts of mlx-lm that are not needed.

`import mlx_lm` brings transformers and the hub's client with it, which take over nine tenths of its time. The network
definitions need neither, so its package is entered without running its `__init__`; whoever imports it in earnest
later still gets it whole.
"""

import contextlib
import ctypes
import ctypes.util
import functools
import importlib
import importlib.util
import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from prentice.errors import BackendUnreachableError
from prentice.extras import install_command

PACKAGES: Final = ("mlx", "mlx_lm", "llguidance", "tokenizers", "jinja2")

_OPENBLAS: Final = ("libopenblas.so.0", "libopenblas.so", "libopenblasp.so.0")


def missing() -> tuple[str, ...]:
    """Name the packages of the extra `mlx` that are not installed; imports nothing."""
    return tuple(name for name in PACKAGES if importlib.util.find_spec(name) is None)


def check_installed() -> None:
    """Refuse to go on where the extra `mlx` is not installed.

    Raises:
        BackendUnreachableError: names what is missing and the command that installs it.
    """
    if sys.platform == "win32":
        raise BackendUnreachableError(
            "MLX does not run on Windows.", next_step="Use `--backend ollama` or `--backend builtin`."
        )
    if absent := missing():
        raise BackendUnreachableError(
            f"MLX cannot be used: {', '.join(absent)} {'is' if len(absent) == 1 else 'are'} not installed.",
            next_step=f"Install the extra with `{install_command('mlx')}`, or use `--backend ollama`.",
        )


def architectures() -> Path | None:
    """Give the directory with mlx-lm's network definitions, one module each; None where it is not installed."""
    spec = importlib.util.find_spec("mlx_lm")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) / "models" if places else None


def versions() -> str:
    """Name the versions that shape what is computed."""
    return " ".join(f"{name}={_version(name)}" for name in ("mlx", "mlx-lm"))


@functools.cache
def load_openblas() -> bool:
    """Let MLX's matrix products go to OpenBLAS, on Linux; has to come before the first import of mlx.

    MLX's wheel links a reference BLAS, ten times slower. A library that was opened for all goes before the one that an
    extension brought along, so that no preloading from outside is needed. One thread: with two, decoding is slower
    (measured on two cores). Gives whether a fast BLAS is there.
    """
    if sys.platform != "linux":
        return True
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in (*_OPENBLAS, ctypes.util.find_library("openblas")):
        if name is not None:
            with contextlib.suppress(OSError):
                ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
                return True
    return False


def network_module(name: str) -> ModuleType:
    """Import a module of `mlx_lm.models` without the rest of mlx-lm."""
    _enter_package()
    return importlib.import_module(f"mlx_lm.models.{name}")


def _enter_package() -> None:
    """Put mlx-lm's package into place with its path, to be completed by the first who asks it for a name."""
    if "mlx_lm" in sys.modules:
        return
    spec = importlib.util.find_spec("mlx_lm")
    if spec is None or spec.loader is None:
        check_installed()
        raise AssertionError("unreachable: the package was just found to be missing")
    package, loader = importlib.util.module_from_spec(spec), spec.loader

    def complete(name: str) -> Any:  # noqa: ANN401 - an attribute of a module can be anything
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        vars(package).pop("__getattr__", None)
        loader.exec_module(package)
        return getattr(package, name)

    vars(package)["__getattr__"] = complete
    sys.modules["mlx_lm"] = package


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
