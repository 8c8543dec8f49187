"""Examples in docstrings say what really happens."""

import doctest

import lr_explorer


def test_the_front_door_shows_a_true_example():
    found = doctest.testmod(lr_explorer)
    assert found.attempted >= 2
    assert found.failed == 0


def test_every_public_name_is_there():
    assert all(hasattr(lr_explorer, name) for name in lr_explorer.__all__)
    assert len(set(lr_explorer.__all__)) == len(lr_explorer.__all__)
