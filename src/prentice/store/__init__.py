"""The Todo2 file on disk: found, read, locked, and replaced whole or not at all.

Knows bytes and paths, not what a plan or a run is.
"""
