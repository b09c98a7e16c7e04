"""The runtimes that answer requests: a model server, the built-in rules, or a script that plays replies.

Knows nothing of tasks on disk, runs or surfaces; failures leave as one of the `BackendError` classes.
"""
