"""Which schedule for which task: seven schedules on eleven tasks, what follows for choosing one, and a task to look at closely."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any, TypeVar

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import Ahead
from lr_explorer.experiments.pool import SHARED, WorkerLost
from lr_explorer.experiments.selection import PEAKS, POOL, Selection, configurations, pool_blocks, pooled, selection
from lr_explorer.experiments.task_choice import FOLDS, TIE
from lr_explorer.experiments.task_matrix import SIZES, Size, TaskMatrix, Trial, matrix_csv, trials_of
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
from lr_explorer.experiments.tasks import CONTENDERS, TASKS
from lr_explorer.figures.matrix import LINES, carried_figure, matrix_figure, selection_figure, sides_figure
from lr_explorer.figures.theme import ARM_SHADES, DASHES
from lr_explorer.statistics import MARGIN
from lr_explorer.story import told
from lr_explorer.ui import cached, lab, state
from lr_explorer.ui.parts import chart, is_dark
from lr_explorer.ui.tables import legend, numbers_table, swatch
from lr_explorer.ui.text import literal

T = TypeVar("T")

_LINES = {"optimism": "how much better the chosen one looks than it is", "regret": "how far it is behind the best one", "bound": "theory's bound"}


def section() -> TaskMatrix | None:
    """Show the whole section: what is run, and once it is asked for what came of it; return that."""
    st.markdown(
        f"{len(CONTENDERS)} schedules on {len(TASKS)} tasks. On each task every schedule has its own peak rate, the best of a grid that is the same "
        "for all, and is judged on noise on which nothing was tuned. All schedules see the same noise, so they are compared run by run."
    )
    asked = _asked()
    if asked is None:
        return None
    matrix = ran(*asked)
    _winners(matrix)
    _pair(matrix)
    _elsewhere(matrix)
    _validation(matrix)
    _one_task(matrix)
    return matrix


def _asked() -> tuple[Size, int] | None:
    """Let size and seed be chosen, and return them once they are asked for."""
    chosen = lab.matrix()
    size = SIZES[chosen.size]
    wanted = (size, chosen.seed)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.segmented_control(options=list(SIZES), format_func=str.capitalize, required=True, **_made_with("size"))
        st.number_input(min_value=0, max_value=lab.MOST_SEED, step=1, width=140, **_made_with("seed"))
        if st.button("Run the tasks", key="matrix-run", type="primary"):
            st.session_state["matrix-asked"] = wanted
    st.markdown(
        f"{chosen.size.capitalize()}: {size.per_decade} rates in a decade, {size.tuning} replicates at each to tune, {size.held_out} others to judge."
    )
    return wanted if st.session_state.get("matrix-asked") == wanted else None


def _made_with(name: str) -> dict[str, Any]:
    """Return what the widget of one of the matrix's fields is made with, so that it shows what the link has and changes it."""
    key, param = f"matrix-{name}", lab.Matrix.params()[name]
    st.session_state[key] = getattr(lab.matrix(), name)
    return {"label": param.label, "key": key, "help": param.help, "on_change": lambda: lab.change_matrix(**{name: st.session_state[key]})}


def _menu(name: str, labels: Mapping[str, str]) -> str:
    """Let one of several schedules or tasks be chosen for a field of the matrix, and return it."""
    return st.selectbox(options=list(labels), format_func=labels.__getitem__, width=220, **_made_with(name))


def ran(size: Size, seed: int) -> TaskMatrix:
    """Return what came of every schedule on every task, trial by trial, as far as it is not known yet."""
    tasks, contenders = tuple(TASKS), tuple(CONTENDERS)
    pairs = list(product(tasks, contenders))

    def known(place: int, compute: Callable[[], Trial]) -> Trial:
        return cached.task_trial(*pairs[place], size.tuning, size.held_out, size.per_decade, seed, compute)

    says = [f"{TASKS[task].label}: {CONTENDERS[contender].label}" for task, contender in pairs]
    return TaskMatrix(tasks, contenders, size, seed, tuple(_collected(trials_of(tasks, contenders, size, seed), known, says)))


def _collected(blocks: Sequence[Callable[[], T]], known: Callable[[int, Callable[[], T]], T], says: Sequence[str]) -> list[T]:
    """Return the results of all blocks while a bar says what is computed; known: returns that at a place, by its second argument if need be."""
    results: list[T] = []
    bar = st.empty()
    with Ahead(blocks, SHARED) as coming:
        for place, text in enumerate(says):
            bar.progress(place / len(says), text)
            # Touching the session lets Streamlit drop this run for a newer one.
            state.scenario()
            try:
                results.append(known(place, partial(coming.result, place)))
            except WorkerLost as reason:
                bar.error(str(reason))
                st.stop()
    bar.empty()
    return results


# What follows


def _winners(matrix: TaskMatrix) -> None:
    st.markdown("#### Who wins where")
    sentences = winners_sentences(matrix)
    for sentence in sentences:
        st.markdown(literal(sentence))
    shortened = "; ".join(f"{made.short} is {made.label}" for made in CONTENDERS.values() if made.short != made.label)
    st.markdown(
        "Bold is the rank, 1 the best; below it stands by how many dex – powers of ten – the median loss is above that of the task's best. Frames "
        f"mark what is within {told(TIE)} dex of the best. {literal(shortened)}."
    )
    chart(
        matrix_figure(matrix, dark=is_dark()),
        "matrix-figure",
        f"Ranks of {len(CONTENDERS)} schedules on {len(TASKS)} tasks. {sentences[0]}",
    )
    with st.expander("What the tasks and schedules are", key="matrix-what"):
        st.markdown("\n".join(f"- **{made.label}** ({made.short}): {made.says}." for made in CONTENDERS.values()))
        st.markdown("\n".join(f"- **{task.label}**, {task.scenario.steps:,} steps: {task.asks}." for task in TASKS.values()))
        for criterion in dict.fromkeys(task.criterion for task in TASKS.values()):
            tuned = ", ".join(task.label for task in TASKS.values() if task.criterion == criterion)
            st.markdown(f"Tuned for the {criterion.label}: {tuned}.")
    st.markdown(
        "The tasks were chosen to differ, so how many of them a schedule wins is a demonstration, no rate at which it wins elsewhere. On the "
        "noise-free bowl ranks hinge on how a rate happens to meet the two curvatures: a finer grid may change them."
    )
    for warning in matrix.warnings:
        st.warning(literal(warning), icon=":material/warning:")
    st.download_button(
        "Download the trials (CSV)", lambda: matrix_csv(matrix), "lr-explorer-tasks.csv", "text/csv", key="matrix-download", on_click="ignore"
    )


def _pair(matrix: TaskMatrix) -> None:
    st.markdown("#### Does one pair change sides?")
    with st.container(horizontal=True, gap="medium"):
        one = _menu("one", lab.NAMES)
        other = _menu("other", {name: label for name, label in lab.NAMES.items() if name != one})
    head, *rest = pair_sentences(matrix, one, other)
    status, told_of = head.split(":", 1)
    st.markdown(f"**{status}:**{literal(told_of)}")
    for sentence in rest:
        st.markdown(literal(sentence))
    names = [TASKS[task].label for task in matrix.tasks]
    effect = f"{lab.NAMES[one]} − {lab.NAMES[other]}, dex"
    st.markdown(
        f"The median difference of the losses: right of 0 {lab.NAMES[other]} ends lower, left of it {lab.NAMES[one]}. Full marks lie beyond the "
        f"margin of {told(MARGIN)} dex."
    )
    chart(sides_figure(sides(matrix, one, other), names, effect, MARGIN, dark=is_dark()), "matrix-sides-figure", f"{effect}, on every task. {head}")


def _elsewhere(matrix: TaskMatrix) -> None:
    st.markdown("#### Take what won elsewhere?")
    sentence = elsewhere_sentence(matrix)
    st.markdown(literal(sentence))
    st.markdown("A row is a task whose winner is taken, a column where it is used, and the number by how many dex it is behind the best there.")
    chart(carried_figure(matrix, dark=is_dark()), "matrix-carried-figure", f"What the winner of each task costs on each other. {sentence}")


def _validation(matrix: TaskMatrix) -> None:
    st.markdown("#### Or choose on the task itself?")
    rows = validated(matrix)
    st.markdown(literal(validated_sentence([gain for *_, gain in rows])))
    table = []
    for task, (choice, pick, gain) in zip(matrix.tasks, rows, strict=True):
        chosen = ", ".join(dict.fromkeys(lab.NAMES[matrix.contenders[place]] for place in choice.chosen))
        table.append((TASKS[task].label, [gain_text(gain), chosen, lab.NAMES[pick]]))
    st.html(numbers_table(["Task", "gain in dex", f"chosen in {FOLDS} folds", "the others recommend"], table))


# One task


def _one_task(matrix: TaskMatrix) -> None:
    st.markdown("#### One task closely")
    labels = {name: task.label for name, task in TASKS.items()}
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        task, contender = _menu("task", labels), _menu("schedule", lab.NAMES)
        if st.button("Open it in Compare", key="matrix-open"):
            _open(matrix, task, contender)
    st.markdown(
        "In Compare it stands beside the task's best, the constant and the cosine, all at their tuned peaks and on the noise that judged them. "
        f"{labels[task]}: {TASKS[task].asks}."
    )
    _flattery(matrix, task)


def _open(matrix: TaskMatrix, task: str, contender: str) -> None:
    winner = matrix.contenders[matrix.scores[matrix.tasks.index(task)].argmin()]
    state.remember("the task")
    state.open_scenario(
        matrix.duel(task, tuple(dict.fromkeys([contender, winner, "constant", "cosine"]))),
        contender=1,
        baseline=2,
        one_peak=False,
        n=state.nearest_count(matrix.size.held_out),
    )
    st.switch_page("pages/3_Compare.py", query_params=state.query())


def _flattery(matrix: TaskMatrix, task: str) -> None:
    """Offer to choose the best of many configurations again and again, and show how much better it looks than it is."""
    st.markdown(
        f"**How the best of many flatters itself.** Each of the {len(CONTENDERS)} schedules with {PEAKS} peaks makes {len(CONTENDERS) * PEAKS} "
        f"configurations. A few of {POOL} replicates choose the best one, the rest judge it, over and over."
    )
    asked = (matrix.size, matrix.seed, task)
    if st.button("Choose among them", key="matrix-select"):
        st.session_state["matrix-selected"] = asked
    if st.session_state.get("matrix-selected") != asked:
        return
    found = _selected(matrix, task)
    sentence = selection_sentence(found)
    st.markdown(literal(sentence))
    st.html(legend([swatch(_LINES[name], ARM_SHADES[shade].on(dark=is_dark()), DASHES[place]) for name, (place, shade) in LINES.items()]))
    chart(selection_figure(found, dark=is_dark()), "matrix-selection-figure", sentence)


def _selected(matrix: TaskMatrix, task: str) -> Selection:
    peaks = tuple((contender, matrix.trial(task, contender).curve.peak) for contender in matrix.contenders)
    arms = configurations(task, dict(peaks))
    blocks = pool_blocks(task, arms, matrix.seed)

    def known(place: int, compute: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        return cached.selection_part(task, peaks, matrix.seed, place, compute)

    text = f"{len(arms)} configurations, {POOL} replicates of each"
    return selection(pooled(arms, POOL, _collected(blocks, known, [text] * len(blocks))))
