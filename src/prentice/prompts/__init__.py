"""Prompt templates as package data with a version each, and their rendering.

A text that is filled in can never become template code, nor close the fence it stands in.
"""
