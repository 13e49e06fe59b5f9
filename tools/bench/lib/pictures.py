"""Pictures of the results, by gnuplot: bars of ratios, curves against numbers.

Must never leave out a ratio below 1, nor draw a case that failed.
"""
import re
import subprocess

from results import verdict

# What a stranger should see first: (case, metric).
SUMMARY = (
    ("fork_exit", "instructions"), ("unshare_net", "instructions"),
    ("unshare_net", "instructions_net"), ("clone_newuser_net", "instructions_net"),
    ("bytes_per_ns_unused", "bytes"), ("max_held_2g", "namespaces"),
    ("destroy_batch_unused_1000", "instructions"), ("unix_socket", "instructions_total"),
    ("lo_up", "instructions_total"), ("whole", "instructions_total"),
    ("bytes_per_ns_lo_up", "bytes"), ("destroy_batch_1000", "instructions"),
    ("destroy_batch_1000", "grace_periods"), ("name_reuse", "instructions"),
    ("loop_unshare_true", "instructions"), ("loop_unshare_lo_up", "instructions"),
    ("loop_netns_add", "instructions"), ("loop_netns_del", "instructions"),
    ("veth_pair_create", "instructions"), ("veth_pair_destroy_1000", "instructions"),
    ("veth_udp64", "instructions"), ("veth_tcp_stream", "instructions"),
    ("veth_tcp_crr", "instructions"), ("veth_udp64_driver", "instructions"),
)
COLOURS = {"won": "#2a7f3f", "even": "#8a8a8a", "lost": "#c0392b"}
BARS = """set terminal svg size 900,{height} font 'sans,12' background '#ffffff'
set output '{out}'
set title "{title}"
set xlabel 'ratio to stock; above 1 is in our favour'
set logscale x 10
set xrange [{low}:{high}]
set yrange [{count}:-1]
set ytics ({tics})
set grid xtics lc rgb '#dddddd'
set arrow from 1,-1 to 1,{count} nohead lc rgb '#000000'
set style fill solid noborder
set boxwidth 0.7
unset key
plot {plots}
"""
CURVES = """set terminal svg size 900,460 font 'sans,12' background '#ffffff'
set output '{out}'
set title "{title}"
set xlabel 'namespaces'
set ylabel '{unit}'
set logscale xy
set format y '%.0s %c'
set grid lc rgb '#dddddd'
set key left top
plot {plots}
"""


def gnuplot(script):
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def figure(ratio):
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def label(e):
    """Plain instructions are what most figures are."""
    name = e["name"] if e["metric"] in ("instructions", "bytes", "wall", "namespaces") \
        else f"{e['name']}, {e['metric'].removeprefix('instructions_')}"
    return name.replace("_", r"\\_")


def bars(entries, out, title):
    """One bar a case, from 1 to its ratio."""
    ratios = [e["ratio"] for e in entries]
    low, high = min(0.5, *ratios) / 1.1, max(2, *ratios) * 1.1
    plots, tics = [], []
    for y, e in enumerate(entries):
        left, right = sorted((1, e["ratio"]))
        plots.append(f"'-' using 1:2:3:4:5:6 with boxxyerror lc rgb "
                     f"'{COLOURS[verdict(e)]}'|{e['ratio']} {y} {left} {right} "
                     f"{y - 0.35} {y + 0.35}")
        tics.append(f'"{label(e)} ({figure(e["ratio"])})" {y}')
    script = BARS.format(height=90 + 18 * len(entries), out=out, title=title, low=low,
                         high=high, count=len(entries), tics=", ".join(tics),
                         plots=", ".join(p.split("|")[0] for p in plots))
    gnuplot(script + "".join(p.split("|")[1] + "\ne\n" for p in plots))


def curves(entries, patterns, out, title, unit):
    """One line for each side and pattern, over the number that ends the name."""
    plots, data = [], []
    for pattern, label in patterns:
        points = sorted((int(match.group(1)), e) for e in entries
                        if (match := re.fullmatch(rf"{pattern}_(\d+)", e["name"])))
        if len(points) < 2:
            continue
        for side, colour in (("stock", "#c0392b"), ("ours", "#2a7f3f")):
            dash = 1 + len(plots) // 2
            plots.append(f"'-' with linespoints lw 2 dt {dash} lc rgb '{colour}' "
                         f"title '{side}, {label}'")
            data.append("".join(f"{n} {e[side]['median']}\n" for n, e in points) + "e\n")
    if plots:
        gnuplot(CURVES.format(out=out, title=title, unit=unit, plots=", ".join(plots)) +
                "".join(data))
    return bool(plots)


def draw(document, directory):
    """Returns (file, caption) of each picture there is something for, a summary first."""
    drawn = []
    good = [e for e in document["cases"] if e["ratio"] is not None]
    known = {(e["name"], e["metric"]): e for e in good}
    summary = [known[key] for key in SUMMARY if key in known]
    if summary:
        bars(summary, f"{directory}/summary.svg", "Ratio to stock: the most telling cases")
        drawn.append(("summary.svg", "Ratios to stock of the most telling cases"))
    for metric, caption in (("instructions", "instructions"), ("bytes", "bytes held"),
                            ("wall", "wall time, noisy"
                             if document["where"] == "guests" else "wall time")):
        mine = [e for e in good if e["metric"] == metric]
        if mine:
            bars(mine, f"{directory}/ratios-{metric}.svg", f"Ratio to stock: {caption}")
            drawn.append((f"ratios-{metric}.svg", f"Ratios: {caption}"))
    for name, metric, patterns, title, unit in (
            ("create", "instructions", (("create_held", "unused"),
                                        ("create_held_lo_up", "lo up")),
             "Making one more namespace while N are held", "instructions each"),
            ("destroy", "instructions", (("destroy_batch_unused", "unused"),
                                         ("destroy_batch", "lo up")),
             "Dropping N namespaces at once", "instructions"),
            ("bytes", "bytes", (("bytes_per_ns_unused", "unused"),
                                ("bytes_per_ns_lo_up", "lo up")),
             "Memory that one of N namespaces holds", "bytes each")):
        mine = [e for e in good if e["metric"] == metric]
        if curves(mine, patterns, f"{directory}/{name}.svg", title, unit):
            drawn.append((f"{name}.svg", title))
    return drawn
