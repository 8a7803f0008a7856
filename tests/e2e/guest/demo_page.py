"""The demo page as a person uses it: make choices, press a button, answer the browser's dialogs, read the outcome."""

import json
import time

from waiting import POLL_SECONDS

CEREMONY_SECONDS = 120
CLOSING_SECONDS = 30  # for a dialog that stays open when the page has its answer already


class Unexpected(AssertionError):
    """The browser asked for something that the case does not expect, or did not ask for what it expects."""


class DemoPage:
    def __init__(self, browser, origin):
        self._browser = browser
        browser.open(origin, "document.body?.dataset.ready === 'true'")

    def choose(self, account, *, verification="preferred", resident="discouraged", attestation="none", algorithms=(-7, -8, -257)):
        choices = {"userVerification": verification, "residentKey": resident, "attestation": attestation}
        self._browser.evaluate(
            f"""(() => {{
              document.getElementById('account').value = {json.dumps(account)};
              for (const [name, value] of Object.entries({json.dumps(choices)}))
                document.querySelector(`input[name=${{name}}][value=${{value}}]`).checked = true;
              for (const box of document.querySelectorAll('input[name=algorithms]'))
                box.checked = {json.dumps(list(algorithms))}.includes(Number(box.value));
              return true;
            }})()"""
        )

    def press(self, button):
        self._browser.evaluate(f"(document.getElementById({json.dumps(button)}).click(), true)")

    def state(self):
        """idle, waiting, verified, cancelled or failed; None while the page cannot be asked."""
        return self._browser.evaluate("document.getElementById('outcome').dataset.state")

    def text(self):
        return self._browser.evaluate("document.getElementById('outcome').innerText")

    def start(self, button):
        """Begins a ceremony and leaves it under way."""
        self._browser.forget_dialogs()
        self.press(button)

    def finish(self, answers=()):
        """Answers the dialogs in this order until the ceremony has ended; returns how it ended."""
        answers = list(answers)
        deadline = time.monotonic() + CEREMONY_SECONDS
        settled = None
        while True:
            dialog = self._browser.next_dialog()
            if dialog:
                if not answers or type(answers[0]) is not dialog:
                    raise Unexpected(f"the browser showed {dialog.__name__}; expected: {answers or 'no dialog'}")
                self._browser.answer(answers.pop(0))
                continue
            if not settled and self.state() in ("verified", "cancelled", "failed"):
                settled = self.state()
                deadline = time.monotonic() + CLOSING_SECONDS
            if settled and not answers:
                return settled
            if time.monotonic() > deadline:
                if settled:
                    raise Unexpected(f"{settled} ({self.text()!r}), and the browser never showed {answers}")
                raise TimeoutError(f"the ceremony did not end within {CEREMONY_SECONDS} s")
            time.sleep(POLL_SECONDS)

    def run(self, button, answers=()):
        self.start(button)
        return self.finish(answers)

    def verified(self, button, answers=()):
        """A ceremony that the server must verify; returns the server's outcome, as the page shows it."""
        state = self.run(button, answers)
        if state != "verified":
            raise AssertionError(f"{state}: {self.text()!r}")
        text = self.text()
        outcome = json.loads(self._browser.evaluate("document.getElementById('outcome-json').textContent"))
        shown = [f"Verified by {outcome['verifiedBy']}", outcome["credentialId"], outcome["aaguid"]]
        missing = [each for each in shown if each not in text]
        if missing:
            raise AssertionError(f"the page does not show {missing}: {text!r}")
        return outcome
