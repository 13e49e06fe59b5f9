"""From samples to results: medians, spread, ratios, and what they say.

A case that one side did not measure stays, as failed. Must never round, and
must never compare metrics of different clocks.
"""
import statistics

from cases import CONTROLS, METRICS

# Ratios this close to 1 are neither won nor lost.
EVEN = 0.03


class Collection:
    """Samples of both sides under (case, clock, metric)."""

    def __init__(self):
        self.samples = {}
        self.failures = {}

    def add(self, side, clock, outcome):
        for case, metric, value in outcome.samples:
            # Bytes do not depend on the clock; one CPU makes them exact.
            if (clock, metric) in METRICS:
                self.samples.setdefault((case, clock, metric), {}) \
                    .setdefault(side, []).append(value)
        for case, reason in outcome.failures.items():
            self.failures.setdefault((case, clock), {})[side] = reason


def summary(values):
    """low to high is where most samples are: of many, a fifth at each end is not."""
    few = len(values) // 5
    most = sorted(values)[few:len(values) - few]
    return {"median": statistics.median(values), "min": min(values), "max": max(values),
            "low": most[0], "high": most[-1], "n": len(values)}


def ratio_of(ours, stock, better):
    """Above 1 we win. None where there is nothing to divide."""
    over, under = (stock, ours) if better == "lower" else (ours, stock)
    return over / under if over > 0 and under > 0 else None


def human(value):
    if value is None:
        return "–"
    if abs(value) >= 100000:
        for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
            if abs(value) >= size:
                return f"{value / size:.3g} {unit}" if abs(value) < 1000 * size \
                    else f"{value / size:.0f} {unit}"
    return f"{value:,.0f}"


def entry(key, sides):
    case, clock, metric = key
    name, unit, better = METRICS[clock, metric]
    result = {"name": case, "metric": name, "unit": unit, "better": better}
    for side in ("ours", "stock"):
        result[side] = summary(sides[side]) if side in sides else None
    if result["ours"] and result["stock"]:
        result["ratio"] = ratio_of(result["ours"]["median"], result["stock"]["median"],
                                   better)
    else:
        result["ratio"] = None
    return result


def spread(result):
    """The wider of both sides' (max - min) / median."""
    return max((result[side]["max"] - result[side]["min"]) / abs(result[side]["median"])
               if result[side]["median"] else 0.0 for side in ("ours", "stock"))


def cases(collection):
    """Every case of the collection, those that failed with the reasons."""
    entries = {key: entry(key, sides) for key, sides in collection.samples.items()}
    for (case, clock), reasons in collection.failures.items():
        failed = [e for key, e in entries.items() if key[:2] == (case, clock)]
        if not failed:
            name, unit, better = METRICS[clock, "raw"]
            failed = [{"name": case, "metric": name, "unit": unit, "better": better,
                       "ours": None, "stock": None}]
            entries[case, clock, None] = failed[0]
        for e in failed:
            e["failed"] = reasons
            e["ratio"] = None
    for e in entries.values():
        if "failed" not in e and not (e["ours"] and e["stock"]):
            missing = "ours" if not e["ours"] else "stock"
            e["failed"] = {missing: "printed no such figure"}
    return list(entries.values())


def overlap(result):
    """Whether one side's samples lie among the other's, most of both."""
    ours, stock = result["ours"], result["stock"]
    return ours["low"] <= stock["high"] and stock["low"] <= ours["high"]


def verdict(result):
    if "failed" in result:
        return "failed"
    if result["ratio"] is None:
        return "none"
    if abs(result["ratio"] - 1) <= EVEN or overlap(result):
        return "even"
    return "won" if result["ratio"] > 1 else "lost"


def broken_controls(entries):
    """Controls that make the run worthless; the wall's are too noisy to tell."""
    return [e for e in entries
            if e["name"] in CONTROLS and e["metric"] == "instructions" and
            (e["ratio"] is None or abs(e["ratio"] - 1) > CONTROLS[e["name"]])]
