"""What a team with Selenium tests does, unchanged but for the address of its WebDriver server: the authenticators that it adds are USB keys.

    selenium_cases.py BROWSER CLASS_PATH    chromium or firefox; where Selenium for Java and its cases are, or nothing for Python alone
"""

import json
import os
import subprocess
import sys

from chromium import BINARY, OPTIONS
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from demo_site import Site
from desktop import Desktop
from expect import expect
from process import START_SECONDS, Program
from report import Report
from selenium.webdriver.common.options import ArgOptions
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.webdriver import WebDriver
from waiting import wait_until
from webdriver import wait_until_driver_answers

FAUXKEY = os.environ["FAUXKEY"]
CEREMONY_SECONDS = 120
REFUSAL_SECONDS = 15  # a login that succeeds takes five
out = os.environ["OUT"]
report = Report()


class Page:
    """The demo site in the driven browser."""

    def __init__(self, driver, origin):
        self._driver = driver
        driver.get(origin)
        wait_until(lambda: driver.execute_script("return document.body?.dataset.ready === 'true'"), START_SECONDS, "the demo site")

    def run(self, button, account, verification="preferred", resident="discouraged", seconds=None):
        self._driver.execute_script(
            """const [account, choices] = arguments;
               document.getElementById('account').value = account;
               for (const [name, value] of Object.entries(choices)) document.querySelector(`input[name=${name}][value=${value}]`).checked = true;""",
            account, {"userVerification": verification, "residentKey": resident, "attestation": "none"},
        )
        self._driver.execute_script("document.getElementById(arguments[0]).click()", button)
        return wait_until(self._ended, seconds or CEREMONY_SECONDS, f"{button} to end")

    def refused(self, button, account, **choices):
        """The key refuses, and Chromium tells the person so, who then cancels."""
        try:
            state = self.run(button, account, seconds=REFUSAL_SECONDS, **choices)
        except TimeoutError:
            self._driver.execute_script("document.getElementById('cancel').click()")
            state = wait_until(self._ended, CEREMONY_SECONDS, f"{button} to be cancelled")
        expect(state != "verified", f"{button} was verified, although the key refused")

    def _ended(self):
        state = self._driver.execute_script("return document.getElementById('outcome').dataset.state")
        return state if state in ("verified", "cancelled", "failed") else None

    def text(self):
        return self._driver.execute_script("return document.getElementById('outcome').innerText")

    def verified(self, button, account, **choices):
        state = self.run(button, account, **choices)
        expect(state == "verified", f"{button}: {state}: {self.text()}")


class ChromiumDriver:
    proxy_options = []
    capabilities = {
        "browserName": "chrome",
        "goog:chromeOptions": {
            "binary": BINARY, "args": [option for option in OPTIONS if not option.startswith("--remote-debugging-port")],
        },
    }

    @staticmethod
    def command(port):
        return ["/usr/bin/chromedriver", f"--port={port}"]


class FirefoxDriver:
    # Selenium's Python client refuses the calls to a browser that says that it is Firefox, before it sends anything.
    proxy_options = ["--browser-name", "firefox with keys"]
    capabilities = {
        "browserName": "firefox",
        "moz:firefoxOptions": {"binary": "/usr/bin/firefox-esr"},
    }

    @staticmethod
    def command(port):
        return [os.environ["GECKODRIVER"], "--port", str(port)]


DRIVERS = {"chromium": ChromiumDriver, "firefox": FirefoxDriver}


class Capabilities(ArgOptions):
    """For any browser, as they are."""

    def __init__(self, capabilities):
        super().__init__()
        for name, value in capabilities.items():
            self.set_capability(name, value)

    @property
    def default_capabilities(self):
        return {}


def authenticator(**more):
    return VirtualAuthenticatorOptions(
        **{"protocol": "ctap2_1", "transport": "usb", "has_resident_key": True, "has_user_verification": True, "is_user_verified": True, **more})


def private_key():
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def registers_and_logs_in(driver, page):
    driver.add_virtual_authenticator(authenticator())
    page.verified("register", "alice", verification="required", resident="required")
    (held,) = driver.get_credentials()
    expect(held.rp_id == "localhost" and held.is_resident_credential, f"the credential is {held.to_dict()}")
    page.verified("login", "alice", verification="required")
    (after,) = driver.get_credentials()
    expect(after.sign_count > held.sign_count, f"the counter went from {held.sign_count} to {after.sign_count}")
    expect(any(name.startswith("hidraw") for name in os.listdir("/dev")), "the key is a device of the machine")


def verification_fails_when_told_so(driver, page):
    driver.set_user_verified(False)
    page.refused("login", "alice", verification="required")
    driver.set_user_verified(True)
    page.verified("login", "alice", verification="required")


def credentials_come_and_go(driver, page):
    (held,) = driver.get_credentials()
    driver.remove_credential(held.id)
    expect(driver.get_credentials() == [], "the removed credential is still there")
    driver.add_credential(Credential.create_resident_credential(b"0123456789abcdef", "localhost", b"someone", private_key(), 3))
    expect([one.sign_count for one in driver.get_credentials()] == [3], "the added credential is there")
    driver.remove_all_credentials()
    expect(driver.get_credentials() == [], "all credentials are gone")
    driver.remove_virtual_authenticator()


def a_user_who_does_not_consent(driver, page):
    driver.add_virtual_authenticator(authenticator(is_user_consenting=False))
    page.refused("register", "bob")
    driver.remove_virtual_authenticator()


def in_python(address, browser, site, desktop):
    driver = None
    try:
        with report.case("a-session-has-virtual-authenticators", lambda: desktop.screenshot("failed")):
            config = ClientConfig(remote_server_addr=address, timeout=600)
            driver = WebDriver(address, options=Capabilities(browser.capabilities), client_config=config)
            expect(driver.capabilities.get("webauthn:virtualAuthenticators") is True, json.dumps(driver.capabilities))
        if driver is None:
            return
        page = Page(driver, site.origin)
        for case in (registers_and_logs_in, verification_fails_when_told_so, credentials_come_and_go, a_user_who_does_not_consent):
            desktop.case = case.__name__
            with report.case(case.__name__.replace("_", "-"), lambda: desktop.screenshot("failed")):
                case(driver, page)
    finally:
        if driver is not None:
            driver.quit()


def in_java(address, browser, site, class_path):
    """Its cases print their lines by themselves."""
    with open(os.path.join(out, "java.log"), "wb") as log:
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", class_path, "VirtualAuthenticatorCases", address, site.origin, json.dumps(browser.capabilities)]
        if subprocess.run(command, stderr=log, check=False).returncode != 0:
            report.failed += 1


def main(browser, class_path):
    options = ["--to", "http://127.0.0.1:9515", "--listen", "127.0.0.1:4445", *browser.proxy_options]
    proxy = Program([FAUXKEY, "webdriver", *options], os.path.join(out, "proxy.log"))
    with Desktop(out) as desktop, Site(out) as site:
        # which passes the desktop's DISPLAY on
        driver = Program(browser.command(9515), os.path.join(out, "driver.log"))
        try:
            address = proxy.wait_for_line("webdriver: ", START_SECONDS)
            wait_until_driver_answers(address)
            in_python(address, browser, site, desktop)
            if class_path:
                in_java(address, browser, site, class_path)
        finally:
            proxy.stop()
            driver.popen.terminate()


main(DRIVERS[sys.argv[1]], sys.argv[2])
sys.exit(1 if report.failed else 0)
