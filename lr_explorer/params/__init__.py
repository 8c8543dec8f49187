"""A parameter described once: default, range, scale, unit, label and help.

Everything that can be tuned is a frozen dataclass whose fields are made with `number`, `whole`, `choice`, `flag`, `text`, `expression`,
`upload`, `series` or `points`.
Validation, widgets, link keys, documentation and contract tests all read these descriptions.
"""

from lr_explorer.params.described import (
    Described,
    Part,
    choice,
    expression,
    flag,
    number,
    part,
    points,
    series,
    text,
    upload,
    whole,
)
from lr_explorer.params.kinds import Choice, Flag, Formula, Number, Param, Points, Scale, Series, Text, Upload, shortened

__all__ = [
    "Choice", "Described", "Flag", "Formula", "Number", "Param", "Part", "Points", "Scale", "Series", "Text", "Upload", "choice", "expression",
    "flag", "number", "part", "points", "series", "shortened", "text", "upload", "whole",
]  # fmt: skip
