"""The Reference as a session sees it, without a browser."""

from html import escape
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.registry import documentation
from lr_explorer.scenario import Scenario
from lr_explorer.ui import cards, reference, state
from tests.helpers import REGISTRIES

ROOT = Path(__file__).parents[2]
CHAPTER_OF = {kind.key: chapter for chapter, kinds in reference.CHAPTERS.items() for kind in kinds}
KINDS = {kind.key: kind for kinds in reference.CHAPTERS.values() for kind in kinds}
USES = [(key, name) for key, registry in REGISTRIES.items() for name in registry]


def opened(chapter: str = "surfaces", **query: str) -> AppTest:
    """Open the Reference as the first page of a session, then a chapter of it."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update(query)
    page.switch_page("pages/1_Reference.py").run()
    if chapter != "surfaces":
        page.button_group(key="reference").set_value(chapter).run()
    assert not page.exception
    return page


def words_of(page: AppTest) -> str:
    """Return the page's markdown as it is read, without the marks that keep it literal."""
    return " ".join(element.value for element in page.markdown).replace("\\", "")


def test_every_registry_has_a_chapter():
    assert {key: kind.registry for key, kind in KINDS.items()} == REGISTRIES


@pytest.mark.parametrize("key", REGISTRIES)
def test_everything_registered_has_a_card_with_its_text_its_formula_and_its_parameters(key):
    page = opened(CHAPTER_OF[key])
    headings, words = {heading.value for heading in page.subheader}, words_of(page)
    pictures = [element.proto.body for element in page.get("html")]
    for name, cls in REGISTRIES[key].items():
        assert cls.label in headings
        assert documentation(cls) in words
        assert cls.source.strip("–") in words
        assert all(equation.replace("\\", "") in words for equation in cards.equations(cls.formula))
        assert all(f"`{param}`" in words and described.help in words for param, described in cls.params().items())
        assert all(f"`{part}`" in words and described.help in words and f"`{described.kind}`" in words for part, described in cls.parts().items())
        assert any(f'alt="{escape(cls.label)}. ' in picture for picture in pictures), name


def test_only_the_chosen_chapter_is_drawn():
    headings = {heading.value for heading in opened("optimizers").subheader}
    assert headings == {cls.label for kind in reference.CHAPTERS["optimizers"] for cls in kind.registry.values()}


def test_what_all_schedules_share_is_told_once_and_once_for_all_controllers():
    assert words_of(opened("schedules")).count("`warmup_start`") == 2


def test_a_cold_link_is_carried_to_the_reference_and_its_surface_is_marked():
    page = opened(surface="himmelblau", **{"surface.scale": "0.02"})
    assert page.session_state["scenario"].surface.scale == 0.02
    assert "Wells · in use" in words_of(page)
    assert not page.warning


# One of each kind every time, the others in CI: each opens the page twice.
_FIRST = {key: next(iter(registry)) for key, registry in REGISTRIES.items()}
_SOME = [pytest.param(key, name, marks=[] if name == _FIRST[key] else pytest.mark.slow) for key, name in USES]


@pytest.mark.parametrize(("key", "name"), _SOME)
def test_use_it_puts_the_thing_into_the_scenario(key, name):
    # Some noise needs a surface of its kind.
    refused = key == "noise" and REGISTRIES[key][name].refusal(Scenario().surface)
    page = opened(CHAPTER_OF[key], **({"surface": "iris_logistic"} if refused else {}))
    page.button(key=f"use-{key}-{name}").click().run()
    assert not page.exception
    assert not page.warning
    scenario = page.session_state["scenario"]
    owner = scenario.arms[0] if KINDS[key].is_of_an_arm else scenario
    assert type(getattr(owner, KINDS[key].stem)) is REGISTRIES[key][name]


def test_use_it_opens_the_playground():
    page = opened("optimizers")
    page.button(key="use-optimizer-adam").click().run()
    assert any(element.proto.component_name == "lrx-player" for element in page.get("bidi_component"))


def test_a_schedule_goes_to_the_chosen_arm_and_keeps_its_peak():
    page = opened("schedules")
    before = page.session_state["scenario"].arms
    page.button_group(key="arm").set_value(1).run()
    page.button(key="use-schedule-wsd").click().run()
    after = page.session_state["scenario"].arms
    assert type(after[1].schedule).name == "wsd"
    assert after[1].schedule.peak == before[1].schedule.peak
    assert (after[0], after[2]) == (before[0], before[2])


def test_using_what_is_in_use_keeps_its_own_values():
    page = opened(surface="rosenbrock", **{"surface.b": "7.0"})
    page.button(key="use-surface-rosenbrock").click().run()
    assert page.session_state["scenario"].surface.b == 7.0


def test_numbers_are_written_out_and_signed_properly():
    assert [reference._plain(value) for value in (1e6, 1e12, 1e-8, -10_000, 0.9999999)] == ["1,000,000", "1e12", "1e−8", "−10,000", "0.9999999"]


def test_the_chapters_are_those_that_a_link_can_name():
    assert list(reference.CHAPTERS) == list(state.CHAPTERS)
