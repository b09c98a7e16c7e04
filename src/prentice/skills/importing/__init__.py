"""Bulk import: reading another tool's tasks, proposing them, and making what was approved, once."""
