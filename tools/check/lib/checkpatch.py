"""Runs the kernel's scripts/checkpatch.pl --strict and sifts what it says."""
import os
import re
import subprocess
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
ALLOWED = os.path.join(HERE, "checkpatch-allowed")

# In patches only. New files need no entry of their own in MAINTAINERS: the
# "NETWORKING [GENERAL]" and "KERNEL SELFTEST" ones cover their directories.
PATCH_IGNORES = ("FILE_PATH_CHANGES",)

Finding = namedtuple("Finding", "place type text")


class Allowed:
    """The findings of tools/check/lib/checkpatch-allowed."""

    def __init__(self):
        self.rules, self.used = [], set()
        with open(ALLOWED, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    kind, path, pattern = line.split(None, 2)
                    self.rules.append((kind, path, re.compile(pattern.strip(), re.M)))

    def covers(self, kind, path, block):
        for number, (rule_kind, rule_path, pattern) in enumerate(self.rules):
            if kind == rule_kind and path == rule_path and pattern.search(block):
                self.used.add(number)
                return True
        return False

    def unused(self):
        """Rules that nothing needed, as text."""
        return [f"{kind} {path} {pattern.pattern}"
                for number, (kind, path, pattern) in enumerate(self.rules)
                if number not in self.used]


def run(arguments, tree, allowed, ignores=()):
    """Returns the findings, without those that are allowed."""
    command = ["perl", os.path.join(tree, "scripts/checkpatch.pl"),
               "--root", tree, "--strict", "--show-types", "--no-summary",
               "--quiet", "--color=never"]
    if ignores:
        command += ["--ignore", ",".join(ignores)]
    # Without a repository it looks up no commits, and needs no python3-ply.
    environment = dict(os.environ, GIT_DIR=os.devnull + "/none")
    done = subprocess.run(command + list(arguments), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, errors="replace")
    out = []
    for block in re.split(r"\n(?=(?:ERROR|WARNING|CHECK):)", "\n" + done.stdout):
        head = re.match(r"(ERROR|WARNING|CHECK):([A-Z0-9_]+): (.*)", block)
        if head:
            # "#LINE: FILE: PATH:LINE:", then the lines in question.
            place = re.search(r"^#\d+: FILE: (\S+?):(\d+):", block, re.M)
            path, line = place.groups() if place else ("message", "0")
            if not allowed.covers(head.group(2), path, block):
                out.append(Finding(f"{path}:{line}", head.group(2), head.group(3)))
    if done.returncode and not done.stdout.strip():
        out.append(Finding("checkpatch.pl", "FAILED", done.stderr.strip()[-500:]))
    return out
