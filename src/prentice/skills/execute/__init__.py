"""Carrying out a task: what is tried, how it is checked, and what becomes of the result."""
