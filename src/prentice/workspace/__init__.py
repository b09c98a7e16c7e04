"""Where a change is tried, and how it gets into the user's tree: worktrees, sandbox, checks, applying and undoing.

Knows git, files and processes; knows no model, task or run, and asks nobody: what may be applied is decided above.
"""
