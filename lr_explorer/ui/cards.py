"""What a card is made of: the small picture, the formula and the style that the Reference and the gallery of schedules share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lr_explorer.figures.still import still
from lr_explorer.params import Described
from lr_explorer.registry import Registry
from lr_explorer.ui import cached, state

Facts = dict[str, str]

# A card answers to its own width, not to the window's: two beside each other are as narrow as one on a phone.
STYLE = """
<style>
[class*="st-key-card-"] { container-type: inline-size; }
[class*="st-key-card-"] h3 { padding: 0; font-size: 1.2rem; }
[class*="st-key-card-"] .katex-display { margin: 0 0 0.5rem; text-align: left; }
[class*="st-key-card-"] .katex-display > .katex { text-align: left; }
[class*="st-key-card-"] table { width: 100%; margin: 0 0 0.5rem; font-size: 0.875rem; }
[class*="st-key-card-"] :is(th, td) { padding: 0.3rem 0.75rem 0.3rem 0; border-width: 0 0 1px; vertical-align: top; }
[class*="st-key-card-"] th { font-weight: 600; text-align: left; }
[class*="st-key-card-"] td:nth-child(1) { min-width: 7.5rem; overflow-wrap: anywhere; }
[class*="st-key-card-"] td:nth-child(1) code { display: block; width: fit-content; }
[class*="st-key-card-"] td:is(:nth-child(2), :nth-child(3)) { white-space: nowrap; }
[class*="st-key-card-"] td:nth-child(5) { min-width: 11rem; }
@container (max-width: 34rem) {
  [class*="st-key-card-"] thead { display: none; }
  [class*="st-key-card-"] tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid rgba(128, 144, 160, 0.3); }
  [class*="st-key-card-"] td { display: block; padding: 0; border: 0; }
  [class*="st-key-card-"] td:nth-child(n + 2):nth-child(-n + 4):not(:empty) { display: inline-block; margin-right: 1rem; }
  [class*="st-key-card-"] td:nth-child(2):not(:empty)::before { content: "In the formula "; }
  [class*="st-key-card-"] td:nth-child(3)::before { content: "Default "; }
  [class*="st-key-card-"] td:nth-child(4)::before { content: "Range "; }
}
@media (max-width: 640px) { .st-key-reference button { padding: 0.25rem 0.45rem; } }
</style>
"""


@dataclass(frozen=True)
class Kind:
    """One kind of thing that a scenario is made of, and what its cards say.

    key: its name. part: its link key, if that is another; for a part of an arm, without the arm. facts: what a class tells beside its
    text, by heading. draw: its small picture, on the dark page or the light one. shows: what these pictures are.
    """

    key: str
    plural: str
    registry: Registry[Any]
    facts: Callable[[Any], Facts]
    draw: Callable[[Any, bool], go.Figure]
    shows: str
    is_of_an_arm: bool = False
    part: str = ""

    @property
    def stem(self) -> str:
        """The link key of what is of this kind, without an arm's."""
        return self.part or self.key

    @property
    def link_key(self) -> str:
        """The link key of what is in use now: the selected arm's, if the kind belongs to an arm."""
        return f"arm{state.selected_arm() + 1}.{self.stem}" if self.is_of_an_arm else self.stem

    @property
    def used(self) -> Described:
        """The scenario's present object of this kind, or the selected arm's."""
        scenario = state.scenario()
        return getattr(scenario.arms[state.selected_arm()] if self.is_of_an_arm else scenario, self.stem)


def picture(kind: Kind, cls: type[Described], *, dark: bool) -> None:
    """Show the small picture of a class."""
    st.html(cached.thumbnail(kind.key, cls.name, dark, lambda: still(kind.draw(cls, dark), f"{cls.label}. {kind.shows}", dark=dark)))


def typeset(formula: str) -> str:
    """Return markdown that typesets LaTeX, one equation a line."""
    return "\n".join(f"$$\n{equation}\n$$" for equation in equations(formula))


def equations(formula: str) -> list[str]:
    """Return LaTeX that states several things as one equation a line, unless a line would end within braces."""
    lines = re.split(r",\\q?quad\s*", formula)
    return lines if all(line.count("{") == line.count("}") for line in lines) else [formula]
