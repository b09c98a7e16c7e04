"""What the analyzer knows of a task, as facts with evidence, and the policy that maps them to complexity and lane.

Pure: facts of the repository are handed in; no disk (but the package's own policy table), clock, network or model.
"""
