"""Reads tools/series/manifest: which step of the series takes which file."""
import fnmatch
import os
import re


class Step:
    """One patch of the series."""

    def __init__(self, text):
        head, _, self.body = text.strip().partition("\n\n")
        fields = dict(re.findall(r"^(\w+): *((?:.|\n(?=[ \t]))*)", head, re.M))
        self.subject = fields.pop("Subject", "").strip()
        self.patterns = fields.pop("Files", "").split()
        self.patches = fields.pop("Patches", "").split()
        self.files = []
        if fields or not self.subject or not self.body.strip():
            raise SystemExit(f"manifest: not a step:\n{text.strip()}")

    def takes(self, file):
        """Whether a pattern matches the file and no !pattern does."""
        return (any(fnmatch.fnmatch(file, p) for p in self.patterns)
                and not any(fnmatch.fnmatch(file, p[1:])
                            for p in self.patterns if p[0] == "!"))


def read(path):
    """The steps of the manifest, in order."""
    with open(path, encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    return [Step(part) for part in text.split("\n%%\n") if part.strip()]


def listed_patches():
    """patches/series, without comments."""
    if not os.path.exists("patches/series"):
        return []
    with open("patches/series", encoding="utf-8") as file:
        lines = [line.split("#")[0].split() for line in file]
    return [line[0] for line in lines if line]


def assign(steps, files):
    """Gives each file and patch to its step; returns what is wrong."""
    wrong = []
    for file in files:
        takers = [step for step in steps if step.takes(file)]
        if len(takers) == 1:
            takers[0].files.append(file)
        else:
            wrong.append(f"{file}: taken by {len(takers)} steps")
    listed = listed_patches()
    claimed = [name for step in steps for name in step.patches]
    for name in listed:
        if claimed.count(name) != 1:
            wrong.append(f"patches/{name}: taken by {claimed.count(name)} steps")
    wrong += [f"patches/{name}: in the manifest, but not in patches/series"
              for name in claimed if name not in listed]
    for step in steps:
        step.patches.sort(key=lambda name: name in listed and listed.index(name))
    return wrong
