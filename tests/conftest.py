"""Settings that all tests share."""

from hypothesis import settings

# Drawn examples are the same on every run and every machine, and no test is about time.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=40)
settings.load_profile("repeatable")
