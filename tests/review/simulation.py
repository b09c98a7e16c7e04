"""The simulated projects of `bench/gate_calibration.py`, which is a script and in no package."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def calibration() -> ModuleType:
    """Load the script as a module."""
    path = Path(__file__).parents[2] / "bench" / "gate_calibration.py"
    spec = importlib.util.spec_from_file_location("gate_calibration", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
