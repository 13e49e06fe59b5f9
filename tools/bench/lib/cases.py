"""The table of cases: what is measured, by which command, in which guest.

Names are fixed, others read them. The two sets differ in sizes and repetitions
only. Must never hold anything that treats the two kernels differently.
"""
from typing import NamedTuple

# NATIVE is the wall's clock of a machine itself: tools/bench/run-native.
INSTRUCTIONS, WALL, NATIVE = "instructions", "wall", "native"

# A control whose ratio is further from 1 says that the comparison is broken, or
# that those pay for network namespaces who never use them.
CONTROLS = {
    "fork_exit": 0.02, "getpid": 0.02,
    "init_socket": 0.01, "init_proc_net": 0.01, "init_sysctl": 0.01, "init_udp_lo": 0.01,
}

# What a workload prints, per clock: name of the metric, unit, which is better.
METRICS = {
    (INSTRUCTIONS, "raw"): ("instructions", "instructions", "lower"),
    (INSTRUCTIONS, "net"): ("instructions_net", "instructions", "lower"),
    (INSTRUCTIONS, "total"): ("instructions_total", "instructions", "lower"),
    (INSTRUCTIONS, "assign"): ("instructions_assign", "instructions", "lower"),
    (INSTRUCTIONS, "processes"): ("processes", "processes", "higher"),
    (INSTRUCTIONS, "bytes"): ("bytes", "bytes", "lower"),
    (INSTRUCTIONS, "bytes_net"): ("bytes_net", "bytes", "lower"),
    (INSTRUCTIONS, "objects"): ("slab_bytes", "bytes", "lower"),
    (INSTRUCTIONS, "grace_periods"): ("grace_periods", "grace periods", "lower"),
    (INSTRUCTIONS, "expedited"): ("grace_periods_expedited", "grace periods", "lower"),
    (WALL, "raw"): ("wall", "ns", "lower"),
    (WALL, "net"): ("wall_net", "ns", "lower"),
    (WALL, "total"): ("wall_total", "ns", "lower"),
    (WALL, "speedup"): ("wall_speedup", "%", "higher"),
    (WALL, "contended"): ("wall_contended", "waits per thousand", "lower"),
    (WALL, "count"): ("namespaces", "namespaces", "higher"),
    (NATIVE, "raw"): ("wall", "ns", "lower"),
    (NATIVE, "net"): ("wall_net", "ns", "lower"),
    (NATIVE, "total"): ("wall_total", "ns", "lower"),
    (NATIVE, "assign"): ("wall_assign", "ns", "lower"),
    (NATIVE, "speedup"): ("wall_speedup", "%", "higher"),
    (NATIVE, "contended"): ("wall_contended", "waits per thousand", "lower"),
    (NATIVE, "processes"): ("processes", "processes", "higher"),
    (NATIVE, "bytes"): ("bytes", "bytes", "lower"),
    (NATIVE, "bytes_net"): ("bytes_net", "bytes", "lower"),
    (NATIVE, "objects"): ("slab_bytes", "bytes", "lower"),
    (NATIVE, "grace_periods"): ("grace_periods", "grace periods", "lower"),
    (NATIVE, "expedited"): ("grace_periods_expedited", "grace periods", "lower"),
}


class Guest(NamedTuple):
    """Workloads of one group share a guest, one after another."""
    name: str
    mem: int = 1024
    plugin: bool = False        # tools/bench/plugin counts, not the guest
    alone: bool = False         # nothing else may have run in there
    once: bool = False          # takes long, and its samples are many


class Workload(NamedTuple):
    guest: Guest
    about: str
    command: str
    cases: tuple
    clocks: tuple = (INSTRUCTIONS,)
    native: bool = True         # means something outside of a guest, too


TOGETHER = Guest("together", 1536)

NO_FB = "/proc/sys/net/core/fb_tunnels_only_for_init_net"
EAGER = "/proc/sys/net/core/netns_eager"
BOTH = (INSTRUCTIONS, WALL)


def by_clock(instructions, wall):
    """A number for a command: of one that is exact, fewer samples do."""
    return f"$([ $BENCH_CLOCK = {INSTRUCTIONS} ] && echo {instructions} || echo {wall})"


def without_fb_tunnels(command):
    return (f"old=$(cat {NO_FB}) && echo 1 > {NO_FB} && {command}; s=$?; "
            f"echo $old > {NO_FB}; exit $s")


def eager(command):
    """With everything at creation, as stock has it; ours needs to be told."""
    return (f"[ ! -e {EAGER} ] || echo 1 > {EAGER}; {command}; s=$?; "
            f"[ ! -e {EAGER} ] || echo 0 > {EAGER}; exit $s")


def unused(full):
    guest = Guest("unused")
    batches = 9 if full else by_clock(7, 3)

    # As cheap as they are, a tick more or less must not show in what is exact.
    def case(name, about, change=str, iterations=400):
        loops = f"{iterations if full else by_clock(iterations, iterations // 5)} {batches}"
        return Workload(guest, about, change(f"unused {name} {loops}"), (name,), BOTH)

    return [
        case("fork_exit", "control: fork, exit, wait"),
        Workload(guest, "control: getpid()", "unused getpid 100000 5", ("getpid",), BOTH),
        case("unshare_net", "fork, unshare(CLONE_NEWNET), exit", iterations=200),
        case("unshare_net_no_fb_tunnels", "the same with fb_tunnels_only_for_init_net=1",
             without_fb_tunnels, 50),
        case("unshare_uts", "yardstick: fork, unshare(CLONE_NEWUTS), exit", iterations=800),
        case("clone_net", "clone(CLONE_NEWNET), exit", iterations=50),
        case("clone_newuser_net", "clone(CLONE_NEWUSER | CLONE_NEWNET), exit", iterations=50),
        *[Workload(guest, f"control: in the initial namespace, {about}",
                   f"bystander {name} {iterations} {batches}", (name,))
          for name, iterations, about in (
              ("init_socket", 3000, "socket(2) of AF_INET and AF_UNIX"),
              ("init_proc_net", 1000, "/proc/net/dev read"),
              ("init_sysctl", 3000, "net.ipv4.ip_forward read"),
              ("init_udp_lo", 3000, "a datagram over lo"))],
        *[Workload(Guest("scaling"), f"unshare(CLONE_NEW{kind.upper()}), all CPUs at once: "
                   "time, rate in % of one CPU's, and waits for locks per thousand",
                   f"scaling scaling_{kind} {kind} 100 {9 if full else 7}", (f"scaling_{kind}",),
                   (WALL,)) for kind in ("net", "uts")],
    ]


def first_use(full):
    guest = Guest("use")
    many, few = (25, 9) if full else (15, 5)

    def case(name, about, change=str, use=None, samples=many):
        return Workload(guest, about, change(f"firstuse {name} {use or name} {samples}"),
                        (name,), (INSTRUCTIONS,))

    return [
        case("unix_socket", "new namespace, then an AF_UNIX socket"),
        case("lo_up", "new namespace, then lo up"),
        case("lo_up_no_fb_tunnels", "the same with fb_tunnels_only_for_init_net=1",
             without_fb_tunnels, "lo_up"),
        case("lo_up_eager", "the same with net.core.netns_eager=1, where there is that",
             eager, "lo_up"),
        case("udp_lo", "lo up, first datagram over it"),
        case("tcp_lo", "lo up, first TCP exchange over it"),
        case("sysctl_touch", "new namespace, then read net.ipv4.ip_forward"),
        case("proc_net_touch", "new namespace, then read /proc/net/dev"),
        case("ip_link_list", "new namespace, then `ip link list`"),
        case("whole", "all of it: lo, UDP, TCP, ip addr, sysctl -a, ls /proc/net /sys/class/net",
             samples=few),
    ]


def held(full):
    guest = Guest("held", 6144 if full else 1536, once=full)
    sizes = (100, 1000, 10000) if full else (100, 1000)
    batch = (100, 1000, 4000) if full else (100, 1000)
    some = 50

    def names(pattern, ns):
        return tuple(f"{pattern}_{n}" for n in ns)

    def case(about, use, make, held_bytes, drop, ns, clocks=(INSTRUCTIONS,), change=str,
             samples=by_clock(2, 1)):
        cases = ()
        for pattern in (make, held_bytes, drop):
            cases += names(pattern, ns) if pattern != "-" else ()
        if len(ns) > 1:
            cases += (f"{make}_slope",) if make != "-" else ()
            cases += (held_bytes,) if held_bytes != "-" else ()
        numbers = " ".join(map(str, ns))
        return Workload(guest, about,
                        change(f"held {samples} {use} {make} {held_bytes} {drop} {numbers}"),
                        cases, clocks)

    # Those that live come first: what they leave behind is then the same on both sides.
    rows = [
        case("namespaces with lo up, dropped at once", "lo_up",
             "create_held_lo_up", "bytes_per_ns_lo_up", "destroy_batch", batch, BOTH),
        case("the same with fb_tunnels_only_for_init_net=1", "lo_up",
             "create_held_lo_up_no_fb_tunnels", "bytes_per_ns_lo_up_no_fb_tunnels",
             "destroy_batch_no_fb_tunnels", (100,), change=without_fb_tunnels),
    ]
    for use in ("unix_socket", "udp_lo", "tcp_lo", "sysctl_touch", "proc_net_touch",
                "ip_link_list", "whole"):
        rows.append(case(f"bytes held after {use}", use, "-", f"bytes_per_ns_{use}",
                         "-", (some,)))
    return rows + [
        case("namespaces that nobody uses, held by a descriptor each", "unused",
             "create_held", "bytes_per_ns_unused", "destroy_batch_unused", sizes),
        # So little to do that whatever else there is shows: a few more of them.
        case("namespaces that nobody uses, held by a descriptor each", "unused",
             "create_held", "bytes_per_ns_unused", "destroy_batch_unused", sizes[:1],
             samples=3),
        case("yardstick: the same with UTS namespaces", "uts",
             "create_held_uts", "bytes_per_uts", "-", (100, 1000), samples=9),
    ]


def beside(full):
    """Namespaces in numbers: processes, ids, limits, one among many."""
    some = Guest("beside", 6144 if full else 1536)
    sizes = (100, 1000, 10000) if full else (100, 1000)
    ids = tuple(f"nsid_{n}" for n in sizes) + ("nsid_slope",)
    processes = (100, 1000)
    numbers = " ".join(map(str, sizes))
    samples = 2
    crowd = Workload(Guest("crowd", 4096), "the same in 4 GiB, as many as fit",
                     "processes 1 20000", ("held_processes_20000",))
    return ([crowd] if full else []) + [
        Workload(some, "processes in a namespace each, against UTS namespaces",
                 f"processes {samples} {' '.join(map(str, processes))}",
                 tuple(f"held_processes_{n}" for n in processes) +
                 ("bytes_per_ns_unused_no_fd",)),
        Workload(some, "peer ids assigned and dropped with their namespaces",
                 f"nsid {samples if full else 5} {numbers}", ids),
        Workload(some, "one namespace dropped beside a thousand others",
                 f"latency destroy_latency 1000 {by_clock(151, 11)}",
                 ("destroy_latency",), BOTH),
        Workload(some, "a veth end dropped with its namespace, until the name is free",
                 f"latency name_reuse 10 {11 if full else by_clock(11, 3)}",
                 ("name_reuse",), BOTH),
        Workload(Guest("limit", 2048, alone=True, once=True),
                 "held by descriptors in 2 GiB until creation fails or 64 MiB are left, at "
                 "most 100,000", "limit max_held_2g 100000", ("max_held_2g",), (WALL,),
                 native=False),
    ]


def published(full):
    """What others have published of network namespaces; smaller in the quick set."""
    guest = Guest("published", 6144 if full else 1536, once=full)

    def loop(name, about, samples, n, command, without):
        counted = f"for i in $(seq {n}); do {{}}; done"
        return Workload(guest, about, f"measure {name} {samples} {n} "
                        f"'{counted.format(command)}' '{counted.format(without)}'",
                        (name,), BOTH)

    n = 1000 if full else 20
    samples = by_clock(2, 10) if full else by_clock(3, 2)
    add = f"for i in $(seq {n}); do ip netns add n$i; done"
    delete = f"for i in $(seq {n}); do ip netns del n$i; done"
    plain = f"for i in $(seq {n}); do unshare -m true; done"
    enter = f"for i in $(seq {n}); do ip netns exec {{}} true; done"

    def same(command, uts=False):
        return f"export LD_PRELOAD=$PWD/as_uts.so {'AS_UTS=1' if uts else ''}; {command}"

    return [
        loop("loop_unshare_true", "a loop of `unshare -n /bin/true`, net of the same with -u",
             *((by_clock(3, 40), 100) if full else (samples, 20)),
             "unshare -n /bin/true", "unshare -u /bin/true"),
        loop("loop_unshare_false", "a loop of `unshare -n /bin/false`, net of the same with -u",
             *((1, 1000) if full else (samples, 20)),
             "unshare -n /bin/false || :", "unshare -u /bin/false || :"),
        Workload(guest, "`unshare -n` and lo up, all at once",
                 f"measure loop_unshare_lo_up {samples} {n} "
                 f"'for i in $(seq {n}); do unshare -n ip link set lo up & done; wait' "
                 f"'for i in $(seq {n}); do unshare -u ip link show lo > /dev/null & done; "
                 "wait'", ("loop_unshare_lo_up",), BOTH),
        Workload(guest, "a loop of `ip netns add`, and one of `ip netns del`, net of one "
                 "of `unshare -m true`", f"measure loop_netns_add {1 if full else 3} {n} "
                 f"'{add}' '{plain}' loop_netns_del '{delete}' '{plain}'",
                 ("loop_netns_add", "loop_netns_del"), BOTH),
        Workload(guest, "the same, with ip made to take UTS namespaces instead as what it "
                 "is net of", f"measure loop_netns_add_uts {1 if full else 3} {n} "
                 f"'{same(add)}' '{same(add, True)}' loop_netns_del_uts '{same(delete)}' "
                 f"'{same(delete, True)}'", ("loop_netns_add_uts", "loop_netns_del_uts")),
        Workload(guest, "a loop of `ip netns exec N true`, net of the same with a UTS "
                 "namespace", f"ip netns add net; ({same('ip netns add uts', True)}); "
                 f"measure loop_netns_exec_uts {samples} {n} '{same(enter.format('net'))}' "
                 f"'{same(enter.format('uts'), True)}'; s=$?; "
                 "ip netns del net; ip netns del uts; exit $s", ("loop_netns_exec_uts",)),
    ]


TRAFFIC = {
    "udp64": "a datagram of 64 bytes",
    "tcp_stream": "a MiB over TCP",
    "tcp_rr": "a request and its answer over TCP, a byte each",
    "tcp_crr": "the same with a connection of its own",
}
WAYS = {
    "": "",
    " gro": ", GRO without TSO: through NAPI",
    " fq": ", fq as qdisc",
    " gro fq": ", GRO without TSO: through NAPI, fq as qdisc",
}


def pairs(full):
    """veth, and netkit where it can do the same."""
    guest = Guest("pairs", 2048)
    batches = 9 if full else 3
    rows = []
    for kind in ("veth", "netkit"):
        for traffic, about in TRAFFIC.items():
            for way, how in WAYS.items():
                if kind == "netkit" and "gro" in way:
                    continue
                name = f"{kind}_{traffic}{way.replace(' ', '_')}"
                rows.append(Workload(guest, f"{about}, end to end through {kind}{how}",
                                     f"veth {name} {kind} {traffic} {batches}{way}", (name,),
                                     (INSTRUCTIONS,) if way else BOTH))
        rows.append(Workload(guest, f"{kind} pairs between two namespaces, made, held, and "
                             "ended with one of these",
                             f"pairs {kind} 1000 {3 if full else 1}",
                             (f"{kind}_pair_create", f"{kind}_pair_bytes",
                              f"{kind}_pair_destroy_1000")))
    # What two dummy devices hold, the driver's own is not.
    for queues in (2, 64):
        rows.append(Workload(guest, f"a veth pair with {queues} queues, net of two dummy devices",
                             f"queues veth {queues} 100 {3 if full else 1}",
                             (f"veth_pair_{queues}q",)))
    for qdisc in ("fq", "fq_codel"):
        name = f"veth_delay_{qdisc}"
        rows.append(Workload(guest, "until a datagram of another flow arrives, while a sender "
                             f"fills a veth pair with {qdisc} as qdisc, and NAPI on another "
                             "CPU takes long for each packet",
                             f"delay {name} veth {qdisc} 75", (name,),
                             (WALL,)))
    apart = Guest("apart", 12288) if full else guest
    for n, samples in ((100, 5), (10000, 1)) if full else ((50, 5),):
        rows.append(Workload(apart, "a veth pair made and an end of it moved into a namespace "
                             "of its own, and all of these ended at once, per pair",
                             f"apart veth {n} {samples}",
                             (f"veth_pair_apart_{n}", f"veth_destroy_apart_{n}")))
    return rows


def drivers(full):
    """What lies between the driver's transmit function and the stack at the other end."""
    guest = Guest("drivers", plugin=True)
    records = 9 if full else 3

    def case(kind, name, about, traffic="udp64", how=""):
        name = f"{kind}_{name}_driver"
        return Workload(guest, f"from the entry of {kind}_xmit() to that of "
                        f"the stack's function {about}",
                        f"driver {name} {kind} {traffic} {records} {how}", (name,),
                        native=False)

    datagram = "at the peer, a datagram of 64 bytes"
    packet = "at the peer, one packet of 44 segments"
    passed = "at the peer, past XDP, a datagram of 64 bytes"
    back = "at the same end, where XDP in the peer sends a datagram of 64 bytes back to"
    onward = "at the end of a second pair, where XDP in the peer of the first redirects to"
    many = ", one of 64 in a row"
    return [
        case("veth", "udp64", datagram),
        case("veth", "udp64_burst64", datagram + many, how="burst"),
        case("veth", "gso", packet, "gso"),
        case("veth", "udp64_gro", datagram + ", through NAPI", how="gro"),
        case("veth", "udp64_gro_burst64", datagram + ", through NAPI" + many, how="gro burst"),
        case("veth", "xdp_pass", passed, how="pass"),
        case("veth", "xdp_pass_burst64", passed + many, how="pass burst"),
        case("veth", "xdp_tx", back, how="tx"),
        case("veth", "xdp_tx_burst64", back + many, how="tx burst"),
        case("veth", "xdp_redirect", onward, how="redirect"),
        case("veth", "xdp_redirect_burst64", onward + many, how="redirect burst"),
        case("netkit", "udp64", datagram),
        case("netkit", "gso", packet, "gso"),
    ]


def table(full):
    return (unused(full) + first_use(full) + held(full) + beside(full) + published(full) +
            pairs(full) + drivers(full))


def chosen(full, names):
    """The workloads of the cases that are named, of all when none is."""
    workloads = table(full)
    known = {case for w in workloads for case in w.cases}
    for name in names:
        if name not in known:
            raise SystemExit(f"bench: no case is called {name}; there are: "
                             f"{' '.join(sorted(known))}")
    return [w for w in workloads if not names or set(w.cases) & set(names)]
