"""Firefox, the full browser on a screen. It announces each WebAuthn prompt to its own code, which is how we know of them;
its real buttons answer those in the doorhanger, and the keyboard answers the PIN prompt, which takes nothing else."""

import os
import shutil
import subprocess
import time

import dialogs
from marionette import Marionette, MarionetteError
from waiting import wait_until

PORT = 2828
START_SECONDS = 600  # a quarter of a minute, but under emulation on a busy machine many times that

ANNOUNCED = {
    "attestation-consent": dialogs.AllowAttestation,
    "already-registered": dialogs.AlreadyRegistered,
    "select-sign-result": dialogs.ChooseAccount,
}
OBSERVE_PROMPTS = """
  window.fauxkeyPrompts = [];
  Services.obs.addObserver({observe(subject, topic, data) { window.fauxkeyPrompts.push(JSON.parse(data).prompt.type); }},
                           "webauthn-prompt");
"""
TAKE_PROMPTS = "return window.fauxkeyPrompts.splice(0)"
DOORHANGER = """
  const doorhanger = [...document.querySelectorAll("#notification-popup popupnotification")]
      .find(each => (each.id || each.getAttribute("popupid") || "").startsWith("webauthn-prompt"));
"""
DOORHANGER_IS_OPEN = DOORHANGER + "return Boolean(doorhanger?.button)"
PRESS_MAIN_BUTTON = DOORHANGER + "doorhanger.button.click()"
# The first account is the second button, the others are in the menu beside it.
PRESS_ACCOUNT = DOORHANGER + """
  const [name] = arguments;
  if (doorhanger.secondaryButton.label.includes(name)) return doorhanger.secondaryButton.click(), true;
  const item = [...doorhanger.querySelectorAll("menuitem")].find(each => each.label.includes(name));
  return item ? (item.doCommand(), true) : false;
"""


class Firefox:
    name = "firefox"
    asks_attestation_consent = True
    offers_to_set_pin = False
    key_options = ["--ctap", "2.1"]  # it takes a key that names FIDO_2_3 for a U2F key

    def __init__(self, out, desktop):
        self._desktop = desktop
        profile = "/tmp/firefox-profile"
        shutil.rmtree(profile, ignore_errors=True)
        here = os.path.dirname(os.path.abspath(__file__))
        started_once = os.path.join(here, "../../../build/firefox-profile")  # tests/e2e/prepare/firefox-profile
        if os.path.isdir(started_once):
            shutil.copytree(started_once, profile, ignore=shutil.ignore_patterns("lock", ".parentlock", "MarionetteActivePort"))
        else:
            os.mkdir(profile)
        shutil.copy(os.path.join(here, "firefox-prefs.js"), os.path.join(profile, "user.js"))
        command = ["firefox-esr", "--no-remote", "--profile", profile]
        command += ["--marionette", "--remote-allow-system-access", "about:blank"]
        with open(os.path.join(out, "firefox.log"), "wb") as log:
            self._process = subprocess.Popen(
                command,
                env={**os.environ, "MOZ_LOG": "webauthnmanager:5", "RUST_LOG": "authenticator=debug"},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
        wait_until(self._has_marionette_port, START_SECONDS, "Firefox's Marionette port")
        self._marionette = Marionette(PORT)
        # "ignore": the default would cancel the PIN prompt at our next command
        self._marionette.call(
            "WebDriver:NewSession", unhandledPromptBehavior={"default": "ignore"}, pageLoadStrategy="none"
        )
        self._chrome(OBSERVE_PROMPTS)
        self._announced = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._marionette.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _has_marionette_port(self):
        if self._process.poll() is not None:
            raise RuntimeError("Firefox ended at its start; firefox.log says why")
        try:
            # asked of the kernel, as each connection would be a session to Marionette
            with open("/proc/net/tcp", encoding="ascii") as sockets:
                return any(line.split()[1].endswith(f":{PORT:04X}") and line.split()[3] == "0A" for line in sockets)
        except OSError:
            return False

    def _chrome(self, script, *arguments):
        return self._marionette.run("chrome", script, *arguments)

    def open(self, url, ready):
        # The document that goes away is marked, lest it be taken for the next one of the same address.
        self._marionette.run("content", "document.documentElement.dataset.left = true")
        self._marionette.call("WebDriver:Navigate", url=url)

        def is_ready():
            try:
                return self.evaluate(f"!document.documentElement.dataset.left && location.href.startsWith({url!r}) && ({ready})")
            except MarionetteError:  # the old document went away under the question
                return False

        wait_until(is_ready, START_SECONDS, f"{url} in Firefox")

    def evaluate(self, expression):
        try:
            # not by eval, which the page's content security policy forbids
            return self._marionette.run("content", f"return ({expression})")
        except MarionetteError as error:
            if error.kind == "unexpected alert open":  # the PIN prompt: no script runs while it is there
                return None
            raise

    def _pin_prompt(self):
        """The text of the PIN prompt that is open, or None."""
        try:
            return self._marionette.call("WebDriver:GetAlertText")["value"]
        except MarionetteError as error:
            if error.kind == "no such alert":
                return None
            raise

    def forget_dialogs(self):
        self._chrome(TAKE_PROMPTS)
        self._announced = []

    def next_dialog(self):
        """The kind of the dialog that waits for a person now, or None."""
        if self._pin_prompt() is not None:
            return dialogs.EnterPin
        try:
            self._announced += [ANNOUNCED[kind] for kind in self._chrome(TAKE_PROMPTS) or [] if kind in ANNOUNCED]
            # announced, but not to be clicked before its doorhanger is there
            if self._announced and self._chrome(DOORHANGER_IS_OPEN):
                return self._announced.pop(0)
        except MarionetteError as error:
            if error.kind != "unexpected alert open":
                raise
        return None

    def answer(self, answer):
        match answer:
            case dialogs.EnterPin(pin):
                time.sleep(1)  # it is open before its field has the focus
                self._screenshot(answer)
                self._desktop.type(pin)
                self._desktop.press("Return")
                wait_until(lambda: self._pin_prompt() is None, 20, "Firefox to take the PIN")
            case dialogs.ChooseAccount(name=name):
                self._screenshot(answer)
                if not self._chrome(PRESS_ACCOUNT, name):
                    raise AssertionError(f"Firefox does not offer the account {name}")
            case dialogs.AllowAttestation() | dialogs.AlreadyRegistered():
                self._screenshot(answer)
                self._chrome(PRESS_MAIN_BUTTON)

    def _screenshot(self, answer):
        self._desktop.screenshot(type(answer).__name__)

    def dismiss_everything(self):
        """After a case that went wrong: closes whatever is still open."""
        self._desktop.press("Escape", "Escape")
