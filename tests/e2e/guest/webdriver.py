"""A browser's driver behind `fauxkey webdriver`."""

import urllib.request

from process import START_SECONDS
from waiting import wait_until


def wait_until_driver_answers(address):
    """Through the proxy, which answers 500 as long as nobody is behind it."""

    def answers():
        try:
            urllib.request.urlopen(f"{address}/status", timeout=60).close()
        except OSError:
            return False
        return True

    wait_until(answers, START_SECONDS, "the browser's driver")
