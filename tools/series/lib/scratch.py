"""What tools/series/make and tools/series/check share: scratch repositories."""
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
PRISTINE = os.environ.get("PRISTINE", "build/pristine")
SERIES = "build/series"

# Used where the project's repository has no commit yet.
NOBODY = ("netns project", "netns@localhost", "2024-11-17T00:00:00+00:00")


def identity():
    """Name, address and date of the project's last commit: equal for equal
    sources, whoever makes the series."""
    last = subprocess.run(["git", "log", "-1", "--format=%an%n%ae%n%aI"],
                          capture_output=True, text=True).stdout.split("\n")
    return tuple(last[:3]) if len(last) > 3 else NOBODY


class Repository:
    """A git repository that holds just the stock version of some paths."""

    def __init__(self, path, paths):
        self.path = path
        name, address, date = identity()
        # Nothing of the user's own settings may reach what is made.
        self.environment = {k: v for k, v in os.environ.items()
                            if not k.startswith("GIT_")}
        self.environment.update(
            GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1",
            GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=address,
            GIT_AUTHOR_DATE=date, GIT_COMMITTER_NAME=name,
            GIT_COMMITTER_EMAIL=address, GIT_COMMITTER_DATE=date)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        self.git("init", "--quiet", "--initial-branch=netns")
        for file in paths:
            if os.path.lexists(os.path.join(PRISTINE, file)):
                self.copy(PRISTINE, file)
        self.commit("The package's source")
        self.git("tag", "base")

    def git(self, *arguments, text=None):
        """Runs git there; returns what it prints."""
        done = subprocess.run(("git",) + arguments, cwd=self.path, input=text,
                              env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise SystemExit(f"series: git {arguments[0]} in {self.path}:\n"
                             f"{done.stdout}")
        return done.stdout

    def copy(self, tree, file):
        """Takes a file of another tree."""
        target = os.path.join(self.path, file)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(os.path.join(tree, file), target, follow_symlinks=False)

    def commit(self, message, *options):
        self.git("add", "--all", "--force")
        self.git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim",
                 "--file=-", *options, text=message)
