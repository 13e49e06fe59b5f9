"""Tests tools/check/originality on what must fail it and what must pass.

A check that compares nothing passes everything; so each run of the tool first
feeds it stock itself, stock in disguise, and unrelated kernel code.
"""
import os
import random
import textwrap

from compare import RUN_LIMIT, SHARE_LIMIT, compare_sources, read
from csource import KEYWORDS, Source

CORE = ("include/net/net_namespace.h", "net/core/net_namespace.c")
STOCK = (CORE, ("kernel/nsproxy.c",), ("drivers/net/veth.c",))
UNRELATED = ("net/core/page_pool.c", "net/netlink/genetlink.c", "fs/nsfs.c",
             "kernel/user_namespace.c", "net/core/sock_map.c")
NOISE = 5.0             # per cent: the most that unrelated code may share

MEMBERS = """
    #include <linux/list.h>
    #ifdef CONFIG_KEYS
    #define FIRST 1
    #endif
    struct pair {
            struct list_head list;
            union {
                    int (*init)(struct net *net);
                    u32 seq;
            };
    } __randomize_layout;
    extern struct list_head list;
    struct net *get(struct ns_common *ns, int flags);
    void __net_init preinit(struct net *net, struct user_namespace *owner);
    static const struct nla_policy policy[] = {
            [FIRST] = { .type = NLA_S32, .len = 4 },
    };
    EXPORT_SYMBOL_GPL(get);
"""


def disguise(text):
    """The same program with other names, other lines and no comments."""
    dice = random.Random(1)
    source = Source(text)
    directive = {id(t) for tokens in source.directives for t in tokens}
    out, line, room, before = [], 0, 0, None
    for token in source.tokens:
        name = token.text
        if id(token) in directive:
            broken = token.line != line and name == "#"
        else:
            if token.kind == "word" and name not in KEYWORDS \
                    and not name.startswith("EXPORT_SYMBOL"):
                name = "my_" + name[::-1]
            # What the directives end, and column 0, must stay as it is.
            broken = (room <= 0 or id(before) in directive
                      or token.column == 0 and token.line != line)
        if broken:
            out.append("\n" if not token.column else "\n\t")
            room = dice.randrange(1, 12)
        out.append(name + " ")
        line, room, before = token.line, room - 1, token
    return "".join(out)


def run(stock):
    """Prints what goes wrong; returns how many cases did."""
    wrong = []

    def expect(what, condition):
        if not condition:
            wrong.append(what)

    def source(path):
        return read(os.path.join(stock, path))

    for group in STOCK:
        others = {path: source(path) for path in group}
        for path in group:
            same = compare_sources(source(path), others)
            expect(f"{path}: stock itself shares {same.share:.1f} %",
                   same.share == 100 and same.runs and same.sentences)
            if path.endswith(".h"):
                continue        # little but the contract is left of it
            with open(os.path.join(stock, path), encoding="utf-8") as file:
                hidden = compare_sources(Source(disguise(file.read())), others)
            expect(f"{path}: in disguise it shares {hidden.share:.1f} %",
                   hidden.share > 95)
        for path in UNRELATED:
            noise = compare_sources(source(path), others)
            expect(f"{path}: unrelated to {group[0]}, yet {noise.share:.1f} % "
                   f"and {noise.longest.length} lines",
                   noise.share < NOISE and noise.longest.length < RUN_LIMIT)

    veth = {"drivers/net/veth.c": source("drivers/net/veth.c")}
    kin = compare_sources(source("drivers/net/can/vxcan.c"), veth)
    expect(f"vxcan.c, once made from veth.c, shares {kin.share:.1f} %",
           kin.share > SHARE_LIMIT)

    # What the contract dictates counts for nothing, and hides nothing.
    contract = Source(textwrap.dedent(MEMBERS))
    left = [code for _, code in contract.lines()]
    expect(f"counts as code: {left}", left == [
        "static const struct nla_policy policy [ ] = {"])
    body = "".join(f"        step{i}(x);\n\n        /* {i} */\n" for i in range(6))
    copy = f"int f(int x)\n{{\n{body}}}\n"
    runs = compare_sources(Source(copy), {"x": Source(copy)}).runs
    expect("six lines with blank lines and comments between",
           len(runs) == 1 and runs[0].length == 6)

    for what in wrong:
        print(f"originality: self-test failed: {what}")
    return len(wrong)
