"""Code review: an execution without edits, whose result are findings, from the project's linters and from a model."""
