"""The report: what we win and lose, first in a line, then in tables.

Must never show a figure that is not in the results, nor put a loss behind a win.
"""
import json
import sys

import pictures
from results import broken_controls, human, spread, verdict

# Spread above which a figure is called noisy.
NOISY = 0.1

HEADER = """# What a network namespace costs, against stock

{headline}

A ratio above 1 is in our favour: it is stock ÷ ours where less is better, and
ours ÷ stock where more is. Won or lost means by more than 3 %, with most samples of
one side (all of less than five) apart from most of the other's. Every figure is the
median of n samples; *spread* is (largest − least) ÷ median, of the side where it is
wider; *noisy* is what spreads by more than 10 %, the digits of such a ratio mean little.
"""

BYTES = """- **bytes**: Slab, Percpu, VmallocUsed and PageTables of /proc/meminfo, settled:
  slabs, large allocations of kmalloc() too, per-CPU memory, vmalloc, kernel stacks and
  page tables. A machine with more CPUs holds more per-CPU memory. `slab_bytes` counts
  the objects in /proc/slabinfo instead: what half-empty slabs waste is left out.
- **grace periods**: begun while the case ran and until all was quiet, by RCU's
  tracepoints, normal and expedited ones together; `grace_periods_expedited` alone.
"""
DRIVERS = """- **`*_driver`**: instructions from the entry of the driver's transmit function (for
  veth, ndo_start_xmit is veth_xmit()) to the entry of the stack's function at the other
  end, __netif_receive_skb*() or, where there is NAPI, napi_gro_receive(), whichever
  comes first. It includes the return through the sender's stack to where softirqs are
  run, the softirq's own work, the backlog or NAPI poll, and XDP programs. It does not
  include what the receiving stack does. One packet is in flight; in `burst64`, 64 that
  the stack cut from one large packet and hands to the driver one after another: what
  it does between them does not count. Those in XDP's way pass it, or are sent back by
  it (`tx`), or redirected into a second pair (`redirect`), the whole of which counts.
  A plugin of QEMU's counts, the guest executes nothing for it.
"""
GUESTS = """
## What these figures are

Both kernels come from the same source ({source}) with the same configuration
(`{config}`) and run the same programs, through ordinary system calls, in the same
guests: in turn, or at the same time where the machine's load is without effect.
Nothing is warmed up but by the workload itself, once, and that is not counted.

- **instructions**: executed by the guest's only CPU (`-icount shift=0`), in the
  foreground and in the background until nothing is left to do and memory is back,
  ticks of an otherwise idle CPU not counted. Another run of the same two kernels gives
  the same, to the instruction: nothing from outside reaches such a guest, all is in
  its memory, its clock is what it executes, and its random numbers are given. What
  depends on chance (random numbers, the moment of an interrupt) is in the spread, and
  in what another `--seed` of tools/bench/run gives. To have less of that, processes
  get no random addresses, a figure begins just after a tick, and batches of forks
  differ in what else is in the slabs: under both kernels. `net` is minus the same
  loop without a new namespace, and as exact as what it is the difference of: one that
  is smaller than a hundredth of the raw figure says only that it is small. `total`
  includes dropping it.
{bytes}{drivers}- **wall**: nanoseconds with two virtual CPUs. Noisy, whatever its spread; nothing
  is concluded from it alone.

An emulator (TCG) counts instructions exactly and knows nothing of caches, branch
prediction, or what an atomic operation or an interrupt costs between CPUs: a ratio of
instructions is not a ratio of time. With one CPU nothing waits for a lock either. On
real hardware run `tools/bench/run-native` under both kernels, a reboot between them.
"""
NATIVE = """
## What these figures are

Both kernels ran the same programs, through ordinary system calls, on the same machine,
{boots}.

- **wall**: nanoseconds, until the work in the foreground is done and memory is back.
  `net` is minus the same loop without a new namespace, `total` includes dropping it.
{bytes}
Not measured here, as it needs a guest: {missing}.
"""


def decisive(document):
    """In guests, time is too noisy to say who won."""
    return [e for e in document["cases"]
            if document["where"] == "native" or not e["metric"].startswith("wall")]


def count(document):
    verdicts = [verdict(e) for e in decisive(document)]
    return {v: verdicts.count(v) for v in ("won", "lost", "even", "none", "failed")}


def headline(document):
    n = count(document)
    aside = " (wall time aside)" if document["where"] == "guests" else ""
    text = (f"{n['won']} figures won, {n['lost']} lost, {n['even']} even, "
            f"{n['failed']} failed{aside}.")
    return text if not n["none"] else f"{text[:-1]}; {n['none']} without a ratio."


def eager(document):
    """Ours against itself with everything at creation, as a table."""
    by_name = {(e["name"], e["metric"]): e for e in decisive(document) if e["ours"]}
    for (name, metric), e in by_name.items():
        late = by_name.get((name.removesuffix("_eager"), metric))
        if name.endswith("_eager") and late:
            at_once, later = e["ours"]["median"], late["ours"]["median"]
            yield (f"| `{late['name']}` | {metric} | {human(at_once)} | {human(later)} | "
                   f"{at_once / later:.3f} |")


def row(e):
    name = f"`{e['name']}`"
    if "failed" in e:
        reasons = "; ".join(f"{side}: {why}" for side, why in e["failed"].items())
        return f"| {name} | {e['metric']} | | | **failed** | | {reasons} |"
    ratio = "–" if e["ratio"] is None else f"{e['ratio']:.2f}"
    mark = {"won": "won", "lost": "**lost**", "even": "", "none": "no ratio"}[verdict(e)]
    mark += " (noisy)" if spread(e) > NOISY else ""
    n = min(e["ours"]["n"], e["stock"]["n"])
    wide = f"{spread(e):.1%}" if n > 1 else "–"
    return (f"| {name} | {e['metric']} | {human(e['stock']['median'])} | "
            f"{human(e['ours']['median'])} | {ratio} | {n}, {wide} | {mark} |")


def rows(entries):
    return ["| case | metric | stock | ours | ratio | n, spread | |",
            "| --- | --- | ---: | ---: | ---: | ---: | --- |",
            *map(row, entries), ""]


def meaning(document):
    if document["where"] == "native":
        return NATIVE.format(bytes=BYTES, missing=", ".join(document["missing"]),
                             boots=", ".join(f"{n} times under {side}"
                                             for side, n in document["boots"].items()))
    return GUESTS.format(source=document["environment"]["kernel_source"], bytes=BYTES,
                         drivers=DRIVERS, config=document["config"]["name"])


def provenance(document):
    """Versions and models, one a line."""
    for name, value in document["environment"].items():
        if isinstance(value, dict):
            yield from (f"- {name}, {key}: {said}" for key, said in value.items())
        else:
            yield f"- {name}: {value}"
    for side, kernel in document["kernels"].items():
        yield f"- {side}: " + ", ".join(f"{k} {v}" for k, v in kernel.items())
    differs = document["config"]["differs"]
    if differs is not None:
        yield "- options that differ: " + (", ".join(differs) or "none")


def text(document, drawn):
    counted = decisive(document)
    lines = [HEADER.format(headline=headline(document))]
    images = [f"![{caption}]({file})\n" for file, caption in drawn]
    lines += images[:1]

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
    late = list(eager(document))
    if late:
        lines += ["## Ours on first use, against ours with net.core.netns_eager=1\n",
                  "| case | metric | all at creation | on first use | ratio |",
                  "| --- | --- | ---: | ---: | ---: |", *late, ""]
    walls = [e for e in document["cases"] if e not in counted]
    if walls:
        lines += ["## Wall time (noisy)\n", *rows(walls)]

    lines += ["## Pictures\n", *images[1:]] if images[1:] else []
    lines += [meaning(document), "## What the cases do\n"]
    abouts = {}
    for case, about in document["about"].items():
        abouts.setdefault(about, []).append(f"`{case}`")
    lines += [f"- {', '.join(names)}: {about}" for about, names in abouts.items()]
    return "\n".join([*lines, "", "## Made with\n", *provenance(document)]) + "\n"


def write(document, out):
    """results.json, report.md and the pictures; returns the status to exit with."""
    with open(f"{out}/results.json", "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    drawn = pictures.draw(document, out)
    with open(f"{out}/report.md", "w", encoding="utf-8") as file:
        file.write(text(document, drawn))
    print(headline(document))
    print(f"bench: {out}/report.md")

    broken = broken_controls(document["cases"])
    for e in broken:
        print(f"bench: control {e['name']} is not even: {e['ratio']}", file=sys.stderr)
    failed = sorted({e["name"] for e in document["cases"] if "failed" in e})
    if failed:
        print(f"bench: failed: {' '.join(failed)}", file=sys.stderr)
    return 1 if broken or failed or not document["cases"] else 0
