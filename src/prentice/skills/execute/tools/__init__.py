"""The rung below all models: formatters, linters' own fixes, renames and skeletons, run in the sandbox.

Knows tasks as words, files and symbols, and programs by name; knows no model, no run, and never the user's own tree.
"""
