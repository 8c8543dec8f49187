"""Tables say their numbers in words that stand alone, and no heading is squeezed to one word a line."""

import re

from lr_explorer.experiments.crowd import crowd
from lr_explorer.experiments.measures import global_basin
from lr_explorer.scenario import Scenario
from lr_explorer.ui.tables import crowd_table, numbers_table


def test_a_heading_is_wide_enough_for_three_lines_or_so():
    long = "ended in the global basin with at most 1 % of the loss at the start"
    html = numbers_table(["Arm", long], [("One", ["1"])])
    widths = {title: int(width) for width, title in re.findall(r'<th scope="col" style="min-width:(\d+)ch">([^<]*)</th>', html)}
    assert 3 * widths[long] <= len(long) < 3 * widths[long] + 3
    assert '<div class="lrx-scroll" tabindex="0"><table' in html


def test_what_half_of_the_replicates_never_reach_is_said_so():
    html = crowd_table(crowd(Scenario(steps=2), global_basin(), 20), dark=False)
    assert "median steps until 1 % of the start&#x27;s loss" in html
    assert "half never reach it" in html
    assert "<strong>0.0 %</strong>" in html
