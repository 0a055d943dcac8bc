"""Hypothesis profiles, and what is no test.

`ci` (the default) is quick and repeatable, `deep` searches long (`HYPOTHESIS_PROFILE=deep pytest`), `mutants` stops at the first failure.
"""

import os
import signal

from hypothesis import HealthCheck, Phase, settings

collect_ignore_glob = ["conftest.py", "*/conftest.py"]  # no modules with doctests
collect_ignore = ["mutation.py"]  # needs fork
collect_ignore += ["helpers/other_libm.py"]  # changes the mathematics of the process that imports it

settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("deep", max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(  # tests/mutation.py: any failure is enough, however it looks
    "mutants", settings.get_profile("ci"), max_examples=3, phases=(Phase.explicit, Phase.generate)
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell that starts tests in the background has it ignored, and tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
