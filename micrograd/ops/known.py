"""The numbers of rules that are no doubles: each with what it is exactly."""

from __future__ import annotations

from math import log, pi, sqrt

from micrograd.scalar import Known

LOG_2 = Known(log(2.0), "log(2)", lambda m: m.log(m.mpf(2)))
BY_LOG_2 = Known(1.0 / log(2.0), "1/log(2)", lambda m: 1 / m.log(m.mpf(2)))
BY_LOG_10 = Known(0.4342944819032518, "1/log(10)", lambda m: 1 / m.log(m.mpf(10)))
ERF = Known(2.0 / sqrt(pi), "2/sqrt(pi)", lambda m: 2 / m.sqrt(m.mpf(m.pi)))
ERFC = Known(-2.0 / sqrt(pi), "-2/sqrt(pi)", lambda m: -2 / m.sqrt(m.mpf(m.pi)))
NORMAL = Known(1.0 / sqrt(2.0 * pi), "1/sqrt(2*pi)", lambda m: 1 / m.sqrt(2 * m.mpf(m.pi)))
MINUS_FIVE_THIRDS = Known(-5.0 / 3.0, "-5/3", lambda m: -m.mpf(5) / 3)
