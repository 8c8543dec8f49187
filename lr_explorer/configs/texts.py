"""JSON, command lines and YAML-like texts as mappings of names to values; of YAML only `key: value`, nesting and simple lists."""

import json
import re
import shlex
from typing import Any

from lr_explorer.params import shortened

DEEPEST = 40  # nesting of values

_KEY_VALUE = re.compile(r"(\s*)([A-Za-z_][\w.\-]*)\s*:(?:\s+(.*?))?\s*")
NUMBER = re.compile(r"[+-]?(\d[\d_]*\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_FLAG = re.compile(r"(?:^|\s)--[A-Za-z]")


def is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def settings_in(text: str) -> dict[str, Any]:
    """Return the settings of a JSON text, a command line or a YAML-like text."""
    if is_json(text):
        return _flat(parsed_json(text, "the text"))
    if _FLAG.search(text):
        return _flags(text)
    return _key_values(text)


def parsed_json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"In {what}, line {error.lineno}, column {error.colno} is not JSON: {error.msg}.") from None
    except RecursionError:
        raise ValueError(f"The JSON in {what} is nested too deeply.") from None


def _flat(value: Any, prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Return nested mappings as one, with dots in the keys; the outer names of what is inside are kept."""
    if not isinstance(value, dict) or depth > DEEPEST:
        raise ValueError(f"The JSON must be an object of settings; got {shortened(value)}")
    flat: dict[str, Any] = {}
    for key, inner in value.items():
        flat[f"{prefix}{key}"] = inner
        if isinstance(inner, dict):
            flat |= _flat(inner, f"{prefix}{key}.", depth + 1)
    return flat


def _flags(text: str) -> dict[str, Any]:
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise ValueError(f"The command line cannot be read: {str(error).lower()}.") from None
    found: dict[str, list[str]] = {}
    values: list[str] | None = None
    for word in words:
        if re.match(r"--?[A-Za-z]", word):
            name, equals, value = word.lstrip("-").partition("=")
            values = found[_SHORT_FLAGS.get(name, name).replace("-", "_")] = [value] if equals else []
        elif values is not None:
            values.append(word)
    return {name: True if not values else scalar(values[0]) if len(values) == 1 else [scalar(v) for v in values] for name, values in found.items()}


_SHORT_FLAGS = {"b": "batch-size", "dr": "decay-rate"}


def _key_values(text: str) -> dict[str, Any]:
    """Read lines of `key: value`, indented ones with the keys above them before a dot, and lists in [ ] or after dashes."""
    found: dict[str, Any] = {}
    above: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.sub(r"(^|\s)#.*$", "", line).rstrip().rstrip(",")
        if not bare.strip() or bare.strip() in ("---", "..."):
            continue
        if (item := re.fullmatch(r"\s*- +(.+)", bare)) and above and ":" not in item[1]:
            key = above[-1][1]
            found[key] = [*(found[key] if isinstance(found.get(key), list) else []), scalar(item[1])]
            continue
        match = _KEY_VALUE.fullmatch(bare.replace("- ", "  ", 1) if bare.lstrip().startswith("- ") else bare)
        if not match:
            raise ValueError(f"Line {number} is neither `key: value` nor anything else that is known here: {shortened(line.strip())}")
        indent = len(match[1].expandtabs())
        while above and above[-1][0] >= indent:
            above.pop()
        if len(above) >= DEEPEST:
            raise ValueError(f"Line {number} is nested too deeply.")
        key = f"{above[-1][1]}.{match[2]}" if above else match[2]
        above.append((indent, key))
        found[key] = scalar(match[3]) if match[3] else None
    return found


def scalar(text: str) -> Any:
    """Return a word of YAML or of a command line as what it says."""
    text = text.strip()
    if text.startswith("[") and text.endswith("]"):
        return [scalar(part) for part in text[1:-1].split(",") if part.strip()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    words = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None, "~": None}
    if text in words:
        return words[text]
    if NUMBER.fullmatch(text) and len(text) < 40:
        return float(text)
    return text
