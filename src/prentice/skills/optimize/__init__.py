"""The prompt optimizer: what is missing in a prompt is asked for or marked as missing, and never made up.

Knows texts, rules and replies; knows no command line, and changes no task itself.
"""
