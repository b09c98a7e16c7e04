"""Putting an approved change into the user's tree, and taking it out again: all of it or nothing.

Knows changes, approvals and files; the only room that writes into the user's tree.
"""
