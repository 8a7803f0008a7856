"""The attack pack through a real browser: the demo site's page asks it, and a USB key goes wrong.

    attack_cases.py    the results as lines of cases; Chromium by chromedriver
"""

import json
import os
import subprocess
import sys

from chromium import BINARY, OPTIONS
from demo_site import Site
from desktop import Desktop
from expect import expect
from process import START_SECONDS, Program
from report import Report
from webdriver import wait_until_driver_answers

FAUXKEY = os.environ["FAUXKEY"]
DRIVER = "http://127.0.0.1:9515"
SECONDS = 3000
CAPABILITIES = {"browserName": "chrome", "goog:chromeOptions": {"binary": BINARY, "args": [each for each in OPTIONS if "remote-debugging-port" not in each]}}
# What the site has to refuse, and Chromium lets through to it.
REFUSED = ("reg-not-verified", "reg-backed-up-not-eligible", "login-not-verified", "login-backed-up-not-eligible", "login-signature-bogus", "login-counter-back",
           "login-user-handle-unknown")
# What is right.
ACCEPTED = ("login-became-backed-up",)
# What the site never sees, since Chromium itself looks.
ENDED = ("reg-rp-id",)
# What no browser does.
CLIENTS = ("login-origin-other", "login-replay")
out = os.environ["OUT"]
report = Report()


def attack(site, control):
    path = os.path.join(out, "attack.json")
    only = [word for name in (*REFUSED, *ACCEPTED, *ENDED, *CLIENTS) for word in ("--only", name)]
    with open(os.path.join(out, "attack.log"), "wb") as log:
        done = subprocess.run([FAUXKEY, "attack", "--site", site.origin, "--browser", DRIVER, "--capabilities", json.dumps(CAPABILITIES), "--control", control,
                               "--policy", "counters", "--json", path, *only], stdout=log, stderr=log, timeout=SECONDS, check=False)
    expect(done.returncode == 0, f"fauxkey attack ended with {done.returncode}; attack.log says why")
    with open(path, encoding="utf-8") as file:
        return {each["id"]: each for each in json.load(file)["results"]}


def main():
    daemon = Program([FAUXKEY, "run", "--keyless", "--approve", "auto", "--control", "unix:/run/control.sock"], os.path.join(out, "daemon.log"))
    with Desktop(out) as desktop, Site(out) as site:
        driver = Program(["/usr/bin/chromedriver", "--port=9515"], os.path.join(out, "driver.log"))
        try:
            control = daemon.wait_for_line("control: ", START_SECONDS)
            wait_until_driver_answers(DRIVER)
            results = {}
            with report.case("the-pack-is-played-through-chromium", lambda: desktop.screenshot("failed")):
                results = attack(site, control)
            for name, each in results.items():
                with report.case(name):
                    if name in REFUSED:
                        expect(each["site"] == "rejected", json.dumps(each))
                    elif name in ACCEPTED:
                        expect(each["site"] == "accepted", json.dumps(each))
                    else:
                        expect(each["outcome"] == "not-applicable" and each["site"] is None, json.dumps(each))
        finally:
            driver.popen.terminate()
            daemon.stop()


main()
sys.exit(1 if report.failed else 0)
