"""Two prompts that a person can pick at the client: plan something large, and hand the easy tasks over."""

from typing import TYPE_CHECKING, Any

from prentice.mcp.foreign import between_marks

if TYPE_CHECKING:
    from mcp.server.mcpserver import MCPServer


def add_prompts(server: "MCPServer[Any]") -> None:
    """Add the prompts to a server."""

    @server.prompt(description="Break something large down, and show the plan.")
    def plan(task: str) -> str:
        shown = between_marks("task", task)
        return (
            f"Call model_task_breakdown with this task, as it stands between the marks:\n{shown}\n"
            "Show me the plan with its dependencies and estimates. I decide; make no tasks by other means."
        )

    @server.prompt(description="Let the local model do the tasks that are easy enough.")
    def hand_over() -> str:
        return (
            "Call estimation with action batch for the open tasks, then with action analyze for the likely ones. Give "
            "those with can_auto_execute to model_auto_execute. Look at each diff and its evidence by run_id; send "
            "back what is wrong with request_changes, and show me the rest. Do tasks that come with a handoff yourself."
        )
