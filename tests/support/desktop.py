"""A desktop that nobody else sees: a screen in memory, a session bus, a notification server, a mouse and a keyboard."""

import os
import shlex
import subprocess
import time

WAIT_SECONDS = 30


def until(condition, what, seconds=WAIT_SECONDS):
    """The first true value of `condition()`; fails where none comes."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.05)
    return value


class Processes:
    """What is started is ended, the last first."""

    def __init__(self):
        self._started = []

    def start(self, *command, **options):
        process = subprocess.Popen(command, **options)
        self._started.append(process)
        return process

    def close(self):
        for process in reversed(self._started):
            if process.poll() is None:
                process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._started = []


class SessionBus(Processes):
    """A bus of its own, which starts none of the services that this machine has."""

    def __init__(self, folder):
        super().__init__()
        config = os.path.join(folder, "bus.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(
                '<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth><policy context="default">'
                '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>'
            )
        tell = 'echo "$DBUS_SESSION_BUS_ADDRESS"; read -r _'
        self._inside = self.start(
            *["dbus-run-session", "--config-file", config, "--", "sh", "-c", tell], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.address = self._inside.stdout.readline().decode().strip()
        assert self.address, "dbus-run-session gave no bus"
        self.environment = {"DBUS_SESSION_BUS_ADDRESS": self.address}

    def close(self):
        self._inside.stdin.close()  # the shell ends, and the bus with it
        self._inside.wait(10)
        self._inside.stdout.close()
        super().close()


class Desktop(Processes):
    def __init__(self, folder, size="644x262"):
        super().__init__()
        self._folder = folder
        reads, writes = os.pipe()
        log = open(os.path.join(folder, "desktop.log"), "ab")
        self.start(
            *["Xvfb", "-displayfd", str(writes), "-screen", "0", f"{size}x24", "-nolisten", "tcp", "-noreset"],
            pass_fds=(writes,),
            stderr=log,
        )
        os.close(writes)
        with os.fdopen(reads) as number:
            display = number.readline().strip()
        assert display, "Xvfb did not start"
        self.environment = {"DISPLAY": f":{display}"}
        self.bus = SessionBus(folder)
        self.environment |= self.bus.environment
        self._log = log

    def close(self):
        self.bus.close()
        super().close()
        self._log.close()

    def run(self, *command, check=True, **options):
        environment = {**os.environ, **self.environment}
        return subprocess.run(
            command, env=environment, check=check, stdout=subprocess.PIPE, stderr=self._log, timeout=WAIT_SECONDS, **options
        ).stdout.decode()

    def open(self, *command):
        """Starts a program there."""
        return self.start(*command, env={**os.environ, **self.environment}, stdout=self._log, stderr=self._log)

    def start_dunst(self):
        """With the mouse as it comes; its menu is dmenu."""
        config = os.path.join(self._folder, "dunstrc")
        with open(config, "w", encoding="ascii") as file:
            file.write(
                "[global]\nfont = DejaVu Sans 11\nmarkup = full\nformat = <b>%s</b>\\n%b\nnotification_limit = 5\n"
                "width = 420\nheight = 200\norigin = top-right\noffset = 12x12\nframe_width = 2\n"
                "dmenu = dmenu -l 4 -fn DejaVuSans-12 -p Security-key\n"
            )
        self.open("dunst", "-conf", config)
        until(lambda: self.dunst("count", "displayed") == "0", "dunst answers")

    def dunst(self, *command):
        return self.run("dunstctl", *command, check=False).strip()

    def shown(self):
        """How many notifications are on the screen."""
        return int(self.dunst("count", "displayed") or 0)

    def click(self, window_class, button):
        """In the middle of the window."""
        window = until(lambda: self.run("xdotool", "search", "--onlyvisible", "--class", window_class, check=False), window_class)
        self.run("xdotool", "mousemove", "--window", window.split()[0], "100", "30", "click", str(button))

    def key(self, *keys):
        self.run("xdotool", "key", "--delay", "20", *keys)

    def write(self, text):
        self.run("xdotool", "type", "--delay", "20", text)

    def picture(self, path):
        self.run("import", "-window", "root", "-strip", path)


class Tmux(Processes):
    """A terminal whose contents can be read, with a program in it."""

    def __init__(self, folder, command, environment, size=(100, 30)):
        super().__init__()
        self._socket = os.path.join(folder, "tmux")
        words = " ".join(shlex.quote(f"{name}={value}") for name, value in environment.items())
        columns, lines = map(str, size)
        self._call(
            *["-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines, f"exec env {words} {command}", ";"],
            *["set-option", "-g", "status", "off"],
        )

    def _call(self, *arguments, check=True):
        done = subprocess.run(["tmux", "-S", self._socket, *arguments], capture_output=True, text=True, check=False, timeout=30)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout

    def screen(self):
        return self._call("capture-pane", "-p")

    def shows(self, text):
        """The screen, once this text is on it."""
        try:
            return until(lambda: text in self.screen() and self.screen(), f"the terminal shows “{text}”")
        except AssertionError as error:
            raise AssertionError(f"{error}, but:\n{self.screen()}") from None

    def type(self, *keys):
        self._call("send-keys", *keys)

    @property
    def attach(self):
        """The command that shows it elsewhere."""
        return ["tmux", "-S", self._socket, "attach"]

    def close(self):
        self._call("kill-server", check=False)
        super().close()
