"""The answers of the tools as types: what the output schemas are made from, and what answers are checked against.

They are the JSON documents of the command line, with what a caller needs in order to go on.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, WithJsonSchema

from prentice.tasks.plan import Category, Complexity, Lane

_CategoryName = Annotated[Category, WithJsonSchema({"type": "string"})]
"""Checked, but not listed in the schemas: its eight words would be there twice."""


class Hours(BaseModel):
    """The median, and the interval that holds four of five; in hours."""

    low: float
    median: float
    high: float


class Basis(BaseModel):
    """How many records of which kind the hours rest on."""

    kind: Literal["prior", "history"]
    count: int


class Estimate(BaseModel):
    """How long something takes."""

    bucket: str
    hours: Hours
    basis: Basis


class TaskEstimate(Estimate):
    """How long a task takes; `task` is its id, or the name of a free text, and empty inside an assessment."""

    task: str = ""


class Subtask(BaseModel):
    """One step of a plan."""

    key: str
    name: str
    description: str
    acceptance_criteria: list[str]
    complexity: Complexity
    category: _CategoryName
    dependencies: list[str]
    estimate: Estimate


class BreakdownAnswer(BaseModel):
    """A run as it stands, and its plan as soon as there is one."""

    state: Literal["running", "open", "approved", "rejected", "superseded"]
    run_id: str
    next_step: str
    """What the caller can do now, in a sentence."""
    approve: str = ""
    """How a person approves the plan."""
    proposal_id: str = ""
    task: str = ""
    backend: str = ""
    model: str = ""
    subtasks: list[Subtask] = []
    waves: list[list[str]] = []
    critical_path: list[str] = []
    warnings: list[str] = []
    created: list[str] = []
    """The tasks that stand for an approved plan."""
    parent: str = ""


class ExecutionAnswer(BaseModel):
    """A run as it stands, with its change and the evidence; of several tasks, what is known of each."""

    state: str
    run_id: str = ""
    next_step: str
    runs: list[dict[str, Any]] = []
    """Of several tasks: run, task, state, files and why."""
    task: str = ""
    files: list[str] = []
    diff: str = ""
    checks: list[dict[str, Any]] = []
    evidence: list[dict[str, Any]] = []
    probability: dict[str, Any] | None = None
    why: str = ""
    handoff: dict[str, Any] | None = None


class OptimizationAnswer(BaseModel):
    """A run as it stands, and the optimized prompt as soon as there is one."""

    state: Literal["running", "done"]
    run_id: str
    next_step: str
    optimized: str = ""
    accepted: bool = False
    diff: str = ""
    scores: dict[str, Any] = {}
    questions: list[dict[str, Any]] = []
    sources: list[Any] = []


class RuntimeAnswer(BaseModel):
    """What an action of `mlx` or `ollama` gives."""

    state: str
    run_id: str = ""
    next_step: str = ""
    result: dict[str, Any] = {}


class Reason(BaseModel):
    """One reason of an assessment, with the words it rests on."""

    rule: str
    says: str
    evidence: str


class Assessment(BaseModel):
    """What the analyzer says of a task."""

    task: str
    complexity: Complexity
    category: _CategoryName
    lane: Lane
    can_auto_execute: bool
    needs_breakdown: bool
    needs_human: bool
    reasons: list[Reason]
    questions: list[str]
    estimate: TaskEstimate


class Stats(BaseModel):
    """Counts over tasks: `counted` of `tasks` were judged within the time there is."""

    tasks: int
    counted: int
    bucket: dict[str, int]
    complexity: dict[Complexity, int]
    lane: dict[Lane, int]


class EstimationAnswer(BaseModel):
    """The part that the action asks for; `left_out` counts tasks that the answer has no room or time for."""

    estimates: list[TaskEstimate] = []
    assessments: list[Assessment] = []
    stats: Annotated[Stats, WithJsonSchema({"type": "object"})] | None = None
    left_out: int = 0
