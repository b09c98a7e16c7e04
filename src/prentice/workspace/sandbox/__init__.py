"""Running a command of a project, and the code that a model wrote, so that it reaches the worktree and nothing else.

Knows commands, mounts and limits; knows no check, change or repository. docs/sandbox.md says what is covered.
"""
