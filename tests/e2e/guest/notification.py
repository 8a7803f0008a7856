"""The notifications of a desktop, as its user sees and clicks them: by a server whose notifications have buttons."""

import subprocess
import time

from waiting import wait_until

SERVER = "/usr/lib/notification-daemon/notification-daemon"
CLASS = "notification-daemon"
# The button as far from the lower right corner as in a notification with Approve and Deny.
APPROVE = 146, 39
LEAST_WIDTH = 100  # the server has windows that are not to be seen, too
SECONDS = 120
READING_SECONDS = 1


class Notifications:
    def __init__(self):
        self._process = subprocess.Popen([SERVER], stdin=subprocess.DEVNULL)
        # else the first question would have the bus start whatever server is installed besides
        wait_until(self._has_its_name, SECONDS, "the notification server")

    @staticmethod
    def _has_its_name():
        return subprocess.run(["busctl", "--user", "status", "org.freedesktop.Notifications"], capture_output=True).returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait()

    def approve(self, desktop):
        """Clicks on Approve in the notification that comes. Who clicks at once has not read it, and is not heard; nor has anybody for ever."""
        x, y, width, height = wait_until(lambda: self._window(desktop), SECONDS, "a notification")
        time.sleep(READING_SECONDS)
        picture = desktop.picture()  # which is made a file once there is time again
        place = str(x + width - APPROVE[0]), str(y + height - APPROVE[1])
        desktop.xdotool("mousemove", *place)

        def is_gone():
            # again, as a notification that shows the time anew just then takes no click
            desktop.xdotool("click", "1")
            time.sleep(READING_SECONDS)
            return not self._window(desktop)

        try:
            wait_until(is_gone, SECONDS, "the notification to go")
        finally:
            desktop.keep(picture, "notification")

    @staticmethod
    def _window(desktop):
        found = desktop.xdotool("search", "--onlyvisible", "--class", CLASS).stdout.split()
        for window in found:
            shown = desktop.xdotool("getwindowgeometry", "--shell", window).stdout
            geometry = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
            if int(geometry.get("WIDTH", 0)) >= LEAST_WIDTH:
                return tuple(int(geometry[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        return None
