"""A screen without a monitor, for browsers that are to show their real dialogs."""

import mmap
import os
import struct
import subprocess
import time

from waiting import wait_until

DISPLAY = ":7"
WIDTH, HEIGHT = 1000, 800
TOOLBARS = 88  # where a browser's page begins, which is what it dims for a dialog
PICTURE = 208  # where the text of Chromium's dialogs begins
LOOK_STEP = 4
CARET_PIXELS = 7
FRAME_BUFFER = "/tmp/Xvfb_screen0"  # the screen's pixels as Xvfb maps them, four bytes each, in the format of xwd
XWD_COLOUR_SIZE = 12
BRIGHT_AND_DIM = bytes(ord("b") if shade >= 240 else ord("d") if shade < 140 else 0 for shade in range(256))


class Desktop:
    """Xvfb with a window manager, without which the keyboard focus would never reach a dialog."""

    def __init__(self, out):
        self._out = out
        self.case = "start"  # the first part of the screenshots' names
        os.environ["DISPLAY"] = DISPLAY
        self._log = open(os.path.join(out, "desktop.log"), "ab")
        screen = ["-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-fbdir", os.path.dirname(FRAME_BUFFER)]
        # -noreset: without, the server would begin anew whenever its last client goes, the pointer in the middle again
        self._programs = [self._start("Xvfb", DISPLAY, *screen, "-nolisten", "tcp", "-noreset")]
        wait_until(lambda: self._run("xdpyinfo").returncode == 0, 30, "the X server")
        self._programs.append(self._start("openbox"))
        # Xvfb starts it in the middle of the screen, where it would hover over the account picker and change its choice
        wait_until(self._move_pointer_away, 30, "the pointer to leave the middle of the screen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self._programs):
            program.terminate()
            program.wait()
        self._log.close()

    def _start(self, *command):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)

    def _run(self, *command):
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def xdotool(self, *arguments):
        return self._run("xdotool", *arguments)

    def _move_pointer_away(self):
        self.xdotool("mousemove", str(WIDTH - 1), str(HEIGHT - 1))
        return self.xdotool("getmouselocation").stdout.startswith(f"x:{WIDTH - 1} y:{HEIGHT - 1} ")

    def type(self, text):
        """Types into whatever has the keyboard focus; the delay is what a toolkit under emulation keeps up with."""
        self.xdotool("type", "--delay", "60", text)

    def press(self, *keys):
        for key in keys:
            self.xdotool("key", "--delay", "60", key)

    def look(self):
        """The brightness (of green) of every fourth pixel of every fourth row of the page: enough to see a character typed."""
        # Read directly, as any program that did this would take a second to start; and with as little Python as possible.
        with open(FRAME_BUFFER, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as frame:
            fields = struct.unpack_from(">25I", frame)  # <X11/XWDFile.h>
            header_size, row_size, colours = fields[0], fields[12], fields[19]
            first = header_size + colours * XWD_COLOUR_SIZE
            rows = range(first + TOOLBARS * row_size, first + HEIGHT * row_size, LOOK_STEP * row_size)
            return b"".join(frame[row + 1 : row + 4 * WIDTH : 4 * LOOK_STEP] for row in rows)

    def wait_until_still(self, seconds=6):
        """Waits until the browser has painted what it has to paint: under emulation that comes late."""
        deadline = time.monotonic() + seconds
        before, still_since = self.look(), time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - still_since < 1.5:
            time.sleep(0.1)
            now = self.look()
            if now != before:
                before, still_since = now, time.monotonic()

    def screenshot(self, what):
        """A picture named after the case; further ones of the same kind are numbered."""
        self._run("import", "-window", "root", self._path(what))

    def picture(self):
        """What is to be seen now, in the format of xwd, at once: any program that did it would take seconds."""
        with open(FRAME_BUFFER, "rb") as file:
            return file.read()

    def keep(self, picture, what):
        subprocess.run(["convert", "xwd:-", self._path(what)], input=picture, capture_output=True, timeout=60)

    def _path(self, what):
        number, path = 1, os.path.join(self._out, f"{self.case}-{what}.png")
        while os.path.exists(path):
            number += 1
            path = os.path.join(self._out, f"{self.case}-{what}-{number}.png")
        return path


def is_same_look(one, other):
    """Whether two looks differ by no more than a caret that blinks, and by the picture that Chromium's dialogs begin with, which
    moves."""
    first = (PICTURE - TOOLBARS) // LOOK_STEP * (WIDTH // LOOK_STEP)
    one, other = one[first:], other[first:]
    if one == other:
        return True
    difference = (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(len(one), "big")
    return len(one) - difference.count(0) <= CARET_PIXELS


def shows_dialog_over_dimmed_page(look):
    """Whether a bright sheet lies on a page that was dimmed for it, as Chromium does."""
    shades = look.translate(BRIGHT_AND_DIM)
    return shades.count(b"d") > len(look) / 2 and shades.count(b"b") > len(look) / 25
