"""The program at a terminal, as a person has it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time


def as_an_interactive_shell():
    """Starts programs: its terminal is theirs, and Ctrl-C ends them, even where the tests run in the background."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class AtTerminal:
    """A program that runs at a terminal of its own. `shown` is all that it wrote there."""

    def __init__(self, *command, environment, columns=80, rows=24, stdout=None, folder=None):
        self.end, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.mode = termios.tcgetattr(side)
        # On Ctrl-C the kernel drops what this end did not read yet, which a person's screen shows (termios(3)).
        self.mode[3] |= termios.NOFLSH
        termios.tcsetattr(side, termios.TCSANOW, self.mode)
        try:
            self.process = subprocess.Popen(
                command,
                stdin=side,
                stdout=side if stdout is None else stdout,
                stderr=side,
                env=environment,
                cwd=folder,
                start_new_session=True,
                preexec_fn=as_an_interactive_shell,
            )
        finally:
            # Kept open, so that what it looks like afterwards can be asked.
            self.side = side
        self.shown = ""

    def read(self, seconds):
        """What is written within this time, or until the program ends."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            ready, _, _ = select.select([self.end], [], [], 0 if ended else 0.05)
            if ready:
                self.shown += os.read(self.end, 65536).decode(errors="replace")
            elif ended:
                break
        return self.shown

    def read_until(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < deadline, f"the terminal does not show {text!r} but {self.shown!r}"
            assert self.process.poll() is None or text in self.read(1), f"it ended, having shown {self.shown!r}"
            self.read(0.1)
        return self.shown

    def type(self, text):
        os.write(self.end, text.encode())

    def wait(self, seconds=60):
        """Its exit status; negative: by this signal."""
        self.read(seconds)
        return self.process.wait(5)

    def echoes(self):
        return bool(termios.tcgetattr(self.side)[3] & termios.ECHO)

    def as_before(self):
        return termios.tcgetattr(self.side) == self.mode

    def line(self):
        """What the line shows on which the cursor is, of plain text, line ends and what erases a line."""
        last = self.shown.replace("\r\n", "\n").rsplit("\n", 1)[-1]
        return last.rsplit("\x1b[K", 1)[-1].rsplit("\r", 1)[-1]

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self.end)
        os.close(self.side)
