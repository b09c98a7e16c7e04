"""The commands by which a project checks itself, run before and after a change, and what their results are worth.

Knows commands, reports and worktrees; knows no task and no gate. The commands themselves are found in `context/`.
"""
