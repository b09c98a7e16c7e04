"""Splitting a task into a plan: asked of a backend, checked, kept as a proposal, and made into tasks once approved."""
