"""Ten tasks on four machines: what an expert would run there, and the reasons that are given for it."""

import pytest

from prentice.backends.graphics import Gpu
from prentice.backends.hardware import Hardware
from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.candidate import Candidate
from prentice.backends.routing.decision import Decision, decide
from prentice.backends.routing.policy import load_policy
from prentice.config import Settings
from prentice.skills.analyze import analyze
from prentice.skills.model_need import need_of
from prentice.tasks.plan import RepositoryFacts
from prentice.tasks.record import Task

GB = 10**9

TASKS = {
    "docstrings": "Write docstrings for the public functions in src/app/report.py",
    "rename": "Rename the function parse_date in src/app/dates.py to parse_day",
    "migration": "Migrate the Python MCP server to the Go SDK",
    "diff": "Summarize the changes of the last release for the team",
    "review": "Review src/app/client.py for missing error handling",
    "tests": "Add unit tests for the retry logic in src/app/client.py",
    "refactor": "Refactor src/app/orders.py: extract the tax calculation into a function of its own",
    "readme": "Describe in the README how to install the program",
    "fix": "Fix the crash in src/app/export.py when the list is empty",
    "prompt": "Improve the prompt that asks for release notes",
}
PURPOSES = {"diff": "summarize", "prompt": "optimize"}
"""Calls that no lane leads to: the user asks for them by name."""


def model(name: str, size: float, backend: str = "ollama", *, context: int = 32768) -> Candidate:
    return Candidate(info=ModelInfo(name=name, backend=backend, size_bytes=int(size * GB), context=context))


def on_mlx(name: str, size: float) -> Candidate:
    return model(f"mlx-community/{name}", size, "mlx")


MACHINES = {
    "apple": Hardware(
        system="Darwin", chip="Apple M2", cores=8, memory=16 * 2**30, available=13 * GB, apple_silicon=True,
        working_set=16 * 2**30 * 2 // 3,
    ),
    "card": Hardware(
        system="Linux", cores=12, memory=32 * GB, available=24 * GB,
        gpus=(Gpu(name="GeForce RTX 4060", memory=8 * 2**30),),
    ),
    "processor": Hardware(system="Linux", cores=8, memory=16 * GB, available=11 * GB),
    "nothing": Hardware(system="Linux", cores=8, memory=16 * GB, available=11 * GB),
}  # fmt: skip

INSTALLED = {
    "apple": [
        on_mlx("CodeLlama-7b-Instruct-hf-4bit-MLX", 3.8), on_mlx("Qwen2.5-Coder-7B-Instruct-4bit", 4.3),
        on_mlx("Phi-3.5-mini-instruct-4bit", 2.2), on_mlx("Qwen2.5-Coder-32B-Instruct-4bit", 18.4),
        model("llama3.2:latest", 2.0), model("codellama:13b", 7.4),
    ],
    "card": [
        model("llama3.2:3b", 2.0), model("llama3.1:8b", 4.9), model("codellama:7b", 3.8),
        model("qwen2.5-coder:7b", 4.7), model("qwen2.5-coder:32b", 19.9), model("mistral:7b", 4.1),
        model("llama3.3:70b", 42.5), model("nomic-embed-text:latest", 0.3), model("llava:7b", 4.7),
    ],
    "processor": [
        model("llama3.2:3b", 2.0), model("llama3.1:8b", 4.9), model("qwen2.5-coder:3b", 1.9),
        model("qwen2.5-coder:14b", 9.0), model("gemma3:1b", 0.8),
    ],
    "nothing": [],
}  # fmt: skip

MLX_CODER, MLX_PHI = "mlx-community/Qwen2.5-Coder-7B-Instruct-4bit", "mlx-community/Phi-3.5-mini-instruct-4bit"
RULES = "the built-in rules"

EXPECTED = {
    #              apple      card                 processor
    "docstrings": (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "rename":     (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "migration":  (MLX_PHI,   "llama3.1:8b",      "llama3.1:8b"),
    "diff":       (MLX_PHI,   "llama3.2:3b",      "llama3.2:3b"),
    "review":     (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "tests":      (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "refactor":   (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "readme":     (MLX_PHI,   "llama3.1:8b",      "llama3.1:8b"),
    "fix":        (MLX_CODER, "qwen2.5-coder:7b", "qwen2.5-coder:3b"),
    "prompt":     (MLX_PHI,   "llama3.1:8b",      "llama3.1:8b"),
}  # fmt: skip


def decision(task: str, machine: str) -> Decision:
    text = TASKS[task]
    subject = Task(id="T-1", name=text)
    assessment = analyze(subject, repository=RepositoryFacts())
    need = need_of(subject, assessment, settings=Settings(), purpose=PURPOSES.get(task, ""))
    return decide(need, INSTALLED[machine], hardware=MACHINES[machine], policy=load_policy())


def against(made: Decision, name: str) -> str:
    places = {item.candidate.name: item.against for item in made.order}
    return {**places, **{item.candidate.name: item.why for item in made.refused}}[name]


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("machine", MACHINES)
def test_each_task_gets_the_model_that_an_expert_would_run_on_the_machine(task: str, machine: str) -> None:
    made = decision(task, machine)
    expected = dict(zip(MACHINES, (*EXPECTED[task], RULES), strict=True))[machine]
    assert (made.best.candidate.name if made.best else RULES) == expected


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("machine", ["apple", "card", "processor"])
def test_every_model_is_in_the_order_or_refused_with_a_reason(task: str, machine: str) -> None:
    made = decision(task, machine)
    names = [item.candidate.name for item in made.order] + [item.candidate.name for item in made.refused]
    assert sorted(names) == sorted(item.name for item in INSTALLED[machine])
    assert made.best
    assert made.best.reasons
    assert not made.best.against
    assert all(item.against for item in made.order[1:])
    assert all(item.why for item in made.refused)


def test_on_apple_silicon_the_reasons_are_the_kind_of_work_the_newer_family_and_mlx() -> None:
    made = decision("refactor", "apple")
    assert made.best
    assert made.best.reasons == (
        "is made for code, and refactoring rewrites code",
        "is of Qwen Coder: ahead of older code models several times its size in its report (arXiv 2409.12186)",
        "fits the memory",
    )
    assert made.best.expected
    assert 30 < made.best.expected.total < 120
    assert not made.best.expected.measured
    assert "is of CodeLlama" in against(made, "mlx-community/CodeLlama-7b-Instruct-hf-4bit-MLX")
    assert "a general model" in against(made, MLX_PHI)
    assert "of memory may be used" in against(made, "mlx-community/Qwen2.5-Coder-32B-Instruct-4bit")


def test_a_plan_on_apple_silicon_goes_to_mlx_and_the_model_on_ollama_hears_why() -> None:
    made = decision("migration", "apple")
    assert made.best
    assert "runs on mlx, the first choice on Apple silicon" in made.best.reasons
    assert against(made, "llama3.2:latest") == (
        f"runs on ollama; {MLX_PHI} runs on mlx, the first choice on Apple silicon"
    )
    assert "is made for code" in against(made, MLX_CODER)


def test_with_a_card_the_large_coder_loses_by_its_time_and_the_largest_by_its_memory() -> None:
    made = decision("fix", "card")
    assert "more than the 5 min" in against(made, "qwen2.5-coder:32b")
    assert "estimated from its size" in against(made, "qwen2.5-coder:32b")
    assert against(made, "llama3.3:70b").startswith("takes 47")
    assert against(made, "nomic-embed-text:latest") == "it makes embeddings only"
    assert against(made, "llava:7b") == "it is made for pictures"


def test_without_a_card_a_short_answer_goes_to_the_faster_model_and_a_plan_to_the_better_one() -> None:
    summary, plan = decision("diff", "processor"), decision("migration", "processor")
    assert "more than the 60 s" in against(summary, "llama3.1:8b")
    assert against(plan, "llama3.2:3b") == "has 3.0 billion parameters; llama3.1:8b has 8.0 billion parameters"
    assert "of memory may be used" in against(plan, "qwen2.5-coder:14b")
    assert "lose the thread" in against(plan, "gemma3:1b")


def test_with_nothing_installed_the_decision_says_that_no_model_can_do_it() -> None:
    made = decision("refactor", "nothing")
    assert (made.best, made.order, made.refused) == (None, (), ())
    assert made.document()["choice"] is None
