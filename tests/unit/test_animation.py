"""The standalone animation."""

import numpy as np
import plotly.graph_objects as go
import pytest

from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.animation import FRAMES, animation, animation_html
from lr_explorer.simulate import simulate


@pytest.mark.parametrize("name", ["oscillation", "divergence", "escape"])
def test_the_figure_is_one_that_plotly_accepts_and_its_last_frame_ends_the_paths(name):
    run = simulate(PRESETS[name].scenario)
    spec = animation(run)
    figure = go.Figure(spec)
    assert 1 < len(figure.frames) <= FRAMES + 1
    # Of each arm's four movers the second is the head on the map.
    for place, arm in enumerate(run.arms):
        head = spec["frames"][-1]["data"][4 * place + 1]
        expected = arm.path[-1, :, 0]
        assert np.array([head["x"][0], head["y"][0]]) == pytest.approx(expected, nan_ok=True)


def test_no_trace_is_a_contour_since_frames_would_take_it_away():
    figure = go.Figure(animation(simulate(PRESETS["oscillation"].scenario)))
    assert {trace.type for trace in figure.data} == {"scatter"}
    assert len(figure.layout.images) == 1


def test_the_file_needs_no_network_and_shows_names_as_they_are_typed():
    scenario = PRESETS["oscillation"].scenario
    hostile = scenario.with_values(arms=(scenario.arms[0].with_values(name="<b>bold</b>"),))
    page = animation_html(simulate(hostile)).decode()
    assert "<script src=" not in page
    assert "<b>&lt;b&gt;bold" in page
