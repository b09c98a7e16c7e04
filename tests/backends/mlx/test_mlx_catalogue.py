from prentice.backends.mlx.catalogue import catalogue
from prentice.backends.mlx.opening import opened
from prentice.config import Settings


def test_the_catalogue_has_what_people_ask_for_in_full_and_in_four_bits() -> None:
    for words in ("CodeLlama-7b", "CodeLlama-13b", "CodeLlama-34b", "Phi-3.5-mini", "Mistral-7B"):
        assert {item.packing for item in catalogue() if words in item.name} == {"4-bit", "16-bit"}
    assert any("Qwen" in item.name and item.purpose == "general" for item in catalogue())
    assert len({item.name for item in catalogue()}) == len(catalogue())


def test_sizes_are_computed_from_what_is_known() -> None:
    small = next(item for item in catalogue() if item.name == "mlx-community/CodeLlama-7b-Instruct-hf-4bit-MLX")
    assert 3.7e9 < small.size_bytes < 3.9e9
    assert small.cache_per_token == 524_288


def test_settings_reach_the_engine_which_all_backends_share() -> None:
    one = opened(Settings(mlx_idle_seconds=5.0, mlx_disk_cache_mb=0))
    other = opened(Settings(mlx_parallel=3))
    assert one.engine is other.engine
    assert (other.engine.limits.parallel, other.engine.limits.idle_seconds) == (3, 600.0)
