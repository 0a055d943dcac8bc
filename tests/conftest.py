"""Hypothesis profiles: `ci` (the default) is quick and repeatable, `deep` searches long: `HYPOTHESIS_PROFILE=deep pytest`."""

import os

from hypothesis import HealthCheck, settings

collect_ignore = ["conftest.py", "browser/conftest.py"]  # not modules with doctests, and of one name
collect_ignore += ["other_libm.py"]  # changes the mathematics of the process that imports it

settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
