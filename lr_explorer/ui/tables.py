"""Small accessible tables as HTML; every text that a user can choose is escaped."""

from collections.abc import Sequence
from html import escape

from lr_explorer.experiments.ensemble import Summary
from lr_explorer.figures.theme import ARM_SHADES, arm_marker
from lr_explorer.scenario import Arm
from lr_explorer.story import told

_GLYPHS = {"circle": "●", "square": "■", "triangle-up": "▲", "diamond": "◆", "cross": "✚", "triangle-down": "▼"}

# Streamlit's own style cuts table cells to one line.
_STYLE = """
<style>
.lrx-report { border-collapse: collapse; width: 100%; font-size: 0.925rem; line-height: 1.4; }
.lrx-report th { text-align: left; font-weight: 600; }
.lrx-report th, .lrx-report td {
  padding: 0.35rem 1rem 0.35rem 0; vertical-align: top; border: 0;
  white-space: normal; overflow: visible; text-overflow: clip; max-width: none;
}
.lrx-report tr { border-bottom: 1px solid rgba(128, 144, 160, 0.3); }
.lrx-report td.number { white-space: nowrap; font-variant-numeric: tabular-nums; }
.lrx-arm { font-weight: 600; }
.lrx-story th { width: 11rem; }
.lrx-scroll { overflow-x: auto; }
@media (max-width: 640px) { .lrx-story td, .lrx-story th { display: block; border-bottom: 0; padding-bottom: 0; } }
</style>
"""


def story_table(arms: Sequence[Arm], sentences: Sequence[str], *, dark: bool) -> str:
    """Return a table with each arm's swatch, name and sentence."""
    rows = "".join(
        f'<tr><th scope="row">{_arm_cell(place, arm, dark=dark)}</th><td>{escape(sentence)}</td></tr>'
        for place, (arm, sentence) in enumerate(zip(arms, sentences, strict=True))
    )
    return f'{_STYLE}<table class="lrx-report lrx-story"><tbody>{rows}</tbody></table>'


def summary_table(summaries: Sequence[Summary], says: str, *, dark: bool) -> str:
    """Return a table of what the replicates of each arm did; `says` completes "k of n …"."""
    rows = "".join(_summary_row(place, summary, dark=dark) for place, summary in enumerate(summaries))
    head = "".join(
        f'<th scope="col">{title}</th>' for title in ("Arm", escape(says), "95 % interval", "diverged", "loss above the lowest: median (quartiles)")
    )
    return f'{_STYLE}<div class="lrx-scroll"><table class="lrx-report"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def _summary_row(place: int, summary: Summary, *, dark: bool) -> str:
    low, middle, high = (told(value) if value != float("inf") else "∞" for value in summary.loss)
    cells = (
        f"<strong>{summary.hits} of {summary.replicates}</strong>",
        f"{summary.share_low:.0%} – {summary.share_high:.0%}",
        f"{summary.diverged}",
        f"{middle} ({low} – {high})",
    )
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{_arm_cell(place, summary.arm, dark=dark)}</th>{numbers}</tr>'


def _arm_cell(place: int, arm: Arm, *, dark: bool) -> str:
    colour = ARM_SHADES[arm.colour].on(dark=dark)
    return f'<span class="lrx-arm"><span style="color:{colour}" aria-hidden="true">{_GLYPHS[arm_marker(place)]}</span> {escape(arm.name)}</span>'
