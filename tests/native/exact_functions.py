"""Write exact_functions.json: values of the special functions in forty digits, rounded once.

Run with mpmath installed: ``python -m tests.native.exact_functions``. The suite reads the file alone.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

from mpmath import mp, mpf

HERE = Path(__file__).parent
N = 40


def tail(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def lower_gamma(a, x):
    """By its power series, whose terms are all above zero."""
    term = total = mpf(1)
    k = 0
    while term > total * mpf(10) ** -mp.dps:
        k += 1
        term *= x / (a + k)
        total += term
    return total * mp.exp(a * mp.log(x) - x - mp.loggamma(a + 1))


FUNCTIONS = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "arctan": mp.atan,
    "lgamma": mp.loggamma,
    "digamma": lambda x: mp.psi(0, x),
    "trigamma": lambda x: mp.psi(1, x),
    "tetragamma": lambda x: mp.psi(2, x),
    "normal_cdf": tail,
    "log_normal_cdf": lambda x: mp.log(tail(x)) if x < 1 else mp.log1p(-tail(-x)),
    "normal_hazard": lambda x: mp.sqrt(2 / mp.pi) * mp.exp(-x * x / 2) / mp.erfc(-x / mp.sqrt(2)),
    "i0e": lambda x: mp.besseli(0, x) * mp.exp(-x),
    "i1e": lambda x: mp.besseli(1, x) * mp.exp(-x),
    "gammainc": lower_gamma,
}
POWERS = {"lgamma": (-300, 300), "digamma": (-300, 300), "trigamma": (-150, 150), "tetragamma": (-100, 100),
          "log": (-323, 308), "log1p": (-300, 300), "i0e": (-300, 6), "i1e": (-290, 6)}  # fmt: skip
SPANS = {
    "exp": (-740, 709), "expm1": (-60, 709), "sigmoid": (-700, 60), "softplus": (-700, 700),
    "arctan": (-50, 50), "normal_cdf": (-37.5, 9), "log_normal_cdf": (-300, 37), "normal_hazard": (-300, 37),
}  # fmt: skip


def places(name: str, rng: random.Random) -> list[tuple[float, ...]]:
    if name == "gammainc":
        sizes = [10 ** rng.uniform(-3, 7) for _ in range(N)]
        spread = [rng.uniform(-4, 4) for _ in range(N)]
        return [
            (a, max(a + z * a**0.5, a * 10 ** -abs(z))) for a, z in zip(sizes, spread, strict=True)
        ]
    if name in POWERS:
        far = [10 ** rng.uniform(*POWERS[name]) for _ in range(N // 2)]
        return [(x,) for x in far + [10 ** rng.uniform(-2, 2) for _ in range(N // 2)]]
    far = [rng.uniform(*SPANS[name]) for _ in range(N // 2)]
    small = [rng.choice((-1, 1)) * 10 ** rng.uniform(-200, 0) for _ in range(N // 4)]
    return [(x,) for x in far + small + [rng.gauss(0, 1.5) for _ in range(N // 4)]]


def write() -> None:
    rng = random.Random(20)
    mp.dps = 40
    found = {
        name: [[*at, float(f(*map(mpf, at)))] for at in places(name, rng)]
        for name, f in FUNCTIONS.items()
    }
    (HERE / "exact_functions.json").write_text(json.dumps(found, indent=0) + "\n")


if __name__ == "__main__":
    write()
