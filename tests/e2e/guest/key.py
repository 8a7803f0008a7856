"""The key under test: the fauxkey daemon on /dev/uhid, and what its trace says of it."""

import json
import os
import subprocess

from process import START_SECONDS, Program
from waiting import wait_until

FAUXKEY = os.environ["FAUXKEY"]
# Milliseconds from one packet to the next: the usual half second is less than an emulated machine may stand still.
PATIENCE = ("--packet-timeout", "5000")


class Key:
    """A running `fauxkey run`. Starting one plugs a key in, leaving the with block unplugs it."""

    def __init__(self, out, name, *options, approve="auto", trace_name=None):
        self.trace_path = os.path.join(out, trace_name or f"{name}.trace.jsonl")
        command = [FAUXKEY, "run", "--transport", "uhid", *PATIENCE, "--approve", approve, "--trace", self.trace_path, *options]
        # In a session of its own, and so without a terminal: a key that asks waits until somebody cancels.
        self._program = Program(command, os.path.join(out, f"{name}.log"), start_new_session=True)
        try:
            self.node = self._program.wait_for_line("ready: ", START_SECONDS)
        except Exception:
            self._program.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unplug()

    @property
    def pid(self):
        return self._program.popen.pid

    def unplug(self):
        self._program.stop()

    def kill(self):
        """kill -9: the daemon gets no chance to say anything to anybody."""
        self._program.popen.kill()
        self._program.popen.wait()

    def trace(self, **wanted):
        """The trace's entries whose fields have the wanted values, oldest first."""
        entries = []
        with open(self.trace_path, encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):  # the last one may be half written
                    entry = json.loads(line)
                    if all(entry.get(field) == value for field, value in wanted.items()):
                        entries.append(entry)
        return entries

    def wait_for_number(self, number, seconds, **wanted):
        """Waits until the trace has that many such entries."""
        what = " ".join(f"{field}={value}" for field, value in wanted.items())
        wait_until(lambda: len(self.trace(**wanted)) >= number, seconds, f"{what} in the key's trace")


def attestation_root(store_options):
    """The key's attestation root as PEM, as its owner would hand it to a relying party."""
    command = [FAUXKEY, "attestation", "root", *store_options]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
