"""What the kernel and udev know of a key's device."""

import os
import subprocess

VANISHES_WITHIN_SECONDS = 2


def hid_properties(node):
    """The properties of the HID device behind a hidraw node: HID_ID, HID_NAME, HID_UNIQ, …"""
    with open(f"/sys/class/hidraw/{os.path.basename(node)}/device/uevent", encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("=", 1) for line in lines)


def udev_properties(node):
    """What udev's rules left about a node."""
    subprocess.run(["udevadm", "settle", "-t", "60"], check=True)
    command = ["udevadm", "info", "--query=property", f"--name={node}"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)
