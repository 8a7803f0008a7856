"""Chromium, the full browser on a screen. Its own log says which WebAuthn dialog it shows; the keyboard answers them."""

import os
import re
import shutil
import subprocess
import time
import urllib.request
from dataclasses import dataclass

import dialogs
from cdp import PageConnection
from desktop import is_same_look, shows_dialog_over_dimmed_page
from waiting import wait_until

# Not the wrapper of the same name: it adds GPU options with which the browser crashes under emulation.
BINARY = "/usr/lib/chromium/chromium"
PORT = 9222
START_SECONDS = 600  # a quarter of a minute, but under emulation on a busy machine many times that
OPTIONS = [
    "--no-sandbox",  # we are root
    "--test-type",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--password-store=basic",
    "--disable-gpu",
    # a process in reserve, and pages kept ready for what a person might type into the address bar: half of all that it does at its start
    "--disable-features=SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,PreloadTopChromeWebUI",
    "--ipc-connection-timeout=300",  # after 15 s without an answer its processes end themselves, and a page that one had to load never comes
    "--force-prefers-reduced-motion",  # pictures that move would keep an emulated processor from anything else
    "--disable-gpu-watchdog",  # on a busy machine it takes the slow emulation for a hang, and kills the GPU process
    "--window-size=980,760",
    "--window-position=0,0",
    f"--remote-debugging-port={PORT}",
    "--enable-logging=stderr",
    "--vmodule=device_event_log*=1",
]

# The steps of its request dialog that a person must answer; all others pass by themselves.
DIALOGS = {
    "kClientPinEntry": dialogs.EnterPin,
    "kClientPinSetup": dialogs.SetPin,
    "kSelectAccount": dialogs.ChooseAccount,
    "kKeyAlreadyRegistered": dialogs.AlreadyRegistered,
    "kAttestationPermissionRequest": dialogs.AllowAttestation,
}
PAINT_SECONDS = 60  # a dialog is in the log before it is painted: under emulation on a busy machine, long before
PROTECTED_SECONDS = 1.2  # a dialog that has just come up takes no keys, lest they were meant for something else
LOOK_SECONDS = 0.2  # looking all the time would keep a slow machine from painting
ANSWER_AGAIN_SECONDS = 4  # nothing at all happened after the keys: they came too early


@dataclass
class Unanswered:
    """An answer on which Chromium has not acted yet. If then the screen still is as before it, it was lost."""

    answer: object
    look: bytes
    again_at: float


class Chromium:
    name = "chromium"
    asks_attestation_consent = False
    offers_to_set_pin = True
    key_options = []

    def __init__(self, out, desktop):
        self._desktop = desktop
        self._log_path = os.path.join(out, "chromium.log")
        self._log_read_up_to = 0
        self._unanswered = self._answered_look = None
        self._profile = "/tmp/chromium-profile"
        shutil.rmtree(self._profile, ignore_errors=True)
        with open(self._log_path, "wb") as log:
            self._process = subprocess.Popen(
                [BINARY, f"--user-data-dir={self._profile}", *OPTIONS, "about:blank"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        wait_until(self._has_debugging_port, START_SECONDS, "Chromium's debugging port")
        self._page = PageConnection(PORT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._page.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _has_debugging_port(self):
        if self._process.poll() is not None:
            raise RuntimeError("Chromium ended at its start; chromium.log says why")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/json/version", timeout=5).close()
        except OSError:
            return False
        return True

    def open(self, url, ready, seconds=START_SECONDS):
        self._page.call("Page.navigate", url=url)

        def is_ready():
            try:
                return self._page.evaluate(f"location.href.startsWith({url!r}) && ({ready})")
            except RuntimeError:  # the old document went away under the question
                return False

        wait_until(is_ready, seconds, f"{url} in Chromium")
        self._page.call("Page.bringToFront")

    def evaluate(self, expression):
        return self._page.evaluate(expression)

    def wait_until_painted(self):
        """Waits until the page as it now is can be seen on the screen, which under emulation takes seconds."""
        # A frame begins only when those before it are on their way to the screen, so a few of them push ours through.
        self._page.evaluate(
            "new Promise(done => { let left = 6; (function frame() { left-- ? requestAnimationFrame(frame) : done(); })(); })"
        )
        self._desktop.wait_until_still()

    def _new_steps(self):
        with open(self._log_path, "rb") as log:
            log.seek(self._log_read_up_to)
            text = log.read()
        whole_lines = text[: text.rfind(b"\n") + 1]
        self._log_read_up_to += len(whole_lines)
        return [step.decode() for step in re.findall(rb"UI step: (\w+)", whole_lines)]

    def forget_dialogs(self):
        wait_until(lambda: not self._looks_like_dialog(), PAINT_SECONDS, "Chromium to close its last dialog")
        self._new_steps()
        self._pending = []
        self._unanswered = self._answered_look = None

    def next_dialog(self):
        """The kind of the dialog that waits for a person now, or None."""
        steps = self._new_steps()
        if steps:
            self._unanswered = None
        self._pending += [DIALOGS[step] for step in steps if step in DIALOGS]
        if self._pending:
            return self._pending.pop(0)
        if self._unanswered and time.monotonic() > self._unanswered.again_at:
            if is_same_look(self._desktop.look(), self._unanswered.look):
                self._give(self._unanswered.answer)
            else:
                self._unanswered.again_at = time.monotonic() + 1
        return None

    def answer(self, answer):
        self._wait_until_dialog_is_painted(type(answer).__name__)
        self._desktop.screenshot(type(answer).__name__)
        self._give(answer)

    def _looks_like_dialog(self):
        time.sleep(LOOK_SECONDS)
        return shows_dialog_over_dimmed_page(self._desktop.look())

    def _wait_until_dialog_is_painted(self, what):
        """Waits for a dialog that is not the one answered last, and then until it has been there for long enough."""
        answered = self._answered_look
        look, since = None, 0.0

        def is_painted():
            nonlocal look, since
            time.sleep(LOOK_SECONDS)
            now = self._desktop.look()
            if not shows_dialog_over_dimmed_page(now) or (answered and is_same_look(now, answered)):
                look = None
            elif look is None or not is_same_look(now, look):
                look, since = now, time.monotonic()
            return look is not None and time.monotonic() - since > PROTECTED_SECONDS

        wait_until(is_painted, PAINT_SECONDS, f"Chromium to paint {what}")

    def _give(self, answer):
        desktop = self._desktop
        look = desktop.look()
        match answer:
            case dialogs.EnterPin(pin):
                desktop.type(pin)
                desktop.press("Return")
            case dialogs.SetPin(pin):
                desktop.type(pin)
                desktop.press("Tab")
                desktop.type(pin)
                desktop.press("Return")
            case dialogs.ChooseAccount(row=row):
                desktop.press(*["Tab"] * row, "Return")
            case dialogs.AlreadyRegistered():
                desktop.press("Escape")  # Return would be “try again”
            case dialogs.AllowAttestation():
                desktop.press("Return")
        self._answered_look = look
        self._unanswered = Unanswered(answer, look, time.monotonic() + ANSWER_AGAIN_SECONDS)

    def dismiss_everything(self):
        """After a case that went wrong: closes whatever is still open."""
        self._desktop.press("Escape", "Escape")
