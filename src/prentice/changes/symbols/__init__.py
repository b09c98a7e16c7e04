"""Functions, methods and classes by name, with the lines they take up: what a symbol rewrite puts its text in place of.

Python is read with `ast`; JavaScript, TypeScript, Go, Rust, Java, C and C++ with tree-sitter, from the extra `code`.
"""
