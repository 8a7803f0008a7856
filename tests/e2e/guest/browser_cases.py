"""The browser cases: what a person does with a security key on a website, in a real browser, against fauxkey on uhid.

Asserted is what the server verified and the page shows, and for cancelling what the key's trace says.
"""

import os

from demo_page import DemoPage
from demo_site import Site
from dialogs import AllowAttestation, AlreadyRegistered, ChooseAccount, EnterPin, SetPin
from expect import expect
from extension_cases import KEY_OPTIONS as VERIFYING_KEY_OPTIONS
from extension_cases import ExtensionCases
from key import Key, attestation_root
from report import Report, Skip

FULL = bool(os.environ.get("FULL"))
PIN = "1234"
WRONG_PIN = "9876"
EDDSA = -8
STATUS_KEEPALIVE_CANCEL = "0x2d"
STATUS_PIN_INVALID = "0x31"


def expect_flags(outcome, **wanted):
    flags = {name: outcome["flags"][name] for name in wanted}
    expect(flags == wanted, f"flags {flags}, expected {wanted}")


class BrowserCases:
    """All cases of one browser; `run` goes through them in an order that needs few keys. Its sites start with it, as the browser
    then starts beside them."""

    def __init__(self, out):
        self.out = out
        self.store = ["--store", f"/tmp/{os.path.basename(out)}.db"]
        self.report = Report()
        self.browser = self.desktop = self.page = self.key = None
        root_path = os.path.join(out, "attestation-root.pem")
        with open(root_path, "w", encoding="ascii") as root:
            root.write(attestation_root(self.store))
        self.site = self._plain_site = Site(out)
        self._attested_site = Site(out, "attested-site", root_path)  # knows the root of the key with the store

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._plain_site, self._attested_site:
            pass

    def run(self, browser, desktop):
        self.browser, self.desktop = browser, desktop
        self._open(self._plain_site)
        self._with_key(
            "key-without-pin", ["--ephemeral"],
            self.register, self.log_in_and_again, self.exclude_credentials, self.eddsa,
            self.required_verification_without_pin,
        )
        self._with_key(
            "key-with-pin", ["--ephemeral", "--pin", PIN],
            self.required_verification, self.wrong_pin_then_right, self.preferred_verification,
            self.discouraged_verification, self.usernameless_with_two_accounts,
        )
        if FULL:
            self._with_key("key-that-verifies", VERIFYING_KEY_OPTIONS, cases_of=lambda key: ExtensionCases(browser, key).all)
        self._open(self._attested_site)
        self._with_key("key-with-store", self.store, self.direct_attestation)
        self._with_key("key-unanswered", self.store, self.cancel_registration, self.cancel_login, approve="ask")
        self._with_key("key-plugged-in-again", self.store, self.log_in_after_unplugging)
        return self.report.failed

    def _open(self, site):
        self.site = site
        self.page = DemoPage(self.browser, site.origin)

    def _with_key(self, key_name, options, *cases, approve="auto", cases_of=lambda key: ()):
        with self.report.case(f"{key_name}-starts-and-ends"):
            with Key(self.out, key_name, *self.browser.key_options, *options, approve=approve) as self.key:
                for case in (*cases, *cases_of(self.key)):
                    self._run_case(case)

    def _run_case(self, case):
        name = case.__name__.replace("_", "-")
        self.desktop.case = name

        def after_failure():
            self.desktop.screenshot("failed")
            self.browser.dismiss_everything()
            self.page = DemoPage(self.browser, self.site.origin)  # a fresh page also ends what was under way

        with self.report.case(name, after_failure):
            case()

    # --- a key without PIN

    def register(self):
        self.page.choose("register", verification="preferred")
        outcome = self.page.verified("register")
        expect_flags(outcome, UP=True, UV=False, BE=False, BS=False)
        expect(outcome["attestation"]["format"] == "none", "an attestation came unasked")
        expect(len(self.site.credentials("register")) == 1, "the server does not have the credential")

    def log_in_and_again(self):
        account = "register"
        self.page.choose(account)
        before = self.site.credentials(account)[0]["counter"]
        first = self.page.verified("login")
        second = self.page.verified("login")
        expect_flags(second, UP=True, UV=False)
        expect(before < first["counter"] < second["counter"], f"counters {before}, {first['counter']}, {second['counter']}")
        expect(self.site.credentials(account)[0]["counter"] == second["counter"], "the server has another counter")

    def exclude_credentials(self):
        self.page.choose("register")
        state = self.page.run("register", [AlreadyRegistered()])
        expect(state == "failed" and "InvalidStateError" in self.page.text(), f"{state}: {self.page.text()!r}")
        expect(len(self.site.credentials("register")) == 1, "the server has a second credential")

    def eddsa(self):
        self.page.choose("eddsa", algorithms=[EDDSA])
        outcome = self.page.verified("register")
        expect(outcome["algorithm"] == "EdDSA", f"the algorithm is {outcome['algorithm']}")
        self.page.verified("login")

    def required_verification_without_pin(self):
        account = "required-no-pin"
        self.page.choose(account, verification="required")
        if not self.browser.offers_to_set_pin:
            # Such a browser makes a credential without verification, which the server must not take.
            state = self.page.run("register")
            expect(state == "failed" and not self.site.credentials(account), f"{state}: {self.page.text()!r}")
            raise Skip("the browser cannot set a PIN; the server refused the unverified credential")
        expect_flags(self.page.verified("register", [SetPin(PIN)]), UP=True, UV=True)
        expect_flags(self.page.verified("login", [EnterPin(PIN)]), UP=True, UV=True)

    # --- a key with PIN

    def required_verification(self):
        self.page.choose("required", verification="required")
        expect_flags(self.page.verified("register", [EnterPin(PIN)]), UP=True, UV=True)
        expect_flags(self.page.verified("login", [EnterPin(PIN)]), UP=True, UV=True)

    def wrong_pin_then_right(self):
        self.page.choose("required", verification="required")
        expect_flags(self.page.verified("login", [EnterPin(WRONG_PIN), EnterPin(PIN)]), UP=True, UV=True)
        refused = self.key.trace(layer="ctap", dir="out", status=STATUS_PIN_INVALID)
        expect(len(refused) == 1, f"the key refused a PIN {len(refused)} times")

    def preferred_verification(self):
        self.page.choose("preferred", verification="preferred")
        expect_flags(self.page.verified("register", [EnterPin(PIN)]), UP=True, UV=True)
        expect_flags(self.page.verified("login", [EnterPin(PIN)]), UP=True, UV=True)

    def discouraged_verification(self):
        self.page.choose("discouraged", verification="discouraged")
        expect_flags(self.page.verified("register"), UP=True, UV=False)
        expect_flags(self.page.verified("login"), UP=True, UV=False)

    def usernameless_with_two_accounts(self):
        for name in ("anna", "berta"):
            self.page.choose(name, verification="required", resident="required")
            outcome = self.page.verified("register", [EnterPin(PIN)])
            expect(outcome["discoverable"] is not False, "the browser says that the credential is not discoverable")
        for name, row in (("berta", 0), ("anna", 1)):  # the key lists the newest first
            outcome = self.page.verified("login-usernameless", [EnterPin(PIN), ChooseAccount(name, row)])
            expect(outcome["account"] == name, f"logged in as {outcome['account']} instead of {name}")
            expect(outcome["userHandle"], "no user handle came")
            expect_flags(outcome, UP=True, UV=True)

    # --- a key that keeps its credentials

    def direct_attestation(self):
        self.page.choose("attested", attestation="direct")
        consent = [AllowAttestation()] if self.browser.asks_attestation_consent else []
        attestation = self.page.verified("register", consent)["attestation"]
        expected = {"format": "packed", "trust": "certificate chain leads to the given root"}
        expect(attestation == expected, f"attestation {attestation}")

    def _cancel(self, button, command):
        # Waited for is the key's word that it needs its user: browsers also send requests that need nobody.
        waiting = {"kind": "message", "dir": "out", "command": "CTAPHID_KEEPALIVE", "statusName": "STATUS_UPNEEDED"}
        cancelled = {"kind": "message", "dir": "in", "command": "CTAPHID_CANCEL"}
        waiting_before, cancelled_before = len(self.key.trace(**waiting)), len(self.key.trace(**cancelled))
        self.page.start(button)
        self.key.wait_for_number(waiting_before + 1, 60, **waiting)
        self.page.press("cancel")
        expect(self.page.finish() == "cancelled", f"the page says {self.page.text()!r}")
        self.key.wait_for_number(cancelled_before + 1, 30, **cancelled)
        self.key.wait_for_number(1, 30, layer="ctap", dir="out", command=command, status=STATUS_KEEPALIVE_CANCEL)

    def cancel_registration(self):
        self.page.choose("cancelled")
        self._cancel("register", "makeCredential")
        expect(not self.site.credentials("cancelled"), "the server has a credential that was cancelled")

    def cancel_login(self):
        self.page.choose("attested")
        before = self.site.credentials("attested")
        self._cancel("login", "getAssertion")
        expect(self.site.credentials("attested") == before, "the server took a login that was cancelled")

    def log_in_after_unplugging(self):
        self.page.choose("attested")
        outcome = self.page.verified("login")
        expect(outcome["counter"] > outcome["previousCounter"], "the counter did not go up")
