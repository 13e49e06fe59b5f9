"""The report: what we win and lose, first in a line, then in tables.

Must never show a figure that is not in the results, nor put a loss behind a win.
"""
from results import spread, verdict

HEADER = """# What a network namespace costs, against stock

{headline}

A ratio above 1 is in our favour: it is stock ÷ ours where less is better, and
ours ÷ stock where more is. Won or lost means by more than 3 %. Every figure is
the median of n samples; *spread* is (largest − least) ÷ median, of the side where
it is wider.
"""

MEANING = """
## What these figures are

Both kernels come from the same source ({source}) with the same configuration
(`{config}`) and run the same programs in the same guests, in turn.

- **instructions**: executed by the guest's only CPU (`-icount shift=0`), in the
  foreground and in the background until nothing is left to do and memory is back,
  ticks of an otherwise idle CPU not counted. The same in each run, but for what
  depends on random numbers and on the moment of an interrupt. `net` is minus the
  same loop without a new namespace, `total` includes dropping it.
- **bytes**: Slab, Percpu, VmallocUsed and PageTables of /proc/meminfo, settled,
  with one CPU: a machine with more holds more per-CPU memory. `slab_bytes` is by
  objects in /proc/slabinfo.
- **wall**: nanoseconds with two virtual CPUs. Noisy, whatever its spread; nothing
  is concluded from it alone.

An emulator (TCG) counts instructions exactly and knows nothing of caches, branch
prediction, or what an atomic operation costs between CPUs: a ratio of instructions
is not a ratio of time. On real hardware run `tools/bench/run-native` under both
kernels, a reboot between them.
"""


def human(value):
    if value is None:
        return "–"
    if abs(value) >= 100000:
        for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
            if abs(value) >= size:
                return f"{value / size:.3g} {unit}" if abs(value) < 1000 * size \
                    else f"{value / size:.0f} {unit}"
    return f"{value:,.0f}"


def count(document):
    verdicts = [verdict(e) for e in document["cases"] if not e["metric"].startswith("wall")]
    return {v: verdicts.count(v) for v in ("won", "lost", "even", "none", "failed")}


def headline(document):
    n = count(document)
    text = (f"{n['won']} figures won, {n['lost']} lost, {n['even']} even, "
            f"{n['failed']} failed (wall time aside).")
    return text if not n["none"] else f"{text[:-1]}; {n['none']} without a ratio."


def row(e):
    name = f"`{e['name']}`"
    if "failed" in e:
        reasons = "; ".join(f"{side}: {why}" for side, why in e["failed"].items())
        return f"| {name} | {e['metric']} | | | **failed** | | {reasons} |"
    ratio = "–" if e["ratio"] is None else f"{e['ratio']:.2f}"
    mark = {"won": "won", "lost": "**lost**", "even": "", "none": "no ratio"}[verdict(e)]
    n = min(e["ours"]["n"], e["stock"]["n"])
    return (f"| {name} | {e['metric']} | {human(e['stock']['median'])} | "
            f"{human(e['ours']['median'])} | {ratio} | {n}, {spread(e):.1%} | {mark} |")


def rows(entries):
    return ["| case | metric | stock | ours | ratio | n, spread | |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
            *map(row, entries), ""]


def text(document, drawn):
    entries = document["cases"]
    counted = [e for e in entries if not e["metric"].startswith("wall")]
    lines = [HEADER.format(headline=headline(document))]
    lines += [f"![{caption}]({file})\n" for file, caption in drawn]

    for title, wanted in (("Failed", "failed"), ("Lost", "lost"), ("Won", "won"),
                          ("Even", "even"), ("Without a ratio", "none")):
        mine = [e for e in counted if verdict(e) == wanted]
        if not mine:
            if wanted in ("lost", "won", "failed"):
                lines += [f"## {title}\n", "Nothing.\n"]
            continue
        if wanted in ("lost", "won"):
            mine.sort(key=lambda e: e["ratio"], reverse=wanted == "won")
        lines += [f"## {title}\n", *rows(mine)]
    walls = [e for e in entries if e["metric"].startswith("wall")]
    if walls:
        lines += ["## Wall time (noisy)\n", *rows(walls)]

    lines += [MEANING.format(source=document["environment"]["kernel_source"],
                             config=document["config"]["name"])]
    lines += ["## What the cases do\n"]
    abouts = {}
    for case, about in document["about"].items():
        abouts.setdefault(about, []).append(f"`{case}`")
    lines += [f"- {', '.join(names)}: {about}" for about, names in abouts.items()]
    lines += ["", "## Made with\n"]
    for name, value in document["environment"].items():
        if isinstance(value, dict):
            lines += [f"- {name}, {key}: {said}" for key, said in value.items()]
        else:
            lines.append(f"- {name}: {value}")
    for side, kernel in document["kernels"].items():
        lines.append(f"- {side}: " + ", ".join(f"{k} {v}" for k, v in kernel.items()))
    differs = document["config"]["differs"]
    if differs is not None:
        lines.append("- options that differ: " + (", ".join(differs) or "none"))
    return "\n".join(lines) + "\n"
