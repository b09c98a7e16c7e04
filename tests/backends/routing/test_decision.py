"""What decides between models, one thing at a time."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.backends.graphics import Gpu
from prentice.backends.hardware import Hardware
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Decision, decide
from prentice.backends.routing.need import Need
from prentice.backends.routing.policy import load_policy
from prentice.backends.routing.track_record import ENOUGH, Outcomes, Speed

GB = 10**9
POLICY = load_policy()
ROOMY = Hardware(system="Linux", memory=400 * GB, available=400 * GB, gpus=(Gpu(name="large", memory=200 * GB),))
CODE = POLICY.need("execute", category="bug_fix")
PLAN = POLICY.need("breakdown")


def model(name: str, size: float | None = 4.5, backend: str = "ollama", **more: Any) -> Candidate:
    facts = {key: more.pop(key) for key in ("context", "quantization", "family", "capabilities") if key in more}
    size_bytes = None if size is None else int(size * GB)
    return Candidate(info=ModelInfo(name=name, backend=backend, size_bytes=size_bytes, **facts), **more)


def made(*candidates: Candidate, need: Need = CODE, hardware: Hardware = ROOMY) -> Decision:
    return decide(need, candidates, hardware=hardware, policy=POLICY)


def order(*candidates: Candidate, need: Need = CODE, hardware: Hardware = ROOMY) -> list[str]:
    return [item.candidate.name for item in made(*candidates, need=need, hardware=hardware).order]


def refusal(candidate: Candidate, *, need: Need = CODE, hardware: Hardware = ROOMY) -> str:
    decision = made(candidate, need=need, hardware=hardware)
    assert not decision.order
    [refused] = decision.refused
    return f"{refused.requirement}: {refused.why}"


# --- Families, sizes, variants


def test_code_goes_to_code_models_and_a_plan_to_general_ones() -> None:
    models = (model("codellama:7b"), model("llama3.1:8b"), model("zephyrus:7b"))
    assert order(*models, need=CODE) == ["codellama:7b", "llama3.1:8b", "zephyrus:7b"]
    assert order(*models, need=PLAN) == ["llama3.1:8b", "zephyrus:7b", "codellama:7b"]


def test_the_larger_of_one_generation_goes_first() -> None:
    models = (model("llama3.2:3b", 2), model("qwen2.5:14b", 9), model("gemma3:4b", 3.3))
    assert order(*models, need=PLAN) == ["qwen2.5:14b", "llama3.2:3b", "gemma3:4b"]


def test_a_newer_code_model_goes_before_an_older_one_of_more_than_its_size() -> None:
    assert order(model("codellama:34b", 19), model("qwen2.5-coder:7b", 4.7))[0] == "qwen2.5-coder:7b"


def test_families_decide_among_models_of_about_one_size() -> None:
    names = ["llama3.1:8b", "qwen3:8b", "phi4:8b", "mistral:7b", "gemma2:9b"]
    assert order(*(model(name) for name in reversed(names)), need=PLAN) == names


def test_on_mlx_phi_goes_first_among_small_general_models() -> None:
    models = [model("mlx-community/Llama-3.2-3B-Instruct-4bit", 1.8, "mlx"), model("Phi-3.5-mini-4bit", 2.1, "mlx")]
    apple = replace(ROOMY, apple_silicon=True, gpus=(), working_set=100 * GB)
    assert order(*models, need=PLAN, hardware=apple)[0] == "Phi-3.5-mini-4bit"


def test_a_model_too_small_for_the_work_comes_after_larger_ones_of_another_kind() -> None:
    assert order(model("qwen2.5-coder:0.5b", 0.4), model("llama3.1:8b")) == ["llama3.1:8b", "qwen2.5-coder:0.5b"]
    assert order(model("qwen2.5-coder:0.5b", 0.4)) == ["qwen2.5-coder:0.5b"]


def test_among_variants_of_one_model_eight_bits_go_first_and_fewer_than_four_last() -> None:
    bits = {"Q2_K": 3.0, "Q4_K_M": 4.7, "Q8_0": 8.1, "F16": 15.2}
    variants = [model(f"qwen2.5-coder:7b-{name}", size, quantization=name) for name, size in bits.items()]
    assert [name.rpartition("-")[2] for name in order(*variants)] == ["Q8_0", "Q4_K_M", "F16", "Q2_K"]


def test_for_speed_the_variant_with_fewer_bits_goes_first() -> None:
    variants = [model(f"llama3.1:8b-{name}", size, quantization=name) for name, size in (("Q8_0", 8.5), ("Q4_0", 4.7))]
    assert order(*variants, need=POLICY.need("summarize"))[0] == "llama3.1:8b-Q4_0"


@pytest.mark.parametrize(
    "name",
    [
        "hf.co/bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M",
        "mlx-community/Qwen2.5-Coder-7B-Instruct-4bit",
        "someone/qwen2.5-coder:7b-instruct-q4_K_M",
        "Qwen2.5-Coder-7B-Instruct.Q4_K_M.gguf",
        "registry.example:5000/library/qwen2.5-coder:7b",
    ],
)
def test_a_model_is_known_under_any_vendor_and_spelling(name: str) -> None:
    assert order(model("codellama:7b"), model(name))[0] == name


def test_a_name_that_says_nothing_is_known_by_the_family_that_its_server_tells() -> None:
    assert order(model("my-own:latest"), model("yours:latest", family="llama3"), need=PLAN)[0] == "yours:latest"


def test_a_model_without_a_size_is_tried_and_no_time_is_made_up() -> None:
    decision = made(model("qwen2.5-coder:7b", None))
    assert decision.best
    assert decision.best.expected is None
    assert "fits the memory" not in decision.best.reasons


@pytest.mark.parametrize(
    "name",
    ["nomic-embed-text", "qwen3-embedding:8b", "bge-m3", "llava:13b", "llama3.2-vision:11b", "qwen2.5vl:7b",
     "mlx-community/Qwen2.5-VL-7B-Instruct-4bit", "llama-guard3:8b", "whisper-large-v3", "bge-reranker-v2",
     "qwen2.5-coder:7b-base", "moondream"],
)  # fmt: skip
def test_models_made_for_something_else_are_never_chosen(name: str) -> None:
    assert refusal(model(name)).startswith("text: it ")


def test_a_model_whose_server_says_that_it_only_embeds_is_never_chosen() -> None:
    assert "embedding only" in refusal(model("qwen2.5-coder:7b", capabilities=("embedding",)))
    assert order(model("qwen2.5-coder:7b", capabilities=("completion", "vision")))


def test_one_that_sees_pictures_beside_text_may_be_chosen() -> None:
    assert order(model("gemma3:12b", capabilities=("completion", "vision")), need=PLAN)


# --- Requirements


def test_a_model_that_is_not_allowed_is_refused_with_the_reason_it_came_with() -> None:
    why = "The model kimi:cloud does not run on this machine: its name is that of a cloud model."
    assert refusal(model("kimi:cloud", refusal=why)) == f"allowed: {why}"


def test_a_window_that_is_too_small_is_refused_with_both_figures() -> None:
    need = replace(CODE, prompt_tokens=7000, reply_tokens=500)
    assert refusal(model("qwen2.5-coder:7b", context=8192), need=need) == (
        "window: its window has 8192 tokens, and 8700 are needed"
    )
    assert order(model("qwen2.5-coder:7b", context=16384), need=need)


def test_a_model_with_its_window_has_to_fit_into_a_share_of_the_memory() -> None:
    small = Hardware(system="Linux", available=10 * GB)
    assert "8.0 GB of memory may be used" in refusal(model("qwen2.5-coder:14b", 9), hardware=small)
    assert order(model("qwen2.5-coder:7b", 4.7), hardware=small)


def test_a_longer_prompt_takes_memory_too() -> None:
    machine, coder = Hardware(system="Linux", available=10 * GB), model("qwen2.5-coder:7b", 4.7)
    assert order(coder, hardware=machine)
    long = replace(CODE, prompt_tokens=25_000, deadline=1e9)
    assert refusal(coder, need=long, hardware=machine).startswith("memory")


def test_a_model_that_is_in_memory_fits_and_one_elsewhere_is_not_measured_by_this_machine() -> None:
    small = Hardware(system="Linux", available=2 * GB)
    assert order(model("qwen2.5-coder:7b", resident=True), hardware=small)
    assert order(model("qwen2.5-coder:32b", 19, "openai", elsewhere=True), hardware=small)


def test_a_card_adds_its_memory_for_ollama_but_not_for_mlx() -> None:
    machine = Hardware(system="Linux", available=6 * GB, gpus=(Gpu(name="card", memory=8 * GB),))
    assert order(model("qwen2.5-coder:14b", 9), hardware=machine)
    assert refusal(model("Qwen2.5-Coder-14B-4bit", 9, "mlx"), hardware=machine).startswith("memory")


def test_a_large_model_that_cannot_answer_within_the_deadline_is_refused_by_its_time() -> None:
    slow = Speed(prompt=20, reply=1.0, load=30, calls=5)
    need = replace(CODE, deadline=600)
    large = model("qwen2.5-coder:32b", 19, speed=slow)
    assert refusal(large, need=need).startswith("deadline: would take about 15 min")
    assert order(large, model("qwen2.5-coder:7b"), need=need) == ["qwen2.5-coder:7b"]


def test_a_model_that_takes_longer_than_people_wait_comes_after_one_that_does_not() -> None:
    slow, fast = Speed(prompt=100, reply=1.5, load=5, calls=9), Speed(prompt=400, reply=30, load=5, calls=9)
    models = (model("qwen2.5-coder:32b", 19, speed=slow), model("llama3.2:3b", 2, speed=fast))
    decision = made(*models)
    assert [item.candidate.name for item in decision.order] == ["llama3.2:3b", "qwen2.5-coder:32b"]
    assert "more than the 5 min" in decision.order[1].against


def test_where_all_are_slow_the_fastest_goes_first() -> None:
    models = (
        model("qwen2.5-coder:14b", 9, speed=Speed(prompt=10, reply=1.5)),
        model("qwen2.5-coder:7b", 4.7, speed=Speed(prompt=11, reply=1.6)),
    )
    assert order(*models)[0] == "qwen2.5-coder:7b"


# --- Time


def test_the_time_is_loading_and_reading_and_writing_at_measured_speeds() -> None:
    need = replace(CODE, prompt_tokens=3000, reply_tokens=600)
    speed = Speed(prompt=300, reply=20, load=8, calls=4)
    [cold] = made(model("a:7b", speed=speed), need=need).order
    [warm] = made(model("a:7b", speed=speed, resident=True, warm={need.purpose: 2400}), need=need).order
    assert cold.expected
    assert warm.expected
    assert (cold.expected.load, cold.expected.prompt, cold.expected.reply) == (8, 10, 30)
    assert (warm.expected.load, warm.expected.prompt, warm.expected.reply) == (0, 2, 30)
    assert cold.expected.measured
    assert str(cold.expected) == "about 48 s, 8 s of it to load"


def test_a_mixture_of_experts_is_expected_to_be_faster_than_its_size() -> None:
    [dense] = made(model("qwen2.5-coder:32b", 18)).order
    [sparse] = made(model("qwen3-coder:30b-a3b", 18)).order
    assert dense.expected
    assert sparse.expected
    assert sparse.expected.reply * 9 < dense.expected.reply


# --- The user's words, the record, what is loaded


def test_the_backend_that_the_task_prefers_goes_first_but_not_where_it_cannot() -> None:
    models = (model("qwen2.5-coder:7b"), model("tiny-mlx-3b", 2, "mlx", context=32768))
    wish = replace(CODE, preferred_backend="mlx")
    assert order(*models)[0] == "qwen2.5-coder:7b"
    decision = made(*models, need=wish)
    assert decision.best
    assert decision.best.candidate.name == "tiny-mlx-3b"
    assert "the task prefers mlx" in decision.best.reasons
    short = model("tiny-mlx-3b", 2, "mlx", context=1024)
    assert order(models[0], short, need=wish) == ["qwen2.5-coder:7b"]


def test_what_the_task_prefers_goes_before_the_record() -> None:
    proven = model("qwen2.5-coder:7b", outcomes=Outcomes(right=30, of=30))
    wish = replace(CODE, preferred_backend="mlx")
    assert order(proven, model("llama3.2-3b", 2, "mlx"), need=wish)[0] == "llama3.2-3b"


def test_a_preferred_backend_that_is_not_there_is_noted() -> None:
    decision = made(model("qwen2.5-coder:7b"), need=replace(CODE, preferred_backend="fm"))
    assert decision.best
    assert decision.notes == ("The task prefers the backend fm, which serves no model here.",)


def test_the_record_beats_the_policy_only_with_enough_outcomes() -> None:
    policy_first, proven = "qwen2.5-coder:7b", "llama3.2:3b"
    for of, first in ((ENOUGH - 1, policy_first), (ENOUGH, proven)):
        models = (model(policy_first), model(proven, 2, outcomes=Outcomes(right=of, of=of)))
        assert order(*models)[0] == first


def test_few_outcomes_without_a_fault_are_no_better_than_many_with_one() -> None:
    models = (
        model("a-coder:7b", outcomes=Outcomes(right=8, of=8)),
        model("b-coder:7b", outcomes=Outcomes(right=58, of=60)),
    )
    assert order(*models) == ["b-coder:7b", "a-coder:7b"]


def test_a_model_that_was_mostly_wrong_here_comes_last_and_hears_its_counts() -> None:
    bad = model("qwen2.5-coder:7b", outcomes=Outcomes(right=1, of=12))
    decision = made(bad, model("codellama:7b"))
    assert [item.candidate.name for item in decision.order] == ["codellama:7b", "qwen2.5-coder:7b"]
    assert "1 of 12 right at code work here" in decision.order[1].against


def test_a_record_that_says_neither_leaves_the_order_to_the_policy() -> None:
    models = (model("qwen2.5-coder:7b", outcomes=Outcomes(right=6, of=12)), model("codellama:7b"))
    assert order(*models)[0] == "qwen2.5-coder:7b"


def test_a_model_in_memory_goes_before_a_close_one_that_would_have_to_be_loaded() -> None:
    better, near = model("qwen2.5-coder:14b", 9), model("qwen2.5-coder:7b", 4.7, resident=True)
    decision = made(better, near)
    assert [item.candidate.name for item in decision.order] == ["qwen2.5-coder:7b", "qwen2.5-coder:14b"]
    assert decision.best
    assert "is in memory already, where qwen2.5-coder:14b would have to be loaded" in decision.best.reasons
    assert "would have to be loaded" in decision.order[1].against


@pytest.mark.parametrize("name", ["llama3.1:8b", "codellama:7b", "qwen2.5-coder:1.5b"])
def test_a_model_in_memory_does_not_go_before_one_that_is_much_better(name: str) -> None:
    resident = model(name, 1.0 if "1.5b" in name else 4.5, resident=True)
    assert order(model("qwen2.5-coder:14b", 9), resident)[0] == "qwen2.5-coder:14b"


def test_being_in_memory_does_not_overrule_the_record() -> None:
    proven = model("qwen2.5-coder:14b", 9, outcomes=Outcomes(right=19, of=20))
    assert order(proven, model("qwen2.5-coder:7b", resident=True))[0] == "qwen2.5-coder:14b"


def test_what_ignores_schemas_comes_last_where_one_is_needed_and_only_there() -> None:
    models = (model("llama3.1:8b", structured=False), model("mistral:7b", structured=True))
    assert order(*models, need=PLAN) == ["mistral:7b", "llama3.1:8b"]
    assert order(*models, need=replace(PLAN, structured=False))[0] == "llama3.1:8b"
    decision = made(*models, need=PLAN)
    assert "ignores the schema" in decision.order[1].against


def test_backends_are_ordered_by_the_machine() -> None:
    models = tuple(model("llama3.2:1b", 1.2, backend) for backend in ("openai", "mlx", "ollama"))
    apple = Hardware(system="Darwin", available=60 * GB, apple_silicon=True, working_set=40 * GB)
    for hardware, backends in ((ROOMY, ["ollama", "mlx", "openai"]), (apple, ["mlx", "ollama", "openai"])):
        decision = made(*models, hardware=hardware, need=PLAN)
        assert [item.candidate.backend for item in decision.order] == backends


def test_what_is_left_after_a_failure_keeps_its_order() -> None:
    models = (model("qwen2.5-coder:7b"), model("codellama:7b"), model("llama3.1:8b", 4.7, "openai"))
    decision = made(*models)
    assert [item.candidate.name for item in decision.after(models[0], whole_place=False).order] == [
        "codellama:7b",
        "llama3.1:8b",
    ]
    assert [item.candidate.name for item in decision.after(models[0], whole_place=True).order] == ["llama3.1:8b"]


names = st.sampled_from(
    ["qwen2.5-coder:7b", "llama3.2", "codellama:34b-q2_K", "x", "nomic-embed-text", "phi4", "a/b:1b"]
)
candidates = st.builds(
    model, names, st.none() | st.floats(0.1, 500), st.sampled_from(["ollama", "mlx", "openai", "other"]),
    resident=st.booleans(), structured=st.sampled_from([None, True, False]),
    outcomes=st.integers(0, 40).flatmap(
        lambda of: st.integers(0, of).map(lambda right: Outcomes(right=right, of=of))
    ),
    context=st.sampled_from([None, 512, 32768]),
)  # fmt: skip


@given(st.lists(candidates, max_size=8), st.sampled_from([CODE, PLAN, POLICY.need("summarize")]))
def test_every_model_is_placed_or_refused_with_a_reason_whatever_is_there(found: list[Candidate], need: Need) -> None:
    hardware = Hardware(system="Linux", available=24 * GB)
    decision = made(*found, need=need, hardware=hardware)
    assert len(decision.order) + len(decision.refused) == len(found)
    assert all(item.against for item in decision.order[1:])
    assert all(item.why for item in decision.refused)
    shuffled = made(*reversed(found), need=need, hardware=hardware)
    if decision.best and shuffled.best:
        assert decision.best.candidate.name == shuffled.best.candidate.name


# --- A graphics card that a model does not fit whole


CARD = Hardware(system="Linux", available=24 * GB, gpus=(Gpu(name="of 8 GB", memory=8 * 2**30),))


def time_of(name: str, size: float, *, backend: str = "ollama") -> float:
    [item] = made(model(name, size, backend), hardware=CARD).order
    assert item.expected
    return item.expected.reply


def test_a_model_that_fits_the_card_goes_before_one_that_leaves_a_part_to_the_processor() -> None:
    decision = made(model("qwen2.5-coder:14b", 9), model("qwen2.5-coder:7b", 4.7), hardware=CARD)
    assert [item.candidate.name for item in decision.order] == ["qwen2.5-coder:7b", "qwen2.5-coder:14b"]
    assert "fits the graphics card, where qwen2.5-coder:14b would leave a part to the processor" in (
        decision.order[0].reasons
    )
    assert (
        decision.order[1].against
        == "does not fit the graphics card whole, and qwen2.5-coder:7b does and is close to it"
    )
    assert order(model("qwen2.5-coder:14b", 9), model("qwen2.5-coder:3b", 1.9), hardware=CARD)[0] == "qwen2.5-coder:14b"
    without = replace(CARD, gpus=())
    roomy = replace(PLAN, deadline=10_000.0)
    assert order(model("qwen2.5:14b", 9), model("qwen2.5:7b", 4.7), need=roomy, hardware=without)[0] == "qwen2.5:7b"


def test_a_model_a_little_larger_than_the_card_is_a_little_slower_and_not_as_slow_as_without_one() -> None:
    whole, over, half = (time_of("llama3.1:8b", size) for size in (4.9, 6.0, 9.0))
    [alone] = made(model("llama3.1:8b", 6.0), hardware=replace(CARD, gpus=())).order
    assert alone.expected
    assert whole < over < 2.5 * whole
    assert over * 2 < alone.expected.reply
    assert over < half < 3 * alone.expected.reply


def test_mlx_on_a_processor_is_not_expected_to_be_as_fast_as_what_is_made_for_it() -> None:
    packed, plain = time_of("Qwen2.5-Coder-0.5B-4bit", 0.3, backend="mlx"), time_of("small", 0.3, backend="mlx")
    assert packed > 10 * plain > 20 * time_of("qwen2.5-coder:0.5b", 0.3)


# --- What speaks against the best there is


def test_the_reasons_for_the_chosen_model_own_up_to_its_flaws() -> None:
    [only] = made(model("gemma3:1b", 0.8), need=CODE).order
    assert only.reasons[-1] == (
        "is the best there is, though it has 1.0 billion parameters; smaller ones lose the thread of more than a few "
        "sentences, and is a general model"
    )
    assert not any(reason.startswith("has 1.0") for reason in only.reasons)
