"""What is recommended for simulated machines: it fits, it is fast enough, the best first, with command and reason."""

from dataclasses import replace

import pytest

from prentice.backends.graphics import Gpu
from prentice.backends.hardware import Hardware
from prentice.backends.ollama.library import library
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.track_record import NoRecord, Speed
from prentice.config import Settings
from prentice.skills.recommend import Recommended, recommend

GB = 10**9
PROCESSOR = Hardware(system="Linux", chip="eight cores", cores=8, memory=32 * GB, available=28 * GB)
CARD = replace(PROCESSOR, gpus=(Gpu(name="a card", memory=8 * GB),))
APPLE = Hardware(
    system="Darwin", chip="Apple", cores=10, memory=16 * GB, available=12 * GB, apple_silicon=True, working_set=11 * GB
)
MACHINES = {"processor": PROCESSOR, "card": CARD, "apple": APPLE}
SMALL = Hardware(system="Linux", chip="one core", cores=1, memory=2 * GB, available=GB)


class Measured(NoRecord):
    """A record in which every model wrote at one speed."""

    def __init__(self, reply: float) -> None:
        self.reply = reply

    def speed(self, backend: str, model: str) -> Speed:
        del backend
        return Speed(prompt=self.reply * 3, reply=self.reply, calls=4) if model == "known:8b" else Speed()


def named(found: Recommended, kind: str) -> list[str]:
    return [item.name for item in found.models if item.kind == kind]


@pytest.mark.parametrize("name", MACHINES)
def test_every_model_fits_the_machine_and_comes_with_a_command_and_a_reason(name: str) -> None:
    machine = MACHINES[name]
    found = recommend(Settings(), hardware=machine, backends=("mlx", "ollama") if name == "apple" else ("ollama",))
    assert {item.kind for item in found.models} == {"code", "general"}
    for item in found.models:
        assert machine.memory is not None
        assert item.size_bytes < item.takes <= item.limit <= machine.memory + (machine.gpu_memory or 0)
        assert item.command == f"prentice models pull {item.name}"
        assert "tokens/s" in item.reason


def test_apple_silicon_gets_mlx_first_and_other_machines_ollama() -> None:
    apple = recommend(Settings(), hardware=APPLE)
    assert apple.models[0].backend == "mlx"
    assert apple.models[0].name.startswith("mlx-community/Qwen2.5-Coder")
    assert recommend(Settings(), hardware=CARD).models[0].backend == "ollama"


def test_a_card_carries_a_larger_model_than_the_processor_in_the_same_time() -> None:
    card, processor = (recommend(Settings(), hardware=item, backends=("ollama",)) for item in (CARD, PROCESSOR))
    assert named(processor, "code")[0] == "qwen2.5-coder:7b"
    assert card.models[0].tokens_a_second > processor.models[0].tokens_a_second


def test_nothing_is_named_that_a_user_would_wait_too_long_for() -> None:
    slow = [item for item in library() if item.architecture.parameters > 12e9]
    found = recommend(
        Settings(), hardware=replace(PROCESSOR, memory=512 * GB, available=500 * GB), backends=("ollama",)
    )
    assert found.models
    assert not {item.name for item in slow} & {item.name for item in found.models}
    assert all(item.seconds <= 300 for item in found.models)


def test_without_measurements_the_speed_is_said_to_be_an_estimate() -> None:
    found = recommend(Settings(), hardware=PROCESSOR, backends=("ollama",))
    assert not any(item.measured for item in found.models)
    assert "estimates from sizes" in found.notes[0]


def test_speeds_measured_here_decide_what_is_fast_enough() -> None:
    here = [ModelInfo(name="known:8b", backend="ollama", size_bytes=5 * GB)]
    fast = recommend(
        Settings(), hardware=PROCESSOR, installed=here, record=Measured(40.0), backends=("ollama",), kinds=("code",)
    )
    slow = recommend(
        Settings(), hardware=PROCESSOR, installed=here, record=Measured(1.0), backends=("ollama",), kinds=("code",)
    )
    assert "those measured here" in fast.notes[0]
    assert named(fast, "code")[0] == "devstral:24b", "too slow by the assumed speed, and the largest that fits"
    assert not {"qwen2.5-coder:7b", "qwen2.5-coder:3b"} & set(named(slow, "code"))


def test_a_machine_without_room_gets_the_reason_instead_of_a_model() -> None:
    found = recommend(Settings(), hardware=SMALL, backends=("ollama",))
    assert found.models == ()
    assert any("fits the memory" in note for note in found.notes)
    unknown = recommend(Settings(), hardware=Hardware(), backends=("ollama",))
    assert unknown.models == ()
    assert "does not say how much memory" in unknown.notes[0]


def test_a_model_that_is_here_already_is_marked_and_the_backend_that_was_named_is_kept_to() -> None:
    here = [ModelInfo(name="qwen2.5-coder:7b", backend="ollama", size_bytes=5 * GB)]
    found = recommend(Settings(backend="ollama"), hardware=APPLE, installed=here)
    assert {item.backend for item in found.models} == {"ollama"}
    assert [item.name for item in found.models if item.installed] == ["qwen2.5-coder:7b"]


def test_sizes_of_the_library_are_computed_as_the_files_are() -> None:
    sizes = {item.name: item.size_bytes / GB for item in library()}
    assert sizes["llama3.2:3b"] == pytest.approx(2.0, abs=0.1)
    assert sizes["qwen2.5-coder:7b"] == pytest.approx(4.7, abs=0.1)
    assert sizes["llama3.1:8b"] == pytest.approx(4.9, abs=0.05)  # tools/quantize/README.md of llama.cpp
    assert len(sizes) == len(library())
