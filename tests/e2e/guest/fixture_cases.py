"""The clients' fixtures with the test runners that they are for, and real browsers.

    fixture_cases.py examples GECKODRIVER PACKAGE    those of docs/testing-your-site.md: pytest and Selenium, Playwright Test
    fixture_cases.py webdriverio PACKAGE             WebdriverIO's runner, with chromedriver
"""

import json
import os
import subprocess
import sys

from chromium import BINARY, OPTIONS
from demo_site import Site
from desktop import Desktop
from examples import example
from process import START_SECONDS, Program
from report import Report

FAUXKEY = os.environ["FAUXKEY"]
RUNNER_SECONDS = 600
CHROMIUM = {"BROWSER": BINARY, "OPTIONS": json.dumps([option for option in OPTIONS if not option.startswith("--remote-debugging-port")])}
out = os.environ["OUT"]
report = Report()


def run(command, name, folder, expected="1 passed", **environment):
    """What it said is in NAME.log; the last of it is why it failed."""
    log_path = os.path.join(out, f"{name}.log")
    with open(log_path, "wb") as log:
        done = subprocess.run(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False,
                              timeout=RUNNER_SECONDS, env={**os.environ, **environment})
    with open(log_path, encoding="utf-8") as log:
        said = log.read()
    if done.returncode != 0 or expected not in said:
        raise AssertionError(" ".join(said.split())[-400:])


def pytest_with_selenium(geckodriver, site, address):
    folder = os.path.join(out, "pytest")
    os.mkdir(folder)
    with open(os.path.join(folder, "conftest.py"), "w", encoding="utf-8") as conftest:
        conftest.write(f"import pytest\n\n@pytest.fixture\ndef site():\n    return {site.origin!r}\n")
    with open(os.path.join(folder, "test_login.py"), "w", encoding="utf-8") as test:
        test.write(example("pytest and Selenium, in Firefox"))
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "fauxkey.pytest_plugin"], "pytest", folder,
        FAUXKEY_ADDRESS=address, PATH=f"{os.path.dirname(geckodriver)}:{os.environ['PATH']}")


def playwright_test(package, site, address):
    # beside what it imports; in this machine nothing of it lasts
    specs = os.path.join(package, "specs")
    os.mkdir(specs)
    with open(os.path.join(specs, "login.spec.mjs"), "w", encoding="utf-8") as spec:
        spec.write(example("Playwright, in Chromium"))
    command = [os.environ["NODE"], os.path.join(package, "node_modules/@playwright/test/cli.js"), "test"]
    run(command, "playwright", package, FAUXKEY_ADDRESS=address, SITE=site.origin, SPECS=specs, RESULTS=os.path.join(out, "playwright"), **CHROMIUM)


def examples(desktop, site, address, geckodriver, package):
    with report.case("pytest-and-selenium-in-firefox", lambda: desktop.screenshot("failed")):
        pytest_with_selenium(geckodriver, site, address)
    with report.case("playwright-in-chromium", lambda: desktop.screenshot("failed")):
        playwright_test(package, site, address)


def webdriverio(desktop, site, address, package):
    driver = Program(["/usr/bin/chromedriver", "--port=9515"], os.path.join(out, "driver.log"))
    try:
        with report.case("webdriverio-in-chromium", lambda: desktop.screenshot("failed")):
            command = [os.environ["NODE"], os.path.join(package, "node_modules/@wdio/cli/bin/wdio.js"), "run", "wdio.conf.mjs"]
            run(command, "webdriverio", package, expected="1 passed, 1 total", FAUXKEY_ADDRESS=address, SITE=site.origin, **CHROMIUM)
    finally:
        driver.popen.terminate()


def main(cases, *arguments):
    keys = Program([FAUXKEY, "run", "--keyless", "--transport", "uhid", "--control", "unix:/run/control.sock"], os.path.join(out, "keys.log"))
    with Desktop(out) as desktop, Site(out) as site:
        try:
            {"examples": examples, "webdriverio": webdriverio}[cases](desktop, site, keys.wait_for_line("control: ", START_SECONDS), *arguments)
        finally:
            keys.stop()


main(*sys.argv[1:])
sys.exit(1 if report.failed else 0)
