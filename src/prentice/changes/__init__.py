"""From a model's words to a diff: edit formats, matching, guards.

Pure: knows no disk, clock, network or model; a reply and the contents of files in, a change or a refusal out.
"""
