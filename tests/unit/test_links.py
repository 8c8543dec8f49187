"""A link gives its scenario back exactly; what it cannot give is named, one by one, and nothing else is lost."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.batches import BATCHES
from lr_explorer.noise import NOISES
from lr_explorer.params import Number
from lr_explorer.scenario import ARM_COLOURS, MAX_ARMS, Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, scenarios

DEFAULT = Scenario()
KEYS = sorted(DEFAULT.to_query())
# Whatever a link may say: real keys, near misses, and any text at all.
TEXTS = st.one_of(
    st.text(max_size=30), st.sampled_from(["", "nan", "1e3", "0,1", "-1", "adam", "circle", "rosenbrock", "true", "9" * 500, "\x00", "1_0"])
)
QUERY_KEYS = st.one_of(
    st.sampled_from(KEYS),
    st.builds(
        "arm{}.{}".format, st.integers(-1, 10**10), st.sampled_from(["name", "optimizer", "schedule", "schedule.peak", "optimizer.nesterov", "", "."])
    ),
    st.text(max_size=20),
)


def read(**changes):
    """Return the scenario of the default link with some values changed; None takes a value out. "__" stands for a point."""
    query = DEFAULT.to_query() | {key.replace("__", "."): value for key, value in changes.items()}
    return Scenario.from_query({key: value for key, value in query.items() if value is not None})


@given(scenarios())
@settings(max_examples=40)
def test_a_scenario_survives_its_url(scenario):
    query = scenario.to_query()
    assert all(type(text) is str for text in (*query, *query.values()))
    back = Scenario.from_query(query)
    assert back == scenario
    assert back.complaints == ()
    assert back.to_query() == query


@given(scenarios())
@settings(max_examples=30)
def test_a_scenario_survives_the_address_bar(scenario):
    # blank values would be lost here, and no parameter may have one.
    back = Scenario.from_query(dict(parse_qsl(scenario.link, strict_parsing=True)))
    assert back == scenario
    assert back.link == scenario.link


@given(st.dictionaries(QUERY_KEYS, TEXTS, max_size=12))
@settings(max_examples=300)
def test_any_dictionary_of_text_is_read_without_an_error(query):
    scenario = Scenario.from_query(query)
    assert Scenario.from_query(scenario.to_query()) == scenario
    assert all(len(complaint) < 2000 for complaint in scenario.complaints)


@given(st.dictionaries(st.sampled_from(KEYS), TEXTS, max_size=4))
@settings(max_examples=100)
def test_bad_values_in_a_whole_link_leave_the_other_values(changes):
    scenario = Scenario.from_query(DEFAULT.to_query() | changes)
    kept = scenario.to_query()
    kinds = {key for key in changes if key in ("surface", "start", "noise") or key.endswith((".optimizer", ".schedule"))}
    for key in set(KEYS) - set(changes):
        if not any(key.startswith(f"{kind}.") for kind in kinds) and (key not in ("start.x", "start.y") or "start" not in kinds):
            assert kept[key] == DEFAULT.to_query()[key]


def test_an_empty_link_is_the_default_scenario():
    assert Scenario.from_query({}) == DEFAULT
    assert Scenario.from_query({}).complaints == ()


def test_the_keys_of_a_link_are_those_that_were_promised():
    query = DEFAULT.to_query()
    assert query["v"] == "1"
    assert query["surface"] == "double_well"
    assert query["noise.sigma"] == "2.0"
    assert query["steps"] == "500"
    assert query["arm1.name"] == "Cosine"
    assert query["arm1.optimizer"] == "sgd"
    assert query["arm2.schedule.peak"] == "0.13"
    assert {"seed", "replicate", "start", "start.x", "start.y", "arm3.optimizer.momentum", "arm3.rate_x"} <= set(query)


def test_a_link_of_readable_values_says_what_it_means():
    """As a person may type it: what is missing takes its default."""
    scenario = Scenario.from_query(
        {"surface": "rosenbrock", "surface.b": "10", "arm1.schedule": "cosine", "arm1.schedule.peak": "3e-4", "steps": "50"}
    )
    assert scenario.complaints == ()
    assert scenario.surface == SURFACES.create("rosenbrock", b=10.0)
    assert (scenario.start.x, scenario.start.y) == scenario.surface.start
    assert scenario.arms == (Arm("Arm 1", schedule=arm("cosine", peak=3e-4).schedule),)
    assert scenario.steps == 50


@pytest.mark.parametrize("value", [0.1 + 0.2, 5e-324, 1e-300, 0.1, 1 / 3, 123456.789012345678])
def test_floats_survive_to_the_last_digit(value):
    scenario = DEFAULT.with_values(arms=(arm(peak=value),))
    assert scenario.to_query()["arm1.schedule.peak"] == repr(value)
    assert Scenario.from_query(scenario.to_query()).arms[0].schedule.peak == value


BAD = [
    ("surface", "rosenbrok", "surface: unknown surface 'rosenbrok'; the most alike of "),
    ("arm1.optimizer", "adamm", "arm1.optimizer: unknown optimizer 'adamm'; the most alike of "),
    ("arm2.schedule", "", "arm2.schedule: unknown schedule ''; known: "),
    ("noise.sigma", "nan", "noise.sigma must be a number such as 0.1 or 3e-4; got 'nan'; 0.0 was used."),
    ("noise.sigma", "-inf", "noise.sigma must be a number such as 0.1 or 3e-4; got '-inf'; 0.0 was used."),
    ("arm1.schedule.floor", "1e3", "arm1.schedule.floor must be between 0 and 1; got 1000.0; 0.0 was used."),
    ("arm1.schedule.peak", "0,1", "arm1.schedule.peak must be a number such as 0.1 or 3e-4; got '0,1'; 0.1 was used."),
    ("steps", "0", "steps must be between 1 and 20000; got 0; 500 was used."),
    ("steps", "1e3", "steps must be a whole number such as 100; got '1e3'; 500 was used."),
    ("seed", "x" * 400_000, "seed must be a whole number such as 100; got '" + "x" * 39 + "…' (400000 characters); 1 was used."),
    ("arm1.name", "n" * 400_000, "arm1.name must be 1 to 40 printable characters; got '" + "n" * 39 + "…' (400000 characters); Arm 1 was used."),
    ("arm3.colour", "mauve", "arm3.colour must be one of blue, orange, green, pink, sky, grey; got 'mauve'; green was used."),
    ("arm1.optimizer.nesterov", "yes", "arm1.optimizer.nesterov must be true or false; got 'yes'; false was used."),
    ("arm1.optimizer.beta1", "0.9", "'arm1.optimizer.beta1' is not a setting here and was left out."),
    ("arm1.wheels", "4", "'arm1.wheels' is not a setting here and was left out."),
    ("arm1", "4", "'arm1' is not a setting here and was left out."),
    ("arm01.name", "A", "'arm01.name' is not a setting here and was left out."),
    ("utm_source", "mail", "'utm_source' is not a setting here and was left out."),
    ("k" * 400_000, "1", "'" + "k" * 39 + "…' (400000 characters) is not a setting here and was left out."),
    ("v", "2", "This link says version '2'; it was read as version 1."),
]  # fmt: skip


@pytest.mark.parametrize(("key", "text", "complaint"), BAD, ids=[f"{key[:30]}={text[:10]}" for key, text, _ in BAD])
def test_a_bad_value_is_named_and_nothing_else_is_lost(key, text, complaint):
    scenario = Scenario.from_query(DEFAULT.to_query() | {key: text})
    (said,) = (said for said in scenario.complaints if key[:20] in said or key == "v")
    assert said.startswith(complaint)
    kept = scenario.to_query()
    if "unknown" in complaint:
        return
    assert {name for name in KEYS if kept[name] != DEFAULT.to_query()[name]} <= {key}
    assert len(scenario.complaints) == 1


def test_an_unknown_surface_is_replaced_and_the_rest_kept():
    scenario = read(surface="rosenbrok", noise__sigma="0.25")
    assert scenario.surface == DEFAULT.surface
    assert scenario.arms == DEFAULT.arms
    assert scenario.noise.sigma == 0.25
    (complaint,) = scenario.complaints
    assert complaint.startswith(f"surface: unknown surface 'rosenbrok'; the most alike of {len(SURFACES)}: rosenbrock")
    assert complaint.endswith("; double_well was used.")


def test_mini_batches_of_a_surface_without_data_are_named_and_the_rest_kept():
    scenario = Scenario.from_query({"surface": "beale", "noise": "minibatch", "noise.size": "7", "steps": "60", "arm1.name": "One"})
    assert scenario.surface == SURFACES.create("beale")
    assert scenario.noise == NOISES.create("gaussian")
    assert (scenario.arms[0].name, scenario.steps) == ("One", 60)
    (complaint,) = scenario.complaints
    assert complaint.startswith("noise: minibatch needs a surface with data (iris_")
    assert complaint.endswith("; got beale; gaussian was used.")


def test_a_batch_schedule_is_part_of_its_arm():
    query = {
        "arm1.name": "A",
        "arm2.batch": "matched",
        "arm2.batch.of": "step",
        "arm2.batch.of.gamma": "0.5",
        "arm2.batch.most": "64",
        "arm3.name": "C",
    }
    plain, matched, other = Scenario.from_query(query).arms
    assert plain.batch == other.batch == BATCHES.create("constant")
    assert matched.batch == BATCHES.create("matched", of=SCHEDULES.create("step", peak=1.0, gamma=0.5), most=64.0)


def test_several_bad_values_are_named_one_by_one():
    scenario = read(noise__sigma="nan", steps="-1", seed="π", arm1__schedule__floor="2")
    assert [complaint.split(" ")[0] for complaint in scenario.complaints] == ["noise.sigma", "steps", "seed", "arm1.schedule.floor"]
    assert scenario.arms[0].schedule.peak == 0.13


def test_a_flood_of_bad_values_is_cut_and_counted():
    scenario = Scenario.from_query(DEFAULT.to_query() | {f"junk{i}": "1" for i in range(1000)})
    assert scenario == DEFAULT
    assert len(scenario.complaints) == 21
    assert scenario.complaints[-1] == "980 more values could not be used."


def test_the_arms_past_the_sixth_are_left_out_and_named():
    query = {f"arm{i}.name": f"A{i}" for i in range(1, 9)}
    scenario = Scenario.from_query(query)
    assert [made.name for made in scenario.arms] == [f"A{i}" for i in range(1, MAX_ARMS + 1)]
    assert scenario.complaints == tuple(f"There can be at most 6 arms; arm{i} was left out." for i in (7, 8))


def test_gaps_in_the_numbering_are_closed_and_named():
    scenario = Scenario.from_query({"arm2.name": "B", "arm5.schedule.peak": "0.5", "arm5.schedule": "linear"})
    assert [made.name for made in scenario.arms] == ["B", "Arm 2"]
    assert scenario.arms[1].schedule.peak == 0.5
    assert scenario.complaints == (
        "Arms are numbered from 1 without gaps; arm2 was read as arm1.",
        "Arms are numbered from 1 without gaps; arm5 was read as arm2.",
    )


def test_arms_are_ordered_by_number_not_by_text():
    scenario = Scenario.from_query({"arm3.name": "C", "arm10.name": "J", "arm1.name": "A", "arm2.name": "B"})
    assert [made.name for made in scenario.arms] == ["A", "B", "C", "J"]


def test_nesterov_without_momentum_is_named_and_the_other_values_kept():
    query = {"arm1.optimizer": "sgd", "arm1.optimizer.nesterov": "true", "arm1.optimizer.weight_decay": "0.5", "arm1.schedule.peak": "0.2"}
    scenario = Scenario.from_query(query)
    assert scenario.arms[0].optimizer == arm(weight_decay=0.5).optimizer
    assert scenario.arms[0].schedule.peak == 0.2
    (complaint,) = scenario.complaints
    assert complaint.startswith("SGD.nesterov needs momentum above 0")
    assert complaint.endswith("arm1.optimizer.nesterov kept the default.")


def test_values_that_go_together_are_read_in_any_order():
    pairs = [("arm1.optimizer.nesterov", "true"), ("arm1.optimizer.momentum", "0.9"), ("arm1.optimizer", "sgd")]
    for order in (pairs, pairs[::-1]):
        scenario = Scenario.from_query(dict(order))
        assert scenario.complaints == ()
        assert scenario.arms[0].optimizer.nesterov


def test_complaints_do_not_make_another_scenario():
    assert read(seed="x") == DEFAULT
    assert read(seed="x").link == DEFAULT.link
    assert read(seed="x").with_values(seed=2).complaints == ()


def test_a_start_without_coordinates_is_the_surface_s_own():
    scenario = Scenario.from_query({"surface": "himmelblau", "start": "circle", "start.radius": "2"})
    assert (scenario.start.x, scenario.start.y, scenario.start.radius) == (*scenario.surface.start, 2.0)


def test_a_scenario_holds_one_to_six_arms():
    for count in (0, 7):
        with pytest.raises(ValueError, match=rf"Scenario\.arms must hold 1 to 6 arms; got {count}"):
            Scenario(arms=(arm(),) * count)


def test_every_number_at_its_bounds_survives():
    for name, param in Scenario.params().items():
        for value in (param.low, param.high) if isinstance(param, Number) else ():
            assert getattr(Scenario.from_query({name: param.format(value)}), name) == value


def test_the_longest_links_are_shorter_than_what_the_web_server_accepts():
    # Fifty points with every digit in three parts of six arms, names of the longest characters, the longest formulas beside them.
    points = tuple((i / 49 if i in (0, 49) else i / 49 * 0.9999999999999, 0.12345678901234566 + i / 1000) for i in range(50))
    drawn = SCHEDULES.create("drawn", points=points)
    drawings = SCHEDULES["sequential"](first=drawn, second=drawn, third=drawn)
    arms = tuple(Arm("\U0001f600" * 40, colour, schedule=drawings) for colour in ARM_COLOURS)
    # Uvicorn's h11 stops reading a request at 64 kB, of which cookies and other headers take a few.
    assert 40_000 < len(Scenario(arms=arms).link) < 58_000
