"""A program at a terminal of its own, at whose other end a test sits."""

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import threading
import time

from person import as_an_interactive_shell


class Terminal:
    """`text` is all that the program has written so far."""

    def __init__(self, command, environment, folder, rows=40, columns=120):
        self._master, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = ""
        self._changed = threading.Condition()
        self._asked_at = 0
        try:
            self.process = subprocess.Popen(command, stdin=side, stdout=side, stderr=side, env=environment, cwd=folder, start_new_session=True,
                                            preexec_fn=as_an_interactive_shell)
        finally:
            os.close(side)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        data = b""
        while True:
            try:
                chunk = os.read(self._master, 4096)
            except OSError:  # nobody has it open any more
                chunk = b""
            data += chunk
            with self._changed:
                self.text = data.decode(errors="replace").replace("\r\n", "\n")
                self._changed.notify_all()
            if not chunk:
                return

    def wait_for(self, found, what, seconds):
        with self._changed:
            deadline = time.monotonic() + seconds
            while not found(self.text):
                if not self._reader.is_alive() or not self._changed.wait(max(0, min(0.5, deadline - time.monotonic()))):
                    if found(self.text):
                        break
                    ended = self.process.poll()
                    assert ended is None, f"ended with status {ended} instead {what}:\n{self.text}"
                    assert time.monotonic() < deadline, f"was expected {what}, but shows\n{self.text}"

    def answer(self, text, seconds):
        """Types it as soon as there is a question that was not answered yet: a line begun and left open."""
        self.wait_for(lambda shown: len(shown) > self._asked_at and not shown.endswith("\n"), "to ask", seconds)
        select.select([], [], [], 0.1)  # the terminal's mode is set by then
        self._asked_at = len(self.text)
        os.write(self._master, text.encode())

    def interrupt(self, seconds):
        """Ctrl-C; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.wait(seconds)

    def wait(self, seconds):
        status = self.process.wait(seconds)
        self._reader.join(5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(5)
        if self._master >= 0:
            os.close(self._master)
            self._master = -1
