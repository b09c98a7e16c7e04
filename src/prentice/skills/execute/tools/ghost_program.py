"""A program that lets hypothesis write tests, run on its own in the sandbox with the project's Python.

It imports the project's module, so it stands for whatever that does. Arguments: the module's dotted name, then names
in it, none for all. Prints one JSON document: `{"source"}` or `{"declined"}`.
"""

import importlib
import json
import os
import sys


def main(module: str, names: list[str]) -> dict[str, str]:
    """Write the tests."""
    sys.path[:0] = [os.path.join(os.getcwd(), "src"), os.getcwd()]  # noqa: PTH109, PTH118 - any Python has to run it
    try:
        ghostwriter = importlib.import_module("hypothesis.extra.ghostwriter")
    except ImportError as error:
        return {"declined": f"the project's Python cannot import hypothesis' ghostwriter ({error})"}
    try:
        loaded = importlib.import_module(module)
        subjects = [getattr(loaded, name) for name in names] or [loaded]
        return {"source": str(ghostwriter.magic(*subjects))}
    except Exception as error:  # noqa: BLE001 - whatever the project's code raises ends it
        return {"declined": f"{module} cannot be written for ({type(error).__name__}: {error})"}


if __name__ == "__main__":
    printed, sys.stdout = sys.stdout, sys.stderr
    answer = main(sys.argv[1], sys.argv[2:])
    printed.write(json.dumps(answer))
