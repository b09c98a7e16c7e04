"""What is optimized: a text as it was typed, or a task as name and description."""

from prentice.errors import TextError
from prentice.skills.task_text import MAX_CHARACTERS, check_text
from prentice.tasks.record import Task
from prentice.tasks.sections import restore_breaks


def check_prompt(text: str) -> str:
    """Give the text without outer blanks.

    Raises:
        TextError: it is empty, of one word, too long, or holds control characters.
    """
    try:
        return check_text(text.replace("\r\n", "\n"))
    except TextError as error:
        next_step = error.next_step.replace("prentice breakdown", "prentice optimize")
        if len(text) > MAX_CHARACTERS:
            next_step = "Keep what is asked for, and name files instead of pasting them."
        raise TextError(error.message.replace("planned for", "worked on"), next_step=next_step) from None


def prompt_of(task: Task) -> str:
    """Give the prompt that a task is: its name as the title, its description below.

    Raises:
        TextError: there is too little to go on, or too much.
    """
    return check_prompt(
        "\n\n".join(part for part in (task.name.strip(), restore_breaks(task.description).strip()) if part)
    )


def description_of(task: Task, text: str) -> str:
    """Give the description that an optimized text is for a task: without the title, which is the task's name."""
    name = task.name.strip()
    return text.removeprefix(name).strip() if text.startswith(f"{name}\n") else text
