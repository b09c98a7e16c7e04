"""The product's verbs: analyze, estimate, break down, approve.

Each takes what it needs as arguments, and knows no terminal and no protocol.
"""
