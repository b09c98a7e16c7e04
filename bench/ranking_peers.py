"""One search of a project, to be measured as a process of its own: ours, or aider's repository map.

    PYTHON bench/ranking_peers.py prentice TREE INDEX TEXT
    PYTHON bench/ranking_peers.py aider TREE

The second needs a PYTHON that has `aider-chat` installed. Its map keeps its cache in TREE, as it does for its users;
tokens are counted there as bytes / 4, which is quicker than what its users get.
"""

import sys
from pathlib import Path


def prentice(tree: Path, index: Path, text: str) -> None:
    """Bring the index up to date and rank the files for a text."""
    from prentice.context.index import Index  # noqa: PLC0415 - the other Python does not have it
    from prentice.context.ranking import rank  # noqa: PLC0415 - likewise

    with Index.open(index, tree) as opened:
        opened.refresh()
        assert rank(tree, text, index=opened)


def aider(tree: Path) -> None:
    """Make the map of a repository as aider shows it when no file is in the chat."""
    from aider.io import InputOutput  # type: ignore[import-not-found]  # noqa: PLC0415 - the other Python has it
    from aider.repomap import RepoMap, find_src_files  # type: ignore[import-not-found]  # noqa: PLC0415 - likewise

    class Counter:
        def token_count(self, text: str) -> int:
            return len(text.encode()) // 4

    files = [name for name in find_src_files(str(tree)) if "/.aider" not in name and "/.git/" not in name]
    repo_map = RepoMap(map_tokens=1024, root=str(tree), main_model=Counter(), io=InputOutput(yes=True))
    assert repo_map.get_repo_map([], files)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "aider":
        aider(Path(arguments[0]))
    else:
        prentice(Path(arguments[0]), Path(arguments[1]), arguments[2])
