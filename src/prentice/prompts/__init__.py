"""Prompt templates as package data with a version each, and their rendering; a text that is filled in can never become template code."""
