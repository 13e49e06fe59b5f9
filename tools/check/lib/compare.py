"""Compares one source with stock files, for tools/check/originality."""
import os
from collections import namedtuple

from csource import Source

RUN_LIMIT = 6           # lines of code in a row
SHARE_LIMIT = 15.0      # per cent of our windows
WINDOW = 16             # tokens; tools/check/originality says why
SENTENCE = 8            # words

_cache = {}


def read(path):
    """The source at a path, read once."""
    if path not in _cache:
        with open(path, encoding="utf-8", errors="replace") as file:
            _cache[path] = Source(file.read(), path.endswith(".sh"),
                                  path.endswith(".h"))
    return _cache[path]


class Run(namedtuple("Run", "length first last other other_first")):
    """A stretch of lines that a file of ours shares with a stock file."""

    def where(self):
        if not self.length:
            return ""
        return (f"lines {self.first}-{self.last} = "
                f"{self.other}:{self.other_first}")


def shared_runs(ours, theirs, name):
    """All maximal runs of lines of code that both have, longest first."""
    positions = {}
    for index, (_, code) in enumerate(theirs):
        positions.setdefault(code, []).append(index)
    runs, open_runs = [], {}
    for index, (_, code) in enumerate(ours):
        extended = {other: open_runs.pop(other - 1, 0) + 1
                    for other in reversed(positions.get(code, ()))}
        runs += [(length, index, other + 1)
                 for other, length in open_runs.items()]
        open_runs = extended
    runs += [(length, len(ours), other + 1)
             for other, length in open_runs.items()]
    return [Run(length, ours[end - length][0], ours[end - 1][0], name,
                theirs[other_end - length][0])
            for length, end, other_end in sorted(runs, reverse=True)]


def windows(stream):
    """[(line number, window)] of each place where a window begins."""
    names = tuple(name for _, name in stream)
    return [(stream[i][0], names[i:i + WINDOW])
            for i in range(len(names) - WINDOW + 1)]


def stretches(marked):
    """Turns [(line number, shared?)] into [(first, last, windows)]."""
    out, begin, count = [], None, 0
    for line, shared in marked + [(0, False)]:
        if shared:
            begin = line if begin is None else begin
            last, count = line, count + 1
        elif begin is not None:
            out.append((begin, last, count))
            begin, count = None, 0
    return sorted(out, key=lambda s: -s[2])


class Result:
    """What one file shares with the stock files it was compared with."""

    def __init__(self, runs, marked, sentences):
        self.longest = runs[0] if runs else Run(0, 0, 0, "", 0)
        self.runs = [run for run in runs if run.length >= RUN_LIMIT]
        self.marked = marked
        shared = sum(1 for _, hit in marked if hit)
        self.share = 100.0 * shared / len(marked) if marked else 0.0
        self.sentences = sentences

    def findings(self):
        """What is over the limits, and where to look."""
        out = [f"{run.length} lines of code in a row: {run.where()}"
               for run in self.runs]
        if self.share > SHARE_LIMIT:
            worst = ", ".join(f"{first}-{last} ({count})" for
                              first, last, count in stretches(self.marked)[:8])
            out.append(f"{self.share:.1f} % of the token windows; most of them "
                       f"begin in lines {worst}")
        out += [f"a comment's sentence, line {line}: {text}"
                for line, text in self.sentences]
        return out


def compare_sources(source, others):
    """Compares a Source with {name: Source}."""
    ours = source.lines()
    runs, known = [], set()
    for name, other in others.items():
        runs += shared_runs(ours, other.lines(), name)
        known.update(window for _, window in windows(other.stream()))
    runs.sort(reverse=True)
    marked = [(line, window in known)
              for line, window in windows(source.stream())]
    prose = [other.comment_words() for other in others.values()]
    sentences = [(line, " ".join(text)) for line, text in source.sentences()
                 if len(text) >= SENTENCE
                 and any(f" {' '.join(text)} " in p for p in prose)]
    return Result(runs, marked, sentences)


def compare(path, stock, others):
    """Compares a file of ours with stock files, given by kernel path."""
    return compare_sources(
        read(path), {other: read(os.path.join(stock, other)) for other in others})
