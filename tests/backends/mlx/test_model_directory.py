import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest

from prentice.backends.mlx import model_directory
from prentice.errors import ModelNotFoundError, ModelUnsupportedError

TENSOR = {"model.norm.weight": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]}}


def written(place: Path, *, tensors: dict[str, object] | None = None, **config: object) -> Path:
    """Write a model's directory without any sense in its weights."""
    place.mkdir(parents=True)
    kept: dict[str, object] = {"model_type": "qwen2", "max_position_embeddings": 512} | config
    (place / "config.json").write_text(json.dumps(kept), encoding="utf-8")
    (place / "tokenizer.json").write_text("{}", encoding="utf-8")
    header = json.dumps(TENSOR if tensors is None else tensors).encode()
    (place / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    return place


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def test_a_model_is_found_by_path_by_name_and_by_its_id_in_the_hubs_cache(hub: Path, tmp_path: Path) -> None:
    own = written(tmp_path / "models" / "mine")
    revision = written(hub / "models--someone--Some-Model" / "snapshots" / "abc1")
    written(hub / "models--someone--Some-Model" / "snapshots" / "abc2")
    main = hub / "models--someone--Some-Model" / "refs" / "main"
    main.parent.mkdir()
    main.write_text("abc1\n", encoding="utf-8")
    assert model_directory.find(str(own)) == own
    assert model_directory.find("mine", directories=[tmp_path / "models"]) == own
    assert model_directory.find("someone/Some-Model") == revision


def test_the_models_here_are_listed_and_those_half_fetched_are_not(hub: Path, tmp_path: Path) -> None:
    written(tmp_path / "models" / "mine", quantization={"group_size": 64, "bits": 4})
    (written(tmp_path / "models" / "half") / "model.safetensors").unlink()
    written(hub / "models--someone--Some-Model" / "snapshots" / "abc1", model_type="no-such-network")
    written(hub / "models--someone--Other" / "snapshots" / "abc1", model_type="mistral")
    found = [item.info() for item in model_directory.installed(directories=[tmp_path / "models"])]
    assert [(info.name, info.family, info.quantization) for info in found] == [
        ("mine", "qwen2", "4-bit"),
        ("someone/Other", "mistral", ""),
    ]
    assert {info.context for info in found} == {512}
    assert all(info.size_bytes for info in found)


@pytest.mark.parametrize("name", ["nobody/nothing", "nothing", "../../nothing", "a/b/c", ""])
def test_a_model_that_is_nowhere_is_an_error_and_never_fetched(name: str, hub: Path) -> None:
    with pytest.raises(ModelNotFoundError) as caught:
        model_directory.find(name or "no such place")
    assert ("prentice models pull nobody/nothing --backend mlx" in caught.value.next_step) == (name == "nobody/nothing")
    assert not hub.exists()


def test_any_change_of_a_model_changes_its_identity(tmp_path: Path) -> None:
    place = written(tmp_path / "model")
    seen = {model_directory.examine(place).identity}
    assert seen == {model_directory.examine(place).identity}
    (place / "chat_template.jinja").write_text("{{ 1 }}", encoding="utf-8")
    seen.add(model_directory.examine(place).identity)
    (place / "tokenizer.json").write_text("{} ", encoding="utf-8")
    seen.add(model_directory.examine(place).identity)
    os.utime(place / "model.safetensors", (1, 1))
    seen.add(model_directory.examine(place).identity)
    assert len(seen) == 4


@pytest.mark.parametrize("kind", ["I64", "F64", "BOOL", "U32", None])
def test_weights_of_a_type_that_weights_do_not_have_are_refused(kind: str | None, tmp_path: Path) -> None:
    place = written(tmp_path / "model", tensors={"a.weight": {"dtype": kind, "data_offsets": [0, 4]}})
    with pytest.raises(ModelUnsupportedError, match=r"a\.weight"):
        model_directory.examine(place)


def test_packed_weights_need_a_configuration_that_says_so(tmp_path: Path) -> None:
    tensors: dict[str, object] = {"a.weight": {"dtype": "U32", "data_offsets": [0, 4]}}
    packed = {"group_size": 64, "bits": 4}
    assert model_directory.examine(written(tmp_path / "model", tensors=tensors, quantization=packed)).size_bytes


@pytest.mark.parametrize(
    "config", ["", "[]", "{}", '{"model_type": 3}', '{"model_type": "../qwen2"}', '{"model_type": "no_such"}']
)
def test_a_configuration_that_makes_no_sense_is_refused(config: str, tmp_path: Path) -> None:
    place = written(tmp_path / "model")
    (place / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(ModelUnsupportedError) as caught:
        model_directory.examine(place)
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("config", "bytes_per_token"),
    [
        ({"num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4, "hidden_size": 3584}, 57_344),
        ({"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 64, "torch_dtype": "float32"}, 1024),
        ({"text_config": {"num_hidden_layers": 2, "num_attention_heads": 4, "head_dim": 32}}, 1024),
        ({"num_hidden_layers": "many", "num_attention_heads": 4, "hidden_size": 64}, None),
        ({}, None),
    ],
)
def test_keys_and_values_are_reckoned_from_the_configuration(
    config: dict[str, Any], bytes_per_token: int | None, tmp_path: Path
) -> None:
    assert model_directory.examine(written(tmp_path / "model", **config)).cache_per_token == bytes_per_token


@pytest.mark.parametrize(
    "name", ["x" * 3000, "~nobody-of-this-name/model", "a\0b", "owner/" + "y" * 300, "", "/", "\ud800"]
)
def test_a_name_that_no_file_can_have_is_a_model_that_is_not_here(name: str, hub: Path, tmp_path: Path) -> None:
    del hub
    places = (tmp_path, Path("~nobody-of-this-name/models"))
    with pytest.raises((ModelNotFoundError, ModelUnsupportedError)):
        model_directory.examine(model_directory.find(name, directories=places))
