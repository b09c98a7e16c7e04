"""What a model or planner is told of the repository.

Reads files, runs no model and writes nothing.
"""
