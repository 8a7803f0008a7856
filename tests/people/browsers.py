"""Chromium and Firefox without a screen, driven alike: chromedriver for one, its own Marionette for the other."""

import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains

GUEST = Path(__file__).parents[1] / "e2e" / "guest"
sys.path.append(str(GUEST))
from marionette import Marionette, MarionetteError  # noqa: E402 # beside the suites of the virtual machine
from waiting import wait_until  # noqa: E402

START_SECONDS = 60
WAIT_SECONDS = 30  # far more than it takes, but on a busy machine
ENTER, ESCAPE, DOWN, UP, END, HOME, TAB = "\ue007", "\ue00c", "\ue015", "\ue013", "\ue010", "\ue011", "\ue004"


class Page:
    """What tests do with a page, in terms of one script call."""

    def until(self, expression, *arguments, seconds=WAIT_SECONDS):
        """The first true value of a JavaScript expression, whose arguments are a0, a1 …"""
        names = "".join(f"const a{place} = arguments[{place}];" for place in range(len(arguments)))
        deadline = time.monotonic() + seconds
        while True:
            value = self.run(f"{names} return {expression}", *arguments)
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.name}: not within {seconds} s: {expression} {arguments}\n{self.text('body')}")
            time.sleep(0.03)

    def text(self, selector):
        """As a person reads it; None where there is no such element."""
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def see(self, selector, text="", seconds=WAIT_SECONDS):
        """Waits until an element that can be seen has the text."""
        return self.until(
            "[...document.querySelectorAll(a0)].some(each => each.checkVisibility() && each.innerText.includes(a1))", selector, text,
            seconds=seconds,
        )

    def gone(self, selector, text=""):
        return self.until("![...document.querySelectorAll(a0)].some(each => each.checkVisibility() && each.innerText.includes(a1))", selector, text)

    def choose(self, selector, value):
        """As a person does in a select."""
        self.run(
            "const [at, value] = arguments; const select = document.querySelector(at); select.value = value;"
            "select.dispatchEvent(new Event('change', {bubbles: true}))", selector, value,
        )

    def write(self, selector, text):
        self.run(
            "const [at, text] = arguments; const input = document.querySelector(at); input.focus(); input.value = text;"
            "input.dispatchEvent(new Event('input', {bubbles: true}))", selector, text,
        )

    def tab(self, name):
        self.click(f"#tab-{name}")
        self.see(f"#panel-{name}")


class Chromium(Page):
    name = "chromium"

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = next(path for path in ("/usr/lib/chromium/chromium", "/usr/bin/chromium") if os.path.exists(path))
        for option in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                       "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars", "--window-size=1440,900"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.downloads = tempfile.mkdtemp(prefix="fauxkey-downloads-")
        options.add_experimental_option("prefs", {"download.default_directory": self.downloads})
        self._driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))

    def open(self, url):
        self._driver.get("about:blank")  # a fragment alone would be no new page
        self._driver.get(url)

    def run(self, script, *arguments):
        return self._driver.execute_script(script, *arguments)

    def click(self, selector):
        self._driver.find_element("css selector", selector).click()

    def keys(self, keys):
        ActionChains(self._driver).send_keys(keys).perform()

    def size(self, width, height, scale=1):
        self._driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride", {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        )

    def dark(self, dark):
        value = "dark" if dark else "light"
        self._driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": value}]})

    def complaints(self):
        """What its console has had to say since this was asked last, but for what it says of each refusal and lost connection."""
        return [entry["message"] for entry in self._driver.get_log("browser") if "Failed to load resource" not in entry["message"]]

    def screenshot(self, path):
        self._driver.save_screenshot(str(path))

    def close(self):
        self._driver.quit()
        shutil.rmtree(self.downloads, ignore_errors=True)


class Firefox(Page):
    name = "firefox"
    CONSOLE = """
      const said = Services.console.getMessageArray().filter(each => each instanceof Ci.nsIScriptError
        && (each.sourceName ?? "").startsWith("http://127.0.0.1:")).map(each => each.message);
      Services.console.reset();
      return said;
    """

    def __init__(self):
        self._profile = tempfile.mkdtemp(prefix="fauxkey-firefox-")
        preferences = (GUEST / "firefox-prefs.js").read_text().replace('"marionette.port", 2828', '"marionette.port", 0')
        (Path(self._profile) / "user.js").write_text(preferences)
        self._process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--profile", self._profile, "--marionette", "--remote-allow-system-access",
             "about:blank"],
            env={**os.environ, "HOME": self._profile, "MOZ_HEADLESS_WIDTH": "1440", "MOZ_HEADLESS_HEIGHT": "900"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self._marionette = Marionette(self._port())
        self._marionette.call("WebDriver:NewSession")
        self.size(1440, 900)

    def _port(self):
        told = Path(self._profile) / "MarionetteActivePort"
        deadline = time.monotonic() + START_SECONDS
        while not (told.exists() and told.read_text()):
            assert self._process.poll() is None, "Firefox ended at its start"
            assert time.monotonic() < deadline, "Firefox has no Marionette port"
            time.sleep(0.05)
        return int(told.read_text())

    def open(self, url):
        self._marionette.run("content", "")
        self._marionette.call("WebDriver:Navigate", url="about:blank")
        self._marionette.call("WebDriver:Navigate", url=url)

    def run(self, script, *arguments):
        return self._marionette.run("content", script, *arguments)

    def _find(self, **how):
        return next(iter(self._marionette.call("WebDriver:FindElement", **how)["value"].values()))

    def click(self, selector):
        element = self._find(using="css selector", value=selector)

        def is_clicked():
            try:
                self._marionette.call("WebDriver:ElementClick", id=element)
            except MarionetteError as error:  # the page is just being laid out anew
                if error.kind != "element not interactable":
                    raise
                return False
            return True

        wait_until(is_clicked, WAIT_SECONDS, f"Firefox to click {selector}")

    def keys(self, keys):
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._marionette.call("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": strokes}])

    def size(self, width, height):
        self._marionette.call("WebDriver:SetWindowRect", width=width, height=height)

    def complaints(self):
        said = self._marionette.run("chrome", self.CONSOLE)
        # of a page that is left while its scripts run, or asked while it loads
        harmless = (
            "Script terminated by timeout",
            "Layout was forced before the page was fully loaded",
            "Couldn’t process unknown directive",  # trusted types, which Firefox 140 does not know
        )
        return [text for text in said if not any(one in text for one in harmless)]

    def screenshot(self, path):
        self._marionette.run("content", "")
        Path(path).write_bytes(base64.b64decode(self._marionette.call("WebDriver:TakeScreenshot", full=False)["value"]))

    def close(self):
        self._marionette.close()
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._profile, ignore_errors=True)
