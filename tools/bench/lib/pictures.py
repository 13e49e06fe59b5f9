"""Pictures of the results, by gnuplot: bars of ratios, curves against numbers.

Must never leave out a ratio below 1, nor draw a case that failed.
"""
import re
import subprocess

from results import human, verdict

# What a stranger should see first: (case, metric), in plain words.
SUMMARY = {
    ("unshare_net", "instructions_net"): "never used: made and dropped",
    ("create_held_1000", "instructions"): "never used: one more beside 1,000",
    ("destroy_batch_unused_1000", "instructions"): "never used: 1,000 dropped at once",
    ("bytes_per_ns_unused", "bytes"): "never used: memory held",
    ("max_held_2g", "namespaces"): "never used: how many fit into 2 GiB",
    ("unix_socket", "instructions_total"): "local socket only: whole life",
    ("loop_unshare_true", "instructions"): "command: unshare -n true",
    ("loop_netns_add", "instructions"): "command: ip netns add",
    ("loop_netns_del", "instructions"): "command: ip netns del",
    ("lo_up", "instructions"): "lo set up",
    ("whole", "instructions_total"): "lo, UDP, TCP, ip, sysctl: whole life",
    ("bytes_per_ns_lo_up", "bytes"): "lo up: memory held",
    ("destroy_batch_1000", "instructions"): "lo up: 1,000 dropped at once",
    ("destroy_batch_1000", "grace_periods"): "lo up: waits for RCU in that",
    ("name_reuse", "instructions"): "veth dropped with its namespace",
    ("veth_pair_create", "instructions"): "veth: a pair made",
    ("veth_udp64", "instructions"): "veth: a datagram, end to end",
    ("veth_tcp_stream", "instructions"): "veth: a MiB over TCP",
    ("veth_tcp_crr", "instructions"): "veth: a TCP connection",
    ("veth_udp64_driver", "instructions"): "veth: a datagram, driver only",
    ("fork_exit", "instructions"): "control: fork and exit",
    ("init_udp_lo", "instructions"): "control: who uses no namespace",
}
COLOURS = {"won": "#2a7f3f", "even": "#8a8a8a", "lost": "#c0392b"}
BARS = """set terminal svg size 900,{height} font 'sans,12' background '#ffffff'
set output '{out}'
set title "{title}"
set xlabel 'ratio to stock; above 1, to the right, is in our favour'
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
    return e["name"] if e["metric"] in ("instructions", "bytes", "wall", "namespaces") \
        else f"{e['name']}, {e['metric'].removeprefix('instructions_')}"


def quoted(text):
    return '"' + text.replace("_", r"\\_") + '"'


def bars(entries, out, title, names=None):
    """One bar a case, from 1 to its ratio; with names, what was measured beside it."""
    ratios = [e["ratio"] for e in entries]
    low, high = min(0.5, *ratios) / 1.1, max(2, *ratios) * (100 if names else 5)
    plots, tics, said = [], [], []
    for y, e in enumerate(entries):
        # What is even shall be seen, too.
        left, right = sorted((1, e["ratio"]))
        left, right = min(left, 0.985), max(right, 1.015)
        plots.append(f"'-' using 1:2:3:4:5:6 with boxxyerror lc rgb "
                     f"'{COLOURS[verdict(e)]}'|{e['ratio']} {y} {left} {right} "
                     f"{y - 0.35} {y + 0.35}")
        tics.append(f"{quoted(names[e['name'], e['metric']] if names else label(e))} {y}")
        measured = f"{human(e['stock']['median'])} → {human(e['ours']['median'])} {e['unit']}"
        said.append(f"set label {quoted(figure(e['ratio']) + (f': {measured}' if names else ''))}"
                    f" at {right * 1.06},{y} font ',10'\n")
    script = "".join(said) + BARS.format(
        height=90 + 18 * len(entries), out=out, title=title, low=low, high=high,
        count=len(entries), tics=", ".join(tics),
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
        bars(summary, f"{directory}/summary.svg",
             "What a network namespace costs: stock → ours", SUMMARY)
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
