"""Small accessible tables as HTML; every text that a user can choose is escaped."""

from collections.abc import Sequence
from html import escape

from lr_explorer.experiments.crowd import Crowd
from lr_explorer.experiments.ensemble import DESCENT, Summary
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.figures.theme import ARM_SHADES, DASHES, PAGE, arm_marker
from lr_explorer.scenario import Arm
from lr_explorer.statistics import Interval
from lr_explorer.story import percent, told

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
.lrx-arm { font-weight: 600; overflow-wrap: anywhere; }
.lrx-story th { width: 11rem; }
.lrx-report tbody th[scope="row"] { min-width: 8rem; }
.lrx-curves th[scope="row"] { min-width: 9rem; }
.lrx-crowd.lrx-crowd :is(th, td) { padding-right: 0.6rem; }
.lrx-swatch { display: inline-block; width: 1.8rem; height: 3px; margin-right: 0.4rem; vertical-align: middle; }
.lrx-legend { display: flex; flex-wrap: wrap; gap: 0.15rem 1.25rem; font-size: 0.925rem; }
.lrx-share { position: relative; display: block; width: 6rem; height: 0.7rem; margin-bottom: 0.15rem; background: rgba(128, 144, 160, 0.25); }
.lrx-share > * { position: absolute; top: 0; bottom: 0; left: 0; }
.lrx-share > .lrx-bounds { top: 0.22rem; bottom: 0.22rem; background: currentColor; border: solid currentColor; border-width: 0 1px; }
.lrx-scroll {
  --page: light-dark(@LIGHT, @DARK); --shade: rgba(128, 144, 160, 0.55);
  overflow-x: auto; scrollbar-width: thin;
  /* What moves along covers the shade of an edge behind which there is no more. */
  background:
    linear-gradient(to right, var(--page) 0.8rem, transparent) left / 2rem 100% no-repeat local,
    linear-gradient(to left, var(--page) 0.8rem, transparent) right / 2rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 0.8rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 0.8rem 100% no-repeat scroll;
}
@media (max-width: 640px) {
  .lrx-curves { font-size: 0.78rem; }
  .lrx-curves :is(th, td) { padding-right: 0.45rem; }
  .lrx-report.lrx-curves th[scope="row"] { min-width: 5.5rem; }
}
@media (max-width: 640px) {
  .lrx-story :is(td, th) { display: block; border-bottom: 0; }
  .lrx-story th { padding-bottom: 0; }
}
</style>
""".replace("@LIGHT", PAGE.light).replace("@DARK", PAGE.dark)


def story_table(arms: Sequence[Arm], sentences: Sequence[str], *, dark: bool) -> str:
    """Return a table with each arm's swatch, name and sentence."""
    rows = "".join(
        f'<tr><th scope="row">{_arm_cell(place, arm, dark=dark)}</th><td>{escape(sentence)}</td></tr>'
        for place, (arm, sentence) in enumerate(zip(arms, sentences, strict=True))
    )
    return f'{_STYLE}<table class="lrx-report lrx-story"><tbody>{rows}</tbody></table>'


def summary_table(summaries: Sequence[Summary], says: str, gone: str = DIVERGED, *, dark: bool) -> str:
    """Return a table of what the replicates of each arm did; `says` completes "k of n …", and `gone` tells what ended some early."""
    # Where divergence is what is counted, it needs no column of its own.
    titles = ["Arm", says, "95 % interval", *([gone] if says != DIVERGED else []), "loss above the lowest: median (quartiles)"]
    rows = "".join(_summary_row(place, summary, dark=dark, tells_divergence=says != DIVERGED) for place, summary in enumerate(summaries))
    table = f'<table class="lrx-report"><thead><tr>{_head(titles)}</tr></thead><tbody>{rows}</tbody></table>'
    return f'{_STYLE}<div class="lrx-scroll" tabindex="0">{table}</div>'


def crowd_table(crowd: Crowd, *, dark: bool, tells_success: bool = True) -> str:
    """Return a table of what the replicates of each arm did, the share of success as a bar with its interval."""
    gone = DIVERGED if crowd.scenario.surface.is_known_everywhere else f"{DIVERGED} or left"
    steps = f"median steps until {percent(DESCENT, 0)} of the start's loss"
    titles = ["Arm", *([crowd.measure.says] if tells_success else []), "loss above the lowest: median (quartiles)", steps, gone]
    rows = []
    for place, arm in enumerate(crowd.arms):
        colour = ARM_SHADES[arm.arm.colour].on(dark=dark)
        cells = [
            *([_success(arm.success, colour)] if tells_success else []),
            _quartiles(arm.quartiles),
            told(arm.time.estimate) if arm.time.estimate < float("inf") else "half never reach it",
            percent(arm.divergence.estimate),
        ]
        numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
        rows.append(f'<tr><th scope="row">{_arm_cell(place, arm.arm, dark=dark)}</th>{numbers}</tr>')
    table = f'<table class="lrx-report lrx-curves lrx-crowd"><thead><tr>{_head(titles)}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f'{_STYLE}<div class="lrx-scroll" tabindex="0">{table}</div>'


def _success(share: Interval, colour: str) -> str:
    return f"{_bar(share, colour)}<strong>{percent(share.estimate)}</strong> ({percent(share.low)} – {percent(share.high)})"


def _bar(share: Interval, colour: str) -> str:
    """Return a share as a bar in its colour, its bounds as a line over it; hidden from screen readers, since the numbers stand beside it."""
    bounds = f"left:{share.low * 100:.2f}%;width:{(share.high - share.low) * 100:.2f}%"
    filled = f'<span style="background:{colour};opacity:0.55;width:{share.estimate * 100:.2f}%"></span>'
    return f'<span class="lrx-share" aria-hidden="true">{filled}<span class="lrx-bounds" style="{bounds}"></span></span>'


def numbers_table(head: Sequence[str], rows: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return a table of numbers: the headings, then each row's name – markup of ours, such as a swatch with an escaped name – and its cells."""
    body = "".join(f'<tr><th scope="row">{name}</th>{_numbers(cells)}</tr>' for name, cells in rows)
    table = f'<table class="lrx-report lrx-curves"><thead><tr>{_head(head)}</tr></thead><tbody>{body}</tbody></table>'
    return f'{_STYLE}<div class="lrx-scroll" tabindex="0">{table}</div>'


def _head(titles: Sequence[str]) -> str:
    """Return the headings of columns, each so wide that it takes three lines or so: a narrow screen would break it at every word."""
    return "".join(f'<th scope="col" style="min-width:{len(title) // 3}ch">{escape(title)}</th>' for title in titles)


def _numbers(cells: Sequence[str]) -> str:
    return "".join(f'<td class="number">{escape(cell)}</td>' for cell in cells)


def swatch(name: str, colour: str, dash: Sequence[int] = ()) -> str:
    """Return a short line of a curve's colour and dash – pixels of ink and gap in turn – and its escaped name."""
    return (
        f'<span class="lrx-arm"><span class="lrx-swatch" aria-hidden="true" style="background:{_dashed(colour, dash)}"></span>{escape(name)}</span>'
    )


def arm_swatch(place: int, arm: Arm, *, dark: bool) -> str:
    """Return a short line as the arm at `place` is drawn, and its escaped name."""
    return swatch(arm.name, ARM_SHADES[arm.colour].on(dark=dark), DASHES[place % len(DASHES)])


def glyph(mark: str, colour: str, text: str) -> str:
    """Return a mark in its colour, which screen readers pass over, and its escaped text."""
    return f'<span><span style="color:{colour}" aria-hidden="true">{mark}</span> {escape(text)}</span>'


def point(name: str, colour: str, mark: str = "●") -> str:
    """Return a mark in its colour and its escaped name, which looks as that of a line."""
    return f'<span class="lrx-arm">{glyph(mark, colour, name)}</span>'


def legend(swatches: Sequence[str]) -> str:
    """Return swatches in a line that wraps."""
    return f'{_STYLE}<div class="lrx-legend">{"".join(swatches)}</div>'


def _dashed(colour: str, dash: Sequence[int]) -> str:
    if not dash:
        return colour
    stops, at = [], 0
    for place, length in enumerate(dash):
        stops.append(f"{'transparent' if place % 2 else colour} {at}px {at + length}px")
        at += length
    return f"repeating-linear-gradient(90deg,{','.join(stops)})"


def _summary_row(place: int, summary: Summary, *, dark: bool, tells_divergence: bool) -> str:
    cells = [
        f"<strong>{summary.hits} of {summary.replicates}</strong>",
        f"{percent(summary.share_low, 0)} – {percent(summary.share_high, 0)}",
        *([f"{summary.diverged}"] if tells_divergence else []),
        _quartiles(summary.loss) + (f"<br>its average: {_quartiles(summary.averaged)}" if summary.averaged else ""),
    ]
    numbers = "".join(f'<td class="number">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row">{_arm_cell(place, summary.arm, dark=dark)}</th>{numbers}</tr>'


def _quartiles(loss: tuple[float, float, float]) -> str:
    low, middle, high = (told(value) if value != float("inf") else "∞" for value in loss)
    return middle if low == high else f"{middle} ({low} – {high})"


def _arm_cell(place: int, arm: Arm, *, dark: bool) -> str:
    colour = ARM_SHADES[arm.colour].on(dark=dark)
    return f'<span class="lrx-arm"><span style="color:{colour}" aria-hidden="true">{_GLYPHS[arm_marker(place)]}</span> {escape(arm.name)}</span>'
