"""The matrix's figures show what was computed, readable on both pages; and its sentences say what the numbers say, and only then."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lr_explorer.claims import CLAIMS
from lr_explorer.experiments.selection import selection
from lr_explorer.experiments.task_matrix import Size, TaskMatrix, trial
from lr_explorer.experiments.task_story import (
    elsewhere_sentence,
    gain_text,
    pair_sentences,
    selection_sentence,
    sides,
    validated,
    validated_sentence,
    winners_sentences,
)
from lr_explorer.figures import matrix as figures
from lr_explorer.figures.matrix import carried_figure, matrix_figure, selection_figure, sides_figure
from lr_explorer.figures.theme import INK, PAGE
from lr_explorer.statistics import Interval, Status
from lr_explorer.story import told

INF = math.inf
DARK = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
TASKS = ("noisy_bowl", "river", "plateau")
CONTENDERS = ("constant", "cosine", "wsd")
PATTERN = trial("exact_bowl", "constant", Size(1, 1, 1), 1)
SPREAD = 10 ** np.random.default_rng(2).normal(scale=0.02, size=40)


def made_of(medians):
    """Return a matrix of these median losses, (tasks, contenders), around which the replicates are narrowly spread."""
    trials = []
    for task, row in zip(TASKS, medians, strict=False):
        for contender, loss in zip(CONTENDERS, row, strict=True):
            losses = np.full(40, INF) if loss == INF else loss * SPREAD / np.median(SPREAD)
            seen = replace(PATTERN.held_out, loss=losses, hits=losses < 1, diverged=np.isinf(losses))
            trials.append(replace(PATTERN, task=task, contender=contender, held_out=seen))
    return TaskMatrix(TASKS[: len(medians)], CONTENDERS, Size(1, 40, 1), 1, tuple(trials))


# Constant wins the river, cosine the noisy bowl, WSD the plateau; on the first it is next to the best.
MIXED = made_of([[1.0, 0.1, 0.11], [0.1, 1.0, 0.5], [INF, 0.2, 0.1]])
# WSD is the best or next to it everywhere.
ONE_BEST = made_of([[1.0, 0.5, 0.1], [0.1, 0.5, 0.105], [2.0, 1.0, 0.1]])


def contrast(one, other):
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(colour):
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        return sum(
            weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
            for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True)
        )

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Figures


@DARK
def test_a_cell_tells_the_rank_and_how_far_it_is_behind_and_the_best_are_framed(dark):
    figure = matrix_figure(MIXED, dark=dark)
    (cells,) = figure.data
    assert [list(row) for row in cells.text] == [
        ["<b>3</b><br>+1.0", "<b>1</b><br>best", "<b>2</b><br>+.04"],
        ["<b>1</b><br>best", "<b>3</b><br>+1.0", "<b>2</b><br>+.70"],
        ["<b>3</b><br>+∞", "<b>2</b><br>+.30", "<b>1</b><br>best"],
    ]
    framed = {((frame.y0 + frame.y1) / 2, (frame.x0 + frame.x1) / 2) for frame in figure.layout.shapes}
    assert framed == {(0, 1), (0, 2), (1, 0), (2, 2)}
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    shades = np.array(cells.z)
    assert (np.argsort(shades[0]) == [1, 2, 0]).all()
    assert shades[2, 0] == 1


@DARK
def test_the_numbers_are_readable_on_every_colour(dark):
    for draw in (matrix_figure, carried_figure):
        (cells,) = draw(MIXED, dark=dark).data
        for _, colour in cells.colorscale:
            assert contrast(cells.textfont.color, colour) >= 4.5
    assert cells.textfont.color == INK.on(dark=dark)
    assert contrast(INK.on(dark=dark), PAGE.on(dark=dark)) >= 4.5


def test_a_gap_shows_on_which_side_of_a_tie_it_is():
    cells = matrix_figure(made_of([[1.0, 10**0.048, 10**0.052], [1.0, 10**0.0504, 10**0.06]]), dark=False)
    shown = [[text.partition("<br>")[2] for text in row] for row in cells.data[0].text]
    assert shown == [["best", "+.05", "+.052"], ["best", "+.0504", "+.06"]]
    assert {(box.x0 + 0.47, box.y0 + 0.46) for box in cells.layout.shapes} == {(0, 0), (1, 0), (0, 1)}


def test_a_carried_winner_shows_its_cost_and_none_at_home():
    (cells,) = carried_figure(MIXED, dark=False).data
    assert [list(row) for row in cells.text] == [["·", "1.0", ".30"], ["1.0", "·", "∞"], [".04", ".70", "·"]]
    assert "Cosine, best on Noisy bowl:" in cells.customdata[0][1]


def test_what_a_winner_costs_takes_two_digits_even_next_to_a_tie_since_its_cells_are_the_narrowest():
    (cells,) = carried_figure(made_of([[1.0, 10**0.05001, 2.0], [2.0, 1.0, 3.0]]), dark=False).data
    assert [list(row) for row in cells.text] == [["·", ".30"], [".05", "·"]]


def test_full_marks_are_those_beyond_the_margin_and_infinite_bounds_end_at_the_edge():
    bounds = [(0.2, 0.3, 0.4), (-0.05, 0.2, 0.6), (-INF, -INF, -0.2), (0.5, 1.0, INF)]
    intervals = [Interval(middle, low, high, 40) for low, middle, high in bounds]
    figure = sides_figure(intervals, ["a", "b", "c", "d"], "dex", 0.1, dark=False)
    marks = figure.data[0]
    assert list(marks.marker.symbol) == ["circle", "circle-open", "circle", "circle"]
    assert list(marks.y) == ["a", "b", "c", "d"]
    low, high = figure.layout.xaxis.range
    assert marks.x[2] == low
    assert marks.x[3] + marks.error_x.array[3] == pytest.approx(high)
    assert list(marks.x[:2] - marks.error_x.arrayminus[:2]) == pytest.approx([0.2, -0.05])


def test_a_selection_is_drawn_with_its_bound():
    found = selection(np.random.default_rng(1).normal(size=(10, 50)), (3, 10), splits=20)
    figure = selection_figure(found, dark=True)
    assert {trace.name for trace in figure.data} == set(figures.LINES)
    for trace in figure.data:
        assert list(trace.x) == [3, 10]
        assert list(trace.y) == list(getattr(found, trace.name))
    assert len({trace.line.dash for trace in figure.data}) == len({trace.marker.symbol for trace in figure.data}) == 3


# Sentences


def test_it_is_told_who_wins_where_and_that_nobody_is_near_the_best_everywhere():
    winners, near, _ = winners_sentences(MIXED)
    assert winners == "3 of 3 schedules are the best somewhere: Constant on River valley; Cosine on Noisy bowl; WSD on Plateau."
    assert near.startswith("No schedule is within 0.05 dex, which is 12 %, of the best on every task")
    assert near.endswith("WSD, is 0.70 dex behind on River valley.")


def test_a_schedule_that_is_near_the_best_everywhere_is_named():
    _, near, ranked = winners_sentences(ONE_BEST)
    assert near == "WSD is within 0.05 dex, which is 12 %, of the best on every task."
    assert "WSD has the best mean rank, 1.33" in ranked
    assert ranked.startswith("The tasks' ranks agree no more than chance can make them.")
    # Of ranks that are the same on three tasks, chance would make as much in one of 20: e to the −3.
    assert "That does not mean that anything goes" in winners_sentences(made_of([[1.0, 0.5, 0.1]] * 3))[2]


def test_what_is_said_of_the_ranks_is_what_the_claims_verdict_says():
    """Two tasks rank alike for certain; on the third the noise of the runs decides whether the same order comes out."""
    losses = 10 ** np.random.default_rng(0).normal(np.log10([[[1.0], [0.5], [0.1]]] * 3), 0.01, (3, 3, 200))
    losses[2] = 10 ** np.random.default_rng(4).normal([[0.02], [0.01], [0.0]], 0.1, (3, 200))
    matrix = SimpleNamespace(tasks=TASKS, contenders=CONTENDERS, losses=losses, scores=np.log10(np.median(losses, axis=2)), seed=1)
    verdict = CLAIMS["E6"]["alike"].judged(matrix)
    assert verdict.status is Status.INCONCLUSIVE
    said = winners_sentences(matrix)[2]
    assert said.startswith("Whether the tasks' ranks agree more than they would by chance cannot be told from 3 tasks: Friedman's p is ")
    assert f"is {told(verdict.estimate)}, and with the noise of the runs counted {told(verdict.low)} to {told(verdict.high)}" in said


def test_a_pair_that_changes_sides_is_told_with_the_tasks_of_each_side():
    head, every = pair_sentences(MIXED, "constant", "cosine")
    assert head.startswith("Supported: whether Constant or Cosine is the better one depends on the task.")
    assert "Cosine on Noisy bowl, Plateau; Constant on River valley." in head
    assert every == "Of all 3 pairs of schedules, 2 change sides like that from one task to another."
    head, _ = pair_sentences(ONE_BEST, "constant", "cosine")
    assert head.startswith("Supported")
    head, _ = pair_sentences(ONE_BEST, "cosine", "wsd")
    assert head.startswith("Reversed: one of Cosine and WSD is ahead on every task.")
    assert "Cosine on no task" in head
    head, _ = pair_sentences(made_of([[1.0, 1.0, 0.1], [1.0, 1.0, 0.2]]), "constant", "cosine")
    assert head.startswith("Refuted")
    assert "on Noisy bowl, River valley neither certainly does" in head
    assert [round(interval.estimate, 2) for interval in sides(MIXED, "constant", "cosine")] == [1.0, -1.0, INF]


def test_it_is_told_what_another_tasks_winner_costs():
    # Constant, the best on the river, diverges on the plateau.
    assert "at worst ∞ dex: that of River valley on Plateau" in elsewhere_sentence(MIXED)
    sentence = elsewhere_sentence(ONE_BEST)
    # The costs of carrying are 0.02, 1, 1.3, 0.02, 0 and 0; WSD is chosen everywhere but on the river where it is the best but for 0.02.
    assert "at worst 1.30 dex: that of River valley on Plateau" in sentence
    assert sentence.endswith("costs 0.01 dex on average and 0.02 dex at most, on River valley.")


def test_choosing_on_the_task_itself_gains_where_the_others_recommend_what_does_not_suit_it():
    rows = validated(MIXED)
    assert [pick for _, pick, _ in rows] == ["wsd", "wsd", "wsd"]
    assert [[MIXED.contenders[place] for place in set(choice.chosen)] for choice, _, _ in rows] == [["cosine"], ["constant"], ["wsd"]]
    gains = [gain for *_, gain in rows]
    assert [gain.estimate for gain in gains] == pytest.approx([math.log10(1.1), math.log10(5), 0])
    assert "recommend on 1 of 3 tasks and higher on 0; on 2 the difference is certainly smaller than that." in validated_sentence(gains)


def test_dex_are_told_to_two_digits():
    assert gain_text(Interval(0.256, -0.0554, 0.554, 40)) == "0.26 (−0.06 to 0.55)"
    assert gain_text(Interval(-0.001, -0.004, 0.0, 40)) == "0.00 (0.00 to 0.00)"
    assert gain_text(Interval(0.0, 0.0, 0.0, 40)) == "0: the same in most folds"
    assert gain_text(Interval(INF, 1.0, INF, 40)) == "∞ (1.00 to ∞)"


def test_what_choosing_flatters_is_told_for_few_and_for_many():
    found = selection(np.random.default_rng(1).normal(size=(10, 200)), (3, 100), splits=300)
    sentence = selection_sentence(found)
    assert f"Chosen with 3 replicates, the best of 10 configurations looks {found.optimism[0]:.2f} dex better than it is" in sentence
    assert f"theory's bounds are {found.bound[0]:.2f} dex and {found.bound[1]:.2f} dex" in sentence
