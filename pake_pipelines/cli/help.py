"""Help as people read it: paragraphs are whole, and a flag takes no value."""

import inspect
import re
from typing import Any, Final

_WITHIN_A_PARAGRAPH: Final = re.compile(r"(?<!\n)\n(?!\n)")


def tidied(command: Any) -> Any:
    """Return `command`, a Click command or group, with the help of all that is below it in order.

    Typer keeps the line breaks of docstrings behind the first paragraph, and names `<bool>` as the value of a flag.
    """
    command.help = _WITHIN_A_PARAGRAPH.sub(" ", inspect.cleandoc(command.help or ""))
    for parameter in command.get_params(command.context_class(command)):
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    for below in getattr(command, "commands", {}).values():
        tidied(below)
    return command
