"""The MCP server: tools in, structured answers out.

Decides nothing that the library does not.
"""
