"""The review page: what waits for a person, in their browser, on this machine alone.

Owns HTML, forms and what keeps other pages out; knows nothing of terminals and MCP, and decides only by the library.
"""
