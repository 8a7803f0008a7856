"""The kernel's modules, which the virtual machine has at hand and does not look at by itself."""

import os
import subprocess


def provide():
    """Puts them where the kernel and modprobe look for them; returns that path."""
    modules = f"/lib/modules/{os.uname().release}"
    with open("/run/vm/modules", encoding="utf-8") as file:
        kept = file.read().strip()
    if os.path.realpath(modules) != kept:
        os.makedirs(os.path.dirname(modules), exist_ok=True)
        if os.path.lexists(modules):
            os.rename(modules, f"{modules}.away")
        os.symlink(kept, modules)
    return modules


def load(*names):
    provide()
    subprocess.run(["modprobe", "--all", *names], check=True)
