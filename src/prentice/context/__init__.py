"""What a model or planner is told of the repository: what is in it, which files a text is about, what of them is shown.

Reads files and runs no model; writes nothing but its search index.
"""
