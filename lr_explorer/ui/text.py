"""Text that a user can choose, made safe for markdown."""

import re


def literal(text: str) -> str:
    """Return text that markdown shows as it is, in a table's cell too."""
    return re.sub(r"([\\`*_{}\[\]#|~$<>^:&])", r"\\\1", text)
