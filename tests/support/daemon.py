"""The program under test, as its user starts it: `fauxkey run` in a home of its own."""

import os
import select
import signal
import subprocess
import time

from control import Control
from hid import Wire, open_fido2_device, open_link
from person import as_an_interactive_shell

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PIN = "correct horse"
DESKTOP_VARIABLES = {"DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "GPG_TTY"}
# Milliseconds from one packet to the next: the usual half second is less than a busy machine may stand still.
PATIENCE = ("--packet-timeout", "2000")
READY_SECONDS = 60  # the first start makes keys and certificates, perhaps on an emulated machine


class Daemon:
    """A running key. `folder` is its home: a second daemon with the same one is the same key after a power cycle,
    if it is started with `store=True`."""

    def __init__(self, program, folder, transport, *options, store=False, approve="auto", environment=None, terminal=False,
                 killed_after=None, control=None):
        self.folder = folder
        self.log_path = os.path.join(folder, "log")
        self.store_path = os.path.join(folder, "keystore.db")
        self.unlock_path = os.path.join(folder, "unlock.key")
        self._program = program
        if store:
            options = (*self.store_options(), *options)
        elif store is not None and "--keyless" not in options:  # None: `options` tell
            options = ("--ephemeral", *options)
        where = f"unix:{os.path.join(folder, 'key.sock')}" if transport == "unix" else "uhid"
        if "--packet-timeout" not in options:
            options = (*PATIENCE, *options)
        command = [program, "run", *options, "--approve", approve, "--transport", where]
        self._keyless = "--keyless" in options
        if self._keyless and transport == "unix":
            command[-1] = "unix"  # for the keys to come: the daemon names the sockets
        if control is not None:
            command += ["--control", control]
        # A session of its own, so that it does not ask at the terminal of whoever runs the tests. With `terminal` it
        # has one, at whose other end the test sits; without, nobody can answer it.
        self.terminal, side = os.openpty() if terminal else (None, None)
        try:
            with open(self.log_path, "ab") as log:
                self.process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL if side is None else side,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=self.environment(environment),
                    start_new_session=True,
                    preexec_fn=as_an_interactive_shell if terminal else None,
                )
        finally:
            if side is not None:
                os.close(side)
        self._opened = []
        if killed_after is not None:
            time.sleep(killed_after)
            self.kill()
            return
        try:
            self.address, self.control = self._wait_until_ready(control is not None)
        except BaseException:
            self.kill()
            raise

    def store_options(self):
        return "--store", self.store_path, "--unlock", f"keyfile:{self.unlock_path}"

    def environment(self, more=None):
        # Whoever runs the tests is not asked on their own desktop.
        outside = {name: value for name, value in os.environ.items() if name not in DESKTOP_VARIABLES}
        home = {f"XDG_{kind}_HOME": os.path.join(self.folder, kind.lower()) for kind in ("DATA", "CONFIG", "STATE")}
        return {**outside, **home, "XDG_RUNTIME_DIR": self.folder, "HOME": self.folder, **(more or {})}

    def _wait_until_ready(self, with_control):
        """Where the key is, and its control interface where that is asked for."""
        deadline = time.monotonic() + READY_SECONDS
        said = b""
        while said.count(b"\n") < (not self._keyless) + with_control:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            chunk = os.read(self.process.stdout.fileno(), 4096) if ready else None
            if chunk is None:
                raise TimeoutError(f"the daemon was not ready within {READY_SECONDS} s")
            if chunk == b"":
                raise RuntimeError(f"the daemon ended with status {self.process.wait()}:\n{self.log_tail()}")
            said += chunk
        lines = dict(line.split(": ", 1) for line in said.decode().splitlines())
        assert self._keyless or said.startswith(b"ready: "), f"the first line on stdout was: {said}"
        return lines.get("ready"), self._control(lines["control"]) if with_control else None

    def _control(self, url):
        if url.startswith("unix:"):
            return Control(url)
        with open(os.path.join(self.folder, "fauxkey", "control.token"), encoding="ascii") as token:
            return Control(url, token.read())

    def log_tail(self, lines=40):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "\n".join(log.read().splitlines()[-lines:])

    def wire(self):
        """A connection of its own, closed with the daemon."""
        wire = Wire(open_link(self.address))
        self._opened.append(wire)
        return wire

    def channel(self):
        return self.wire().open_channel()

    def fido2_device(self):
        device = open_fido2_device(self.address)
        self._opened.append(device)
        return device

    def read_terminal(self, until, seconds=READY_SECONDS):
        """What the daemon wrote to its terminal, up to and with this text."""
        deadline = time.monotonic() + seconds
        shown = ""
        while until not in shown:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"the terminal does not show “{until}” but: {shown!r}"
            shown += os.read(self.terminal, 4096).decode()
        return shown

    def type(self, text):
        os.write(self.terminal, text.encode())

    def run(self, *arguments, **options):
        """Another subcommand of the program, in the same home."""
        options = {"capture_output": True, "text": True, "timeout": READY_SECONDS, **options}
        return subprocess.run([self._program, *arguments], env=self.environment(), check=False, **options)

    def start_beside(self, *arguments):
        """Another subcommand of the program that goes on until it is ended; whoever calls this reads its stdout."""
        with open(self.log_path, "ab") as log:
            return subprocess.Popen([self._program, *arguments], env=self.environment(), stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=log)

    def assert_alive(self):
        status = self.process.poll()
        assert status is None, f"the daemon ended with status {status}:\n{self.log_tail()}"

    def stop(self):
        """Ends it as its user does; whatever it does not end well with is a failure (a sanitizer's report, too)."""
        self.assert_alive()
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the daemon did not end within 20 s of SIGTERM:\n{self.log_tail()}") from None
        self._close()
        assert status == 0, f"the daemon ended with status {status}:\n{self.log_tail()}"

    def kill(self):
        """kill -9, as good as pulling the plug."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._close()

    def close_connections(self):
        for opened in self._opened:
            opened.close()
        self._opened = []

    def _close(self):
        self.close_connections()
        self.process.stdout.close()
        if self.terminal is not None:
            os.close(self.terminal)
            self.terminal = None

    @property
    def running(self):
        return self.process.poll() is None
