"""Waiting for something to become true: the one place where these tests sleep."""

import time

POLL_SECONDS = 0.05


def wait_until(condition, seconds, what):
    """The first true value of condition(); TimeoutError, naming what was waited for, after that many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds} s in vain for {what}")
        time.sleep(POLL_SECONDS)
