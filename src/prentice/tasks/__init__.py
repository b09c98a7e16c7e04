"""Tasks as data: Todo2's records, their descriptions, dependencies and workflow rules.

Pure: knows no disk, clock, network or model; text and values in, values out.
"""
