"""Models served by Ollama, over its native HTTP API: its catalogue, its downloads, and its replies.

Knows one server at a time, and nothing of other backends; nothing is imported from here that only a call needs.
"""
