"""Every described thing keeps the promises that widgets, links and the reference rely on; the tests walk the registries."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.links import Reader, spelled
from lr_explorer.optimizers import Optimizer
from lr_explorer.params import Choice, Formula, Number, Points, Series, Text, Upload
from lr_explorer.registry import documentation
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import simulate
from tests.helpers import CLASSES, DESCRIBED, PARAMS, REGISTRIES, things, values_of

every_class = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)
every_param = pytest.mark.parametrize(("cls", "name", "param"), PARAMS.values(), ids=PARAMS)


@every_class
def test_every_class_says_what_it_is_for_and_where_it_comes_from(cls):
    assert cls.label
    assert cls.formula
    assert cls.source
    # Without a docstring of its own a dataclass documents itself as its signature.
    assert cls.__doc__ != super(cls, cls).__doc__
    assert not documentation(cls).startswith(f"{cls.__name__}(")
    assert documentation(cls).endswith(".")


@pytest.mark.parametrize("kind", REGISTRIES)
def test_names_are_link_keys_and_no_label_is_used_twice(kind):
    registry = REGISTRIES[kind]
    assert all(re.fullmatch("[a-z][a-z0-9_]*", name) for name in registry)
    assert all(cls.name == name for name, cls in registry.items())
    assert len({cls.label for cls in registry.values()}) == len(registry)


@every_class
def test_every_class_works_with_its_defaults_alone(cls):
    assert cls() == cls(**{name: param.default for name, param in cls.params().items()})


@pytest.mark.parametrize("cls", DESCRIBED.values(), ids=DESCRIBED)
def test_every_class_is_frozen_and_hashable(cls):
    thing = cls()
    assert hash(thing) == hash(cls())
    with pytest.raises(AttributeError):
        thing.anything = 1


@every_param
def test_every_parameter_is_described_by_its_own_rules(cls, name, param):
    assert re.fullmatch("[a-z][a-z0-9_]*", name)
    assert param.label
    assert param.help.endswith(".")
    # Its default is valid, and its slider covers it.
    assert param.check(param.default, name) == param.default
    if isinstance(param, Number):
        low, high = param.slider_range
        assert param.low <= low < high <= param.high
        # A slider by decades cannot show 0 (or 1); such a default is "off" and lies at the slider's end.
        assert low <= param.default <= high or param.default in (param.low, param.high)
        assert low > 0 or param.scale != "log"
        assert high < 1 or param.scale != "near_one"
    if isinstance(param, Choice):
        assert all(param.options.values())
    if isinstance(param, Series | Points | Formula | Text | Upload):
        assert param.rule
        assert len(param.format(param.default)) <= param.longest


@every_param
def test_every_bound_is_allowed_and_every_invalid_value_refused_by_name(cls, name, param):
    for value in (param.low, param.high) if isinstance(param, Number) else ():
        assert getattr(cls(**{name: value}), name) == value
    assert param.invalid()
    for value in param.invalid():
        with pytest.raises(ValueError, match=rf"{cls.__name__}\.{name} must be .*; got "):
            cls(**{name: value})


@every_param
@given(data=st.data())
@settings(max_examples=30)
def test_every_value_survives_its_text(cls, name, param, data):
    value = data.draw(values_of(param))
    text = param.format(value)
    read = param.parse(text, name)
    assert isinstance(text, str)
    assert type(read) is type(param.default)
    assert read == value
    if isinstance(value, float):
        # −0.0 equals 0.0, but is another number.
        assert math.copysign(1, read) == math.copysign(1, value)


@every_class
@given(data=st.data())
@settings(max_examples=50)
def test_every_thing_survives_a_link_exactly(cls, data):
    registry = next(registry for registry in REGISTRIES.values() if cls in registry.values())
    thing = data.draw(things(cls))
    query = spelled("thing", thing)
    reader = Reader(query)
    assert all(isinstance(text, str) for text in (*query, *query.values()))
    assert reader.described("thing", registry, next(iter(registry.values()))()) == thing
    assert reader.closing() == ()


@given(arm=things(Arm))
def test_texts_of_an_arm_are_read_back_exactly(arm):
    reader = Reader({f"arm1.{name}": text for name, text in arm.texts().items()})
    assert Arm().with_values(**reader.values("arm1.", Arm())).texts() == arm.texts()
    assert reader.closing() == ()


NEEDY = {key: entry for key, entry in PARAMS.items() if getattr(entry[2], "needs", "")}


@pytest.mark.parametrize(("cls", "name", "param"), NEEDY.values(), ids=NEEDY)
def test_a_parameter_that_needs_another_does_nothing_or_is_refused_without_it(cls, name, param):
    off = {param.needs: type(cls.params()[param.needs].default)(0)}
    values = (param.low, param.high) if isinstance(param, Number) else tuple(param.options) if isinstance(param, Choice) else (False, True)
    paths = []
    for value in values:
        try:
            thing = cls(**off, **{name: value})
        except ValueError:
            continue
        contender = thing if isinstance(thing, Arm) else Arm(**{"optimizer" if isinstance(thing, Optimizer) else "schedule": thing})
        paths.append(simulate(Scenario(arms=(contender,), steps=40)).arms[0].path)
    assert all(np.array_equal(path, paths[0], equal_nan=True) for path in paths)
