"""The table of cases: what is measured, by which command, in which guest.

Names are fixed, others read them. The two sets differ in sizes and repetitions
only. Must never hold anything that treats the two kernels differently.
"""
from typing import NamedTuple

INSTRUCTIONS, WALL = "instructions", "wall"

# Outside of this range of ratios a control says that the comparison is broken.
CONTROLS = ("fork_exit", "getpid")
CONTROL_RANGE = (0.98, 1.02)

# What a workload prints, per clock: name of the metric, unit, which is better.
METRICS = {
    (INSTRUCTIONS, "raw"): ("instructions", "instructions", "lower"),
    (INSTRUCTIONS, "net"): ("instructions_net", "instructions", "lower"),
    (INSTRUCTIONS, "total"): ("instructions_total", "instructions", "lower"),
    (INSTRUCTIONS, "bytes"): ("bytes", "bytes", "lower"),
    (INSTRUCTIONS, "bytes_net"): ("bytes_net", "bytes", "lower"),
    (INSTRUCTIONS, "objects"): ("slab_bytes", "bytes", "lower"),
    (INSTRUCTIONS, "grace_periods"): ("grace_periods", "grace periods", "lower"),
    (WALL, "raw"): ("wall", "ns", "lower"),
    (WALL, "net"): ("wall_net", "ns", "lower"),
    (WALL, "total"): ("wall_total", "ns", "lower"),
    (WALL, "count"): ("namespaces", "namespaces", "higher"),
}


class Guest(NamedTuple):
    """Workloads of one group share a guest, one after another."""
    name: str
    mem: int = 1024


class Workload(NamedTuple):
    guest: Guest
    about: str
    command: str
    cases: tuple
    clocks: tuple = (INSTRUCTIONS,)


NO_FB = "/proc/sys/net/core/fb_tunnels_only_for_init_net"
BOTH = (INSTRUCTIONS, WALL)


def without_fb_tunnels(command):
    return f"echo 1 > {NO_FB} && {command}; s=$?; echo 0 > {NO_FB}; exit $s"


def unused(full):
    guest = Guest("unused")
    loops = "100 9" if full else "50 5"

    def case(name, about, change=str):
        return Workload(guest, about, change(f"unused {name} {loops}"), (name,), BOTH)

    return [
        case("fork_exit", "control: fork, exit, wait"),
        Workload(guest, "control: getpid()", "unused getpid 100000 5", ("getpid",), BOTH),
        case("unshare_net", "fork, unshare(CLONE_NEWNET), exit"),
        case("unshare_net_no_fb_tunnels", "the same with fb_tunnels_only_for_init_net=1",
             without_fb_tunnels),
        case("unshare_uts", "yardstick: fork, unshare(CLONE_NEWUTS), exit"),
        case("clone_net", "clone(CLONE_NEWNET), exit"),
        case("clone_newuser_net", "clone(CLONE_NEWUSER | CLONE_NEWNET), exit"),
    ]


def first_use(full):
    guest = Guest("use")
    samples = 15 if full else 5

    def case(name, about, change=str, use=None):
        return Workload(guest, about, change(f"firstuse {name} {use or name} {samples}"),
                        (name,), (INSTRUCTIONS,))

    return [
        case("unix_socket", "new namespace, then an AF_UNIX socket"),
        case("lo_up", "new namespace, then lo up"),
        case("lo_up_no_fb_tunnels", "the same with fb_tunnels_only_for_init_net=1",
             without_fb_tunnels, "lo_up"),
        case("udp_lo", "lo up, first datagram over it"),
        case("tcp_lo", "lo up, first TCP exchange over it"),
        case("sysctl_touch", "new namespace, then read net.ipv4.ip_forward"),
        case("proc_net_touch", "new namespace, then read /proc/net/dev"),
        case("ip_link_list", "new namespace, then `ip link list`"),
        case("whole", "all of it: lo, UDP, TCP, ip addr, sysctl -a, ls /proc/net /sys/class/net"),
    ]


def held(full):
    guest = Guest("held", 6144 if full else 1536)
    sizes = (100, 1000, 10000) if full else (100, 1000)
    batch = (100, 1000, 4000) if full else (100, 1000)
    some = 100 if full else 50

    def names(pattern, ns):
        return tuple(f"{pattern}_{n}" for n in ns)

    def case(about, use, make, held_bytes, drop, ns, clocks=(INSTRUCTIONS,), change=str):
        cases = ()
        for pattern in (make, held_bytes, drop):
            cases += names(pattern, ns) if pattern != "-" else ()
        if len(ns) > 1:
            cases += (f"{make}_slope",) if make != "-" else ()
            cases += (held_bytes,) if held_bytes != "-" else ()
        numbers = " ".join(map(str, ns))
        return Workload(guest, about,
                        change(f"held {use} {make} {held_bytes} {drop} {numbers}"),
                        cases, clocks)

    rows = [
        case("namespaces that nobody uses, held by a descriptor each", "unused",
             "create_held", "bytes_per_ns_unused", "destroy_batch_unused", sizes),
        case("yardstick: the same with UTS namespaces", "uts",
             "create_held_uts", "bytes_per_uts", "-", (100, 1000)),
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
    return rows


def beside(full):
    """Namespaces in numbers: processes, ids, limits, one among many."""
    some = Guest("beside", 4096 if full else 1536)
    sizes = (100, 1000, 10000) if full else (100, 1000)
    ids = tuple(f"nsid_{n}" for n in sizes) + ("nsid_slope",)
    processes = (100, 1000, 20000) if full else (100, 1000)
    numbers = " ".join(map(str, sizes))
    return [
        Workload(some, "processes in a namespace each, against UTS namespaces",
                 f"processes {' '.join(map(str, processes))}",
                 tuple(f"held_processes_{n}" for n in processes)),
        Workload(some, "peer ids assigned and dropped with their namespaces",
                 f"nsid {numbers}", ids),
        Workload(some, "one namespace dropped beside others",
                 f"latency destroy_latency {1000 if full else 100} 5",
                 ("destroy_latency",), BOTH),
        Workload(some, "a veth end dropped with its namespace, until the name is free",
                 "latency name_reuse 10 5", ("name_reuse",), BOTH),
        Workload(Guest("limit", 2048), "held by descriptors in 2 GiB, at most 100,000",
                 "limit max_held_2g 100000", ("max_held_2g",), (WALL,)),
    ]


def published(full):
    """What others have published of network namespaces, in smaller numbers."""
    guest = Guest("published", 1536)
    n = 100 if full else 20
    samples = 5 if full else 2

    def loop(name, about, command, without):
        counted = f"for i in $(seq {n}); do {{}}; done"
        return Workload(guest, about, f"measure {name} {samples} {n} "
                        f"'{counted.format(command)}' '{counted.format(without)}'", (name,))

    add = f"for i in $(seq {n}); do ip netns add n$i; done"
    delete = f"for i in $(seq {n}); do ip netns del n$i; done"
    plain = f"for i in $(seq {n}); do unshare -m true; done"
    return [
        loop("loop_unshare_true", "a loop of `unshare -n true`, net of `unshare -u true`",
             "unshare -n true", "unshare -u true"),
        loop("loop_unshare_false", "a loop of `unshare -n false`",
             "unshare -n false || :", "unshare -u false || :"),
        Workload(guest, "`unshare -n` and lo up, all at once",
                 f"measure loop_unshare_lo_up {samples} {n} "
                 f"'for i in $(seq {n}); do unshare -n ip link set lo up & done; wait' "
                 f"'for i in $(seq {n}); do unshare -u ip link show lo > /dev/null & done; "
                 "wait'", ("loop_unshare_lo_up",)),
        Workload(guest, "loops of `ip netns add` and `ip netns del`",
                 f"measure loop_netns_add {samples} {n} '{add}' '{plain}' "
                 f"loop_netns_del '{delete}' '{plain}'",
                 ("loop_netns_add", "loop_netns_del")),
    ]


def table(full):
    return unused(full) + first_use(full) + held(full) + beside(full) + published(full)
