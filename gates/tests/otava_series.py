"""Makes otava.csv, in this folder: pip install apache-otava==0.8.0; python otava_series.py"""

import numpy as np
import otava.analysis as otava

rng = np.random.default_rng(20261127)


def made_up():
    """Nights with noise, bad nights and up to three steps."""
    n = int(rng.integers(6, 130))
    cv = float(rng.choice([0.03, 0.08]))
    base = float(rng.choice([0.7, 12.0, 340.0]))
    nights = base * np.exp(rng.normal(0, cv, n))
    nights[rng.random(n) < 0.02] *= 1.5
    for _ in range(int(rng.integers(0, 4))):
        nights[int(rng.integers(0, n)):] *= float(rng.choice([0.8, 1.1, 1.2, 1.3]))
    return [round(float(night), 4) for night in nights]


def points(nights):
    found, _ = otava.compute_change_points(list(nights), 50, 0.01, 0.05)
    return [(int(point.index), float(point.stats.pvalue)) for point in found]


class SampleSpread:
    """numpy, whose standard deviation is that of a sample, as ttest_ind_from_stats expects."""

    def __getattr__(self, name):
        return getattr(np, name)

    def std(self, values):
        return np.std(values, ddof=1)


def merge(found, nights, max_pvalue, min_magnitude):
    """Otava's merge, but every point that is left is tested anew."""
    tester = otava.TTestSignificanceTester(max_pvalue)
    while found:
        weakest = max(found, key=lambda point: point.stats.pvalue)
        if weakest.stats.pvalue < max_pvalue:
            weakest = min(found, key=lambda point: point.stats.change_magnitude())
            if weakest.stats.change_magnitude() > min_magnitude:
                return found
        del found[found.index(weakest)]
        intervals = tester.get_intervals(found)
        for place, point in enumerate(found):
            found[place] = tester.change_point(point.to_candidate(), nights, intervals)
    return found


series = [made_up() for _ in range(40)]
as_is = [points(nights) for nights in series]
otava.np, otava.merge = SampleSpread(), merge
repaired = [points(nights) for nights in series]
with open("otava.csv", "w") as file:
    file.write("as_is,with_sample_spread_and_both_neighbours,series\n")
    for one, other, nights in zip(as_is, repaired, series):
        file.write(" ".join(str(index) for index, _ in one) + ",")
        file.write(" ".join(f"{index}:{p:.12e}" for index, p in other) + ",")
        file.write(" ".join(repr(night) for night in nights) + "\n")
