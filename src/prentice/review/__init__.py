"""Who may put a change into the user's tree: evidence, gate and approval.

Pure: knows no disk, model or surface.
"""
