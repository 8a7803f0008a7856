"""Programs that talk to a person at a terminal, such as those that ask for a PIN."""

import fcntl
import os
import select
import subprocess
import termios
import time

SECONDS = 120  # for one command, emulated on a busy machine


class Outcome:
    """How a command ended: its status, what it wrote to stdout, and what the person saw (its terminal and stderr)."""

    def __init__(self, command, status, stdout, shown):
        self.command = " ".join(command)
        self.status = status
        self.stdout = stdout
        self.shown = shown

    @property
    def lines(self):
        return self.stdout.splitlines()

    def succeeded(self):
        if self.status != 0:
            raise AssertionError(f"{self.command} ended with status {self.status}: {self.shown or 'it said nothing'}")
        return self

    def refused(self, why=""):
        if self.status == 0:
            raise AssertionError(f"{self.command} succeeded")
        if self.status < 0:
            raise AssertionError(f"{self.command} was ended by signal {-self.status}")
        if why not in self.shown:
            raise AssertionError(f"{self.command} does not say “{why}” but: {self.shown}")
        return self


def run_at_terminal(command, *answers, **popen_options):
    """Runs a command at a terminal of its own. Each answer is (part of a question, what is typed then), in the order of the
    questions; a question without an answer, or an answer without its question, is a failure."""
    terminal, side = os.openpty()
    try:
        process = subprocess.Popen(
            command, stdin=side, stdout=subprocess.PIPE, stderr=side, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **popen_options,
        )
        os.close(side)
        stdout, shown, asked = _converse(process, terminal, list(answers))
    finally:
        os.close(terminal)
    if asked < len(answers):
        raise AssertionError(f"{' '.join(command)} did not ask “{answers[asked][0]}”: {shown}")
    return Outcome(command, process.returncode, stdout, " ".join(shown.split()))


def _converse(process, terminal, answers):
    stdout, shown = b"", b""
    answered_up_to = asked = 0
    deadline = time.monotonic() + SECONDS
    streams = [process.stdout.fileno(), terminal]
    while streams:
        readable, _, _ = select.select(streams, [], [], max(0, deadline - time.monotonic()))
        if not readable:
            process.kill()
            process.wait()
            raise TimeoutError(f"{process.args[0]} did not end within {SECONDS} s; it shows: {shown.decode(errors='replace')}")
        for stream in readable:
            try:
                chunk = os.read(stream, 4096)
            except OSError:  # how a terminal says that nobody is at its other side any more
                chunk = b""
            if chunk == b"":
                streams.remove(stream)
            elif stream == terminal:
                shown += chunk
            else:
                stdout += chunk
        if asked < len(answers) and answers[asked][0].encode() in shown[answered_up_to:]:
            answered_up_to = len(shown)
            os.write(terminal, answers[asked][1].encode() + b"\n")
            asked += 1
    process.wait()
    process.stdout.close()
    return stdout.decode(), shown.decode(errors="replace"), asked


def run(command, stdin="", **popen_options):
    """Runs a command without a terminal."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, timeout=SECONDS, start_new_session=True, **popen_options
    )
    return Outcome(command, done.returncode, done.stdout, " ".join(done.stderr.split()))
