"""Every error that Prentice raises on purpose, in one tree.

Each class is one thing a caller can do something about. `code` is stable and documented in `docs/errors.md`.

PrenticeError
    UsageError                    the command or call was put wrongly
    TextError                     a task's text cannot be used
    ConfigError                   a settings file or variable does not make sense
    StoreError                    the Todo2 file or its directory
        NoProjectError            there is no `.todo2/` here
        DamagedFileError          the file cannot be read as Todo2's
        FileRefusedError          the file is not one that we write to (a link, read-only, too large)
        LockedError               another process holds the lock
        WriteFailedError          the disk refused
    TaskNotFoundError             no task has this id
    RuleError                     a workflow rule refuses the move
    ImportSourceError             another tool's file cannot be read
    ProposalError                 a proposal does not exist, is decided, or was edited into nonsense
    LedgerError                   the ledger cannot be opened or is of a newer version
    BackendError                  a model runtime
        BackendUnreachableError   nothing answers there
        WrongServerError          another program answers there
        KeyRefusedError           the server wants a key, or another one
        RemoteRefusedError        the work would leave this machine
        ModelNotFoundError        the server does not have the model
        ModelUnsupportedError     the model cannot do what is asked
        BackendBusyError          the server's queue is full
        PromptTooLongError        the prompt does not fit the context window
        ReplyCutError             the reply hit its length limit
        StreamError               the server reported a failure, or broke off
        TimedOutError             nothing came for too long, or the deadline passed
        ScriptExhaustedError      the scripted backend has no reply left
    ReplyError                    a model's reply is not what was asked for
        BreakdownRejectedError    no acceptable plan after the retry
    RunError                      a run does not exist or cannot go on
    ReviewError                   a change cannot be decided on in that way, or not by this actor
        LeaseLostError            another process has taken the run over
    WorkspaceError                trying a change, or putting it into the user's tree
        WorktreeError             no worktree can be made of the project
        SandboxError              there is no sandbox to run checks in
        NotApprovedError          the approval is of another change
        ApplyConflictError        the user's files are not what the change starts from
        UndoRefusedError          the change is not there to be undone, or was worked on since
    StoppedError                  the user stopped the work
    DefectError                   Prentice itself went wrong
"""

from collections.abc import Mapping


class PrenticeError(Exception):
    """The root: a stable `code`, a sentence for people, and the next step that helps."""

    code = "error"

    def __init__(self, message: str, *, next_step: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.details: dict[str, object] = dict(details or {})

    def document(self) -> dict[str, object]:
        """Give the error as the JSON document of the contract: `{error: {code, message, next_step}}`."""
        return {"error": {"code": self.code, "message": self.message, "next_step": self.next_step, **self.details}}


class UsageError(PrenticeError):
    """The command or call was put wrongly."""

    code = "usage"


class TextError(PrenticeError):
    """A task's text cannot be used: empty, too short, too long, or with control characters."""

    code = "task_text"


class ConfigError(PrenticeError):
    """A settings file or environment variable does not make sense."""

    code = "config"


class StoreError(PrenticeError):
    """Something about the Todo2 file or its directory."""

    code = "store"


class NoProjectError(StoreError):
    """There is no `.todo2/` directory here or above."""

    code = "no_project"


class DamagedFileError(StoreError):
    """The file cannot be read as a Todo2 file."""

    code = "todo2_damaged"


class FileRefusedError(StoreError):
    """The file is a link, read-only or too large: not one that Prentice writes to."""

    code = "todo2_refused"


class LockedError(StoreError):
    """Another process holds the lock on the Todo2 file."""

    code = "todo2_locked"


class WriteFailedError(StoreError):
    """The operating system refused the write; the old file is as it was."""

    code = "write_failed"


class TaskNotFoundError(PrenticeError):
    """No task has this id."""

    code = "task_not_found"


class RuleError(PrenticeError):
    """A workflow rule refuses the move; `details["rule"]` names it."""

    code = "rule_refused"


class ImportSourceError(PrenticeError):
    """What shall be imported cannot be read, or holds no tasks in a known format."""

    code = "import_source"


class ProposalError(PrenticeError):
    """A proposal does not exist, is decided already, or was edited into something that does not hold together."""

    code = "proposal"


class LedgerError(PrenticeError):
    """The ledger cannot be opened, is damaged, or was written by a newer Prentice."""

    code = "ledger"


class BackendError(PrenticeError):
    """Something about a model runtime."""

    code = "backend"


class BackendUnreachableError(BackendError):
    """Nothing answers at the backend's address."""

    code = "backend_unreachable"


class WrongServerError(BackendError):
    """Another program answers at the backend's address."""

    code = "wrong_server"


class KeyRefusedError(BackendError):
    """The server wants a key, or another one than it was given."""

    code = "key_refused"


class RemoteRefusedError(BackendError):
    """The request would leave this machine, which was not allowed."""

    code = "remote_refused"


class ModelNotFoundError(BackendError):
    """The server does not have the model."""

    code = "model_not_found"


class ModelUnsupportedError(BackendError):
    """The model cannot do what is asked of it."""

    code = "model_unsupported"


class BackendBusyError(BackendError):
    """The server's queue is full."""

    code = "backend_busy"


class PromptTooLongError(BackendError):
    """The prompt does not fit the context window, or the server cut it."""

    code = "prompt_too_long"


class ReplyCutError(BackendError):
    """The reply hit its length limit before it was complete."""

    code = "reply_cut"


class StreamError(BackendError):
    """The server reported a failure, or broke off in the middle of a reply."""

    code = "stream_failed"


class TimedOutError(BackendError):
    """Nothing came for longer than the idle limit, or the deadline passed."""

    code = "timed_out"


class ScriptExhaustedError(BackendError):
    """The scripted backend was asked for more replies than its file holds."""

    code = "script_exhausted"


class ReplyError(PrenticeError):
    """A model's reply is not what was asked for; `problems` lists why."""

    code = "reply_invalid"

    def __init__(self, message: str, *, next_step: str, problems: tuple[str, ...]) -> None:
        super().__init__(message, next_step=next_step, details={"problems": list(problems)})
        self.problems = problems


class BreakdownRejectedError(ReplyError):
    """No acceptable plan came, after the one retry that shows the model its errors."""

    code = "breakdown_rejected"


class RunError(PrenticeError):
    """A run does not exist, or cannot go on."""

    code = "run"


class LeaseLostError(RunError):
    """Another process has taken the run over, or it has ended: this one writes nothing more of it."""

    code = "lease_lost"


class ReviewError(PrenticeError):
    """A change cannot be decided on in that way: it was refused or decided before, or this actor may not."""

    code = "review"


class WorkspaceError(PrenticeError):
    """Something about trying a change, or putting it into the user's tree."""

    code = "workspace"


class WorktreeError(WorkspaceError):
    """No worktree can be made of the project."""

    code = "worktree"


class SandboxError(WorkspaceError):
    """There is no sandbox that works on this machine, so no check is run."""

    code = "sandbox"


class NotApprovedError(WorkspaceError):
    """The approval is of another change than the one to be applied."""

    code = "not_approved"


class ApplyConflictError(WorkspaceError):
    """The user's files are not what the change starts from; `details["files"]` says why, by path."""

    code = "apply_conflict"


class UndoRefusedError(WorkspaceError):
    """The change is not there to be undone, or was worked on since; `details["files"]` says where."""

    code = "undo_refused"


class StoppedError(PrenticeError):
    """The user stopped the work."""

    code = "stopped"


class DefectError(PrenticeError):
    """Prentice itself went wrong; nothing that the user did."""

    code = "defect"
