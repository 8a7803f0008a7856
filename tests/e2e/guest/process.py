"""Programs that a test starts and must not leave behind."""

import os
import select
import signal
import subprocess
import time

START_SECONDS = 240  # each starts in a second or two, but under emulation on a busy machine in minutes


class Program:
    """A program that says on its stdout when it is ready; everything else that it says goes to a log file."""

    def __init__(self, command, log_path, **popen_options):
        self.name = os.path.basename(command[0])
        self.log_path = log_path
        with open(log_path, "ab") as log:
            options = {"stdin": subprocess.DEVNULL, "stderr": log, **popen_options}
            self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, **options)

    def wait_for_line(self, prefix, seconds):
        """What follows the prefix in the first line of stdout that begins with it."""
        deadline = time.monotonic() + seconds
        buffered = b""
        while True:
            line, newline, rest = buffered.partition(b"\n")
            if newline:
                if line.startswith(prefix.encode()):
                    return line[len(prefix) :].decode().strip()
                buffered = rest
                continue
            readable, _, _ = select.select([self.popen.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.popen.stdout.fileno(), 4096) if readable else None
            if chunk is None:
                raise TimeoutError(f"{self.name} did not say “{prefix}” within {seconds} s")
            if chunk == b"":
                raise RuntimeError(f"{self.name} ended with status {self.popen.wait()}: {self._last_words()}")
            buffered += chunk

    def stop(self, seconds=30):
        """Ends the program as an operator would; a program that does not heed that is a failure."""
        if self.popen.poll() is None:
            self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise RuntimeError(f"{self.name} did not end within {seconds} s of SIGTERM") from None
        finally:
            self.popen.stdout.close()

    def _last_words(self):
        with open(self.log_path, "rb") as log:
            lines = log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
