"""What a step reports of its run while a model writes."""

from collections.abc import Callable
from typing import Any

from prentice.backends.protocol import Piece
from prentice.runs.protocol import StepContext


def pieces_told(context: StepContext[Any]) -> Callable[[Piece], None]:
    """Give what hears the pieces of a reply, and reports how many came, and whether the model is still thinking."""
    received = 0

    def hear(piece: Piece) -> None:
        nonlocal received
        received += 1
        context.report({"doing": "thinking" if piece.thinking else "writing", "pieces": received})

    return hear
