"""MLX: what batching, shared prefixes, schemas and the light import gain, each as a ratio within this run.

uv run --group engines python bench/mlx_engine.py [--replies 200]

The model is one of 40 million parameters in float32 that writes realistic plans; it is made on the spot from the tiny
one of the tests. Goals are those of a processor with OpenBLAS; without it matrix products take ten times as long, most
of what is gained by batches is lost, and nothing is measured.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from jsonschema import Draft202012Validator

from engines.model_files import ModelFiles, NotPossibleError, model_files
from engines.tiny_corpus import held_out
from measure import interleaved
from prentice.backends.mlx.backend import MlxBackend
from prentice.backends.mlx.engine import Engine
from prentice.backends.mlx.limits import Limits
from prentice.backends.mlx.runtime import load_openblas, missing
from prentice.backends.protocol import Message, Reply, Request, Sampling
from prentice.skills.breakdown.prompt import breakdown_request
from prentice.tasks.plan import PlanningFacts

K = 8
ROUNDS = 3
NO_CACHE = Limits(memory_cache_bytes=0, disk_cache_bytes=0)
LIGHT = """
import sys
from prentice.backends.mlx.runtime import load_openblas, network_module
load_openblas()
from prentice.backends.mlx import session, backend, opening
network_module("qwen2"), network_module("llama")
"""


class Bench:
    """The model under test, and what is asked of it."""

    def __init__(self, model: Path, scratch: Path) -> None:
        self.model, self._scratch = str(model), scratch
        facts = PlanningFacts(name=held_out()[0], min_subtasks=3, max_subtasks=8)
        self.plan = breakdown_request(facts, model=self.model, idle=600.0, deadline=600.0, seed=1)
        self.free = replace(self.plan, schema=None, sampling=Sampling(temperature=0.0))

    def engine(self, name: str, *, limits: Limits | None = None) -> Engine:
        """Give an engine with prefixes of its own."""
        return Engine(prefixes=self._scratch / name, limits=limits)

    def long(self, tail: str, *, tokens: int = 16) -> Request:
        """Give a request whose system message takes about 1,000 tokens."""
        system = " ".join(
            f"Step {number} for the login page is that the report view still works." for number in range(63)
        )
        messages = (Message(role="system", content=system), Message(role="user", content=f"{tail} " * 6))
        return replace(self.free, messages=messages, max_tokens=tokens)


async def ask(engine: Engine, *requests: Request) -> list[Reply]:
    """Ask all at once."""
    backend = MlxBackend(engine, load_seconds=600.0)

    async def one(request: Request) -> Reply:
        async for item in backend.stream(request):
            last = item
        assert isinstance(last, Reply)
        return last

    return list(await asyncio.gather(*(one(request) for request in requests)))


def rate(replies: Sequence[Reply], seconds: float) -> float:
    """Give the tokens per second."""
    return sum(reply.reply_tokens for reply in replies) / seconds


async def timed(engine: Engine, *requests: Request) -> tuple[list[Reply], float]:
    """Ask all at once, and give the seconds that it took."""
    begun = time.perf_counter()
    return await ask(engine, *requests), time.perf_counter() - begun


async def in_turn(engine: Engine, *requests: Request) -> tuple[list[Reply], float]:
    """Ask one after another, and give the seconds that it took."""
    begun = time.perf_counter()
    return [(await ask(engine, request))[0] for request in requests], time.perf_counter() - begun


async def batching(bench: Bench) -> float:
    """Compare eight samples of one prompt together with one after another."""
    engine = bench.engine("batching")
    samples = [replace(bench.free, sampling=Sampling(temperature=0.7, seed=seed)) for seed in range(K)]
    await ask(engine, bench.free)
    ratios = []
    for _ in range(ROUNDS):
        alone = rate(*await in_turn(engine, *samples))
        ratios.append(rate(*await timed(engine, *samples)) / alone)
    engine.close()
    return statistics.median(ratios)


async def shared_prefix(bench: Bench) -> tuple[float, float]:
    """Compare eight prompts that begin alike, asked together, with each for itself: beginning unknown, then known."""
    cold = bench.engine("unused", limits=NO_CACHE)
    await ask(cold, bench.free)
    unknown, known = [], []
    for number in range(ROUNDS):
        prompts = [bench.long(f"Look at place {number} {other}") for other in range(K)]
        others = [bench.long(f"Look at thing {number} {other}") for other in range(K)]
        _, apart = await in_turn(cold, *prompts)
        engine = bench.engine(f"prefix-{number}")
        await ask(engine, bench.free)  # loads the model, so that what is timed below is the work
        _, together = await timed(engine, *prompts)
        _, again = await timed(engine, *others)
        engine.close()
        unknown.append(apart / together)
        known.append(apart / again)
    cold.close()
    return statistics.median(unknown), statistics.median(known)


async def first_token(bench: Bench) -> tuple[float, float]:
    """Compare the first token of a prompt whose beginning is known, in memory and on disk, with that of an unknown."""
    cold, warm = bench.engine("unused", limits=NO_CACHE), bench.engine("prefix")
    await ask(cold, bench.free)
    await ask(warm, bench.free, bench.long("Say nothing"))
    ratios, disks = [], []
    for number in range(ROUNDS):
        asked = bench.long(f"Say {number}")
        before = await _first(cold, asked, known=False)
        ratios.append(before / await _first(warm, asked, known=True))
        again = bench.engine("prefix")
        await ask(again, bench.free)
        disks.append(before / await _first(again, asked, known=True))
        again.close()
    cold.close()
    warm.close()
    return statistics.median(ratios), statistics.median(disks)


async def _first(engine: Engine, request: Request, *, known: bool) -> float:
    [reply] = await ask(engine, request)
    assert (reply.cached_tokens or 0) > 900 if known else reply.cached_tokens == 0, reply.cached_tokens
    return reply.first_token


async def constrained(bench: Bench) -> tuple[float, float]:
    """Compare a plan under its schema with the same plan written freely: one stream's time, and eight's throughput."""
    engine = bench.engine("constrained")
    held = replace(bench.plan, sampling=Sampling(temperature=0.0))
    [one], [other] = await ask(engine, held), await ask(engine, bench.free)
    assert one.text == other.text, "the plans differ: nothing to compare"
    singles, eights = [], []
    samples = [Sampling(temperature=0.3, seed=seed) for seed in range(K)]
    for _ in range(ROUNDS):
        _, free = await timed(engine, bench.free)
        _, forced = await timed(engine, held)
        singles.append(forced / free)
        free_rate = rate(*await timed(engine, *(replace(bench.free, sampling=item) for item in samples)))
        eights.append(rate(*await timed(engine, *(replace(held, sampling=item) for item in samples))) / free_rate)
    engine.close()
    return statistics.median(singles), statistics.median(eights)


async def validity(model: Path, scratch: Path, *, replies: int) -> int:
    """Count the replies of random weights that are valid by their schema."""
    engine = Engine(prefixes=scratch / "validity")
    titles = held_out()
    valid = 0
    for begin in range(0, replies, K):
        requests = []
        for seed in range(begin, min(begin + K, replies)):
            facts = PlanningFacts(name=titles[seed % len(titles)], min_subtasks=3, max_subtasks=3)
            request = breakdown_request(facts, model=str(model), idle=600.0, deadline=600.0, seed=seed)
            requests.append(replace(request, sampling=Sampling(temperature=(0.0, 0.7, 1.3)[seed % 3], seed=seed)))
        for request, reply in zip(requests, await ask(engine, *requests), strict=True):
            assert request.schema is not None
            document = json.loads(reply.text) if reply.finish == "stop" else None
            valid += Draft202012Validator(request.schema).is_valid(document)
    engine.close()
    return valid


def light_import() -> float:
    """Compare the modules that a first reply needs with `import mlx_lm`, as CPU time of whole processes."""
    commands = {
        "import mlx_lm": [sys.executable, "-c", "import mlx_lm"],
        "prentice": [sys.executable, "-c", LIGHT],
    }
    costs = interleaved(commands, rounds=ROUNDS)
    return costs["prentice"].cpu / costs["import mlx_lm"].cpu


def say(what: str, value: float, *, goal: float, at_least: bool = True) -> None:
    """Print a ratio beside its goal."""
    met = value >= goal if at_least else value <= goal
    print(
        f"{what:<62}{value:7.2f}x  goal {'>=' if at_least else '<='} {goal:g}: {'met' if met else 'MISSED'}", flush=True
    )


async def measure(bench: Bench, random_model: Path, scratch: Path, *, replies: int) -> None:
    """Measure everything, and print it."""
    say(f"{K} samples of one prompt, tokens/s", await batching(bench), goal=4)
    unknown, known = await shared_prefix(bench)
    say(f"{K} prompts that share 1,000 tokens, end to end, asked first", unknown, goal=8)
    say(f"{K} prompts that share 1,000 tokens, end to end, asked again", known, goal=8)
    warm, disk = await first_token(bench)
    say("first token, prefix known (cold / warm)", warm, goal=12)
    say("first token, prefix from disk (cold / warm)", disk, goal=8)
    single, eight = await constrained(bench)
    say("a plan under its schema, time (constrained / free)", single, goal=0.8, at_least=False)
    say(f"{K} plans under their schema, tokens/s (constrained / free)", eight, goal=0.9)
    if replies:
        valid = await validity(random_model, scratch, replies=replies)
        say(f"valid replies of random weights ({valid} of {replies})", valid / replies, goal=1)


def main() -> None:
    """Measure and print, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=200, help="replies of random weights to check")
    arguments = parser.parse_args()
    if absent := missing():
        sys.exit(
            f"Skipped: MLX cannot be measured without {', '.join(absent)}; `uv sync --group engines` installs them."
        )
    if not load_openblas():
        sys.exit(
            "Skipped: without OpenBLAS these ratios say nothing; `apt-get install libopenblas0-pthread` installs it."
        )
    try:
        files = model_files()
    except NotPossibleError as error:
        sys.exit(f"Skipped: {error}")
    say("first use without the weights (CPU time / import mlx_lm)", light_import(), goal=0.5, at_least=False)
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        from mlx_model import widen  # noqa: PLC0415 - imports mlx, which has to come after OpenBLAS

        widen(ModelFiles.directory(files.trained), scratch / "wide")
        bench = Bench(scratch / "wide", scratch)
        random_model = ModelFiles.directory(files.random)
        asyncio.run(measure(bench, random_model, scratch, replies=arguments.replies))


if __name__ == "__main__":
    main()
