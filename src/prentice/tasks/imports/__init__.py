"""Other tools' tasks as data: one module for each format, and one that makes their entries fit into Todo2's list.

Pure: text in, records and warnings out. Knows no disk and no list; nothing in the texts is interpreted.
"""
