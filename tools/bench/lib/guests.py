"""Runs workloads in guests of both kernels, alternately, and keeps what they say.

Must never drop a workload that failed: it leaves a reason instead of samples.
"""
import os
import shutil
import subprocess
import sys
import time

from cases import INSTRUCTIONS, WALL

GUEST = "build/bench/guest"
PLUGIN = "build/bench/between.so"
PROGRAMS = "tools/bench/workloads"
SHARED_SOURCES = ("bench.c", "grace.c", "memory.c", "netlink.c", "path.c", "uses.c",
                  "work.c")
SIDES = ("stock", "ours")


def build_library(target, source):
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra",
                    "-Wno-unused-parameter", "-Werror", "-o", target, source], check=True)


def build_programs(target):
    """Static programs: the guest's user space need not match the host's."""
    os.makedirs(target, exist_ok=True)
    shared = [f"{PROGRAMS}/{name}" for name in SHARED_SOURCES]
    for name in sorted(os.listdir(PROGRAMS)):
        if name.endswith(".sh"):
            subprocess.run(["install", "-m", "755", f"{PROGRAMS}/{name}",
                            f"{target}/{name[:-3]}"], check=True)
        elif name.endswith(".c") and name not in SHARED_SOURCES:
            subprocess.run(["gcc", "-static", "-O2", "-Wall", "-Wextra", "-Werror", "-o",
                            f"{target}/{name[:-2]}", f"{PROGRAMS}/{name}", *shared],
                           check=True)
    build_library(f"{target}/as_uts.so", "tools/bench/preload/as_uts.c")


def prepare():
    build_programs(f"{GUEST}/programs")
    build_library(PLUGIN, "tools/bench/plugin/between.c")


def share(target, workloads):
    """What a guest gets: the same on both sides, whatever else runs beside it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(f"{GUEST}/programs", f"{target}/programs", copy_function=os.link)
    shutil.copy("tools/bench/session", target)
    with open(f"{target}/commands", "w", encoding="utf-8") as file:
        for number, workload in enumerate(workloads):
            file.write(f"{number}\t{workload.command}\n")


class Outcome:
    """What one run of a list of workloads gave."""

    def __init__(self, workloads):
        self.workloads = workloads
        self.samples = []       # (case, metric, value)
        self.failures = {}      # case: reason
        self.done = set()

    @classmethod
    def of(cls, record):
        """What was written down of an earlier one."""
        outcome = cls([])
        outcome.samples = [tuple(sample) for sample in record["samples"]]
        outcome.failures = record["failures"]
        return outcome

    def line(self, text):
        """One line of the session's; whatever else is there is not for us."""
        words = text.rstrip("\n").split("\t")
        if words[0] == "sample" and len(words) == 4:
            self.samples.append((words[1], words[2], int(words[3])))
        elif words[0] == "end" and len(words) == 4:
            number = int(words[1])
            self.done.add(number)
            if words[2] != "0":
                self.fail(number, words[3] or f"status {words[2]}")

    def plugin(self, lines):
        """What the plugin counted while a workload ran: a case and a figure a line."""
        for text in lines:
            case, value = text.rstrip("\n").split("\t")
            self.samples.append((case, "raw", int(value)))

    def fail(self, number, reason):
        """All of its cases: what it measured before it failed is not to be trusted."""
        for case in self.workloads[number].cases:
            self.failures.setdefault(case, reason)

    def finish(self, status, reason):
        """Nothing more will come: what has not ended by now never will."""
        have = {case for case, _, _ in self.samples}
        for number, workload in enumerate(self.workloads):
            # A kernel that complained spoils all that it measured.
            if number not in self.done or status:
                self.fail(number, reason)
            for case in workload.cases:
                if case not in have:
                    self.failures.setdefault(case, "printed no figure")


def run(side, kernel, clock, guest, workloads, log, seed):
    """One guest; returns its Outcome and the runner's description of it."""
    shared = f"{GUEST}/{guest.name}-{clock}-{side}"
    share(shared, workloads)
    # A run that is stopped leaves no guest behind.
    command = ["setpriv", "--pdeathsig", "TERM", "tools/guest/run", "--kernel", kernel,
               "--mem", str(guest.mem), "--timeout", "10800", "--dir", shared]
    command += ["--icount", "--seed", str(seed)] if clock == INSTRUCTIONS else ["--cpus", "2"]
    if guest.plugin:
        command += ["--plugin", f"{os.path.abspath(PLUGIN)},out={os.path.abspath(log)}.plugin"]
    command += ["--", "./session", clock]
    outcome = Outcome(workloads)
    start = time.monotonic()
    with open(log, "w", encoding="utf-8") as errors, \
         open(log + ".out", "w", encoding="utf-8", buffering=1) as out, \
         subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True,
                          stdin=subprocess.DEVNULL) as process:
        for text in process.stdout:
            out.write(text)
            outcome.line(text)
    if guest.plugin and os.path.exists(log + ".plugin"):
        with open(log + ".plugin", encoding="utf-8") as counted:
            outcome.plugin(counted)
    with open(log, encoding="utf-8") as errors:
        said = errors.read().strip().split("\n")
    outcome.finish(process.returncode,
                   f"guest ended with {process.returncode}: {said[-1]}")
    print(f"bench: {guest.name}, {clock}, {side}: {len(outcome.samples)} samples, "
          f"{len(outcome.failures)} failed, {time.monotonic() - start:.0f} s", flush=True)
    return outcome, said[0].removeprefix("guest: ")
