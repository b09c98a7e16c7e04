"""What every test stands on: no server, no settings and no record of the user's can be reached by accident."""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from components import skip_unless_ci
from loopback import leave_the_network
from prentice.errors import SandboxError
from prentice.workspace.sandbox.choosing import Sandbox, chosen

STAYED_BECAUSE = leave_the_network()
"""Why these tests can reach the network, where they can."""

_DATA = Path(os.environ.get("PRENTICE_DATA") or Path(__file__).parents[2] / "shared" / "data")

# A shell without job control starts what runs in the background deaf to Ctrl-C, and its children would inherit that.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# Two busy cores make single examples slow now and then; pytest's own time limit ends what hangs.
settings.register_profile("prentice", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prentice")


def pytest_report_header() -> str:
    """Say whether a byte could leave the machine while the tests run."""
    return f"network: {f'as it is, {STAYED_BECAUSE}' if STAYED_BECAUSE else 'loopback only'}"


@pytest.fixture(autouse=True)
def _away_from_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name == "OLLAMA_HOST" or name.startswith("PRENTICE_"):
            monkeypatch.delenv(name)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("PRENTICE_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("PRENTICE_RUNS_WORKER", "never")  # no worker outlives the test that caused it
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path_factory.mktemp("hub")))  # no model of the user is chosen


@pytest.fixture(scope="session")
def data() -> Path:
    """The directory of data folders, which are too large for the repository."""
    if not _DATA.is_dir():
        skip_unless_ci(f"The data folders are not at {_DATA}; PRENTICE_DATA names their place.")
    return _DATA


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The machine's own sandbox."""
    try:
        return chosen()
    except SandboxError as error:
        skip_unless_ci(str(error))
