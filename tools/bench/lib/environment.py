"""What a figure depends on besides the kernels: versions, models, configuration.

Must never say which machine or whose it is.
"""
import hashlib
import os
import re
import subprocess


def first_line(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout.split("\n")[0]


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def kernels(images, config):
    trees = {"ours": "build/linux", "stock": "build/pristine"}
    result = {}
    for side, image in images.items():
        release = f"{trees[side]}/O.{config}/include/config/kernel.release"
        result[side] = {"image_sha256": digest(image), "image_bytes": os.path.getsize(image)}
        if os.path.exists(release):
            with open(release, encoding="utf-8") as file:
                result[side]["release"] = file.read().strip()
    result["ours"]["revision"] = first_line("git", "rev-parse", "HEAD")
    return result


def config(name):
    """The options of both kernels; what differs can only be what stock lacks."""
    sides = {}
    for side, tree in (("ours", "build/linux"), ("stock", "build/pristine")):
        path = f"{tree}/O.{name}/.config"
        if not os.path.exists(path):
            return {"name": name, "differs": None}
        with open(path, encoding="utf-8") as file:
            sides[side] = {line.strip() for line in file if "CONFIG_" in line}
    return {"name": name, "differs": sorted(sides["ours"] ^ sides["stock"])}


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"^model name\s*: (.*)", file.read(), re.M)
    return {
        "gcc": first_line("gcc", "--version"),
        "host_cpu": model.group(1) if model else "unknown",
        "host_cpus": os.cpu_count(),
    }


def tools(runners):
    """Versions; `runners` is what tools/guest/run said about the guests, by clock."""
    return {
        **machine(),
        "qemu": first_line("qemu-system-x86_64", "--version"),
        "kernel_source": first_line("dpkg-query", "-W", "linux-source-6.12").replace("\t", " "),
        # Without its paths.
        "guests": {clock: re.sub(r", kernel .*", "", said) for clock, said in runners.items()},
    }
