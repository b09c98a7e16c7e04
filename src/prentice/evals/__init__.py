"""Measuring models and the product's own parts, and improving a part by what was measured.

Knows the skills and what they ask of models; knows no command line, and changes nothing of a project.
"""
