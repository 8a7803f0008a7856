"""A dozen registrations and logins in both browsers, over USB, judged by the three servers of tests/e2e/servers.

tests/servers has all combinations over a socket; here is looked at what a browser adds or takes away.
"""

from demo_page import DemoPage
from dialogs import AllowAttestation, EnterPin
from expect import expect
from key import Key
from report import Report

PIN = "2468"
TRUSTED = "certificate chain leads to the given root"
RS256 = -257


class ServerCases:
    """The cases of one browser; both browsers use the same sites."""

    def __init__(self, out, sites, key_root):
        self._out, self._sites, self._key_root = out, sites, key_root
        self.report = Report()
        self._browser = self._desktop = self._page = None

    def run(self, browser, desktop):
        self._browser, self._desktop = browser, desktop
        if browser.name == "chromium":
            self._attested("simplewebauthn", "fauxkey", "packed", "ES256")
            self._attested("simplewebauthn", "platform-tpm", "tpm", "RS256", algorithms=[RS256])
            self._tutorial("py_webauthn", "yubikey-5")
            self._attested("py_webauthn", "platform-apple", "apple", "ES256")
            self._attested("webauthn4j", "platform-android", "android-key", "ES256")
            self._attested("webauthn4j", "u2f-only", "fido-u2f", "ES256")
        else:
            self._attested("simplewebauthn", "u2f-only", "fido-u2f", "ES256")
            self._synced("simplewebauthn", "synced-passkey")
            self._unread("py_webauthn", "platform-tpm", "tpm", algorithms=[RS256])
            self._tutorial("py_webauthn", "titan-2")
            self._attested("py_webauthn", "fido-2.1", "packed", "ES256")
            self._unread("webauthn4j", "platform-apple", "apple")
            self._attested("webauthn4j", "yubikey-5", "packed", "ES256")
            self._attested("webauthn4j", "solo-2", "packed", "ES256")

    def _case(self, server, persona, what, *options):
        """A key of this persona, and the page of this server in front of it."""
        name = f"{self._browser.name}-{server}-{persona}-{what}"
        self._desktop.case = name

        def after_failure():
            self._desktop.screenshot("failed")
            self._browser.dismiss_everything()

        def run(steps):
            with self.report.case(name, after_failure):
                command = ["--ephemeral", "--persona", persona, "--attestation-root", self._key_root, *options]
                if persona == "fauxkey":  # the others have the versions that their makers chose
                    command += self._browser.key_options
                with Key(self._out, name, *command) as key:
                    self._page = DemoPage(self._browser, self._sites[server].origin)
                    steps(name, key)

        return run

    def _attested(self, server, persona, format, algorithm, algorithms=(-7, -8, RS256)):
        def steps(account, _):
            self._page.choose(account, attestation="direct", verification="discouraged", algorithms=algorithms)
            registered = self._page.verified("register", self._consent())
            expect(registered["attestation"] == {"format": format, "trust": TRUSTED}, f"attestation {registered['attestation']}")
            expect(registered["algorithm"] == algorithm, f"algorithm {registered['algorithm']}")
            first, second = self._page.verified("login"), self._page.verified("login")
            expect(second["counter"] > first["counter"] or second["counter"] == 0, f"counters {first['counter']}, {second['counter']}")

        self._case(server, persona, format)(steps)

    def _unread(self, server, persona, format, algorithms=(-7, -8, RS256)):
        """Firefox knows the statements of USB keys alone: with another, the page gets an error after the key has done its part."""

        def steps(account, key):
            self._page.choose(account, attestation="direct", verification="discouraged", algorithms=algorithms)
            state = self._page.run("register")
            expect(state == "failed" and "NotAllowedError" in self._page.text(), f"{state}: {self._page.text()!r}")
            answers = [each["response"]["fmt"] for each in key.trace(layer="ctap", dir="out", command="makeCredential")]
            expect(answers == [format], f"the key answered {answers}")
            expect(not self._sites[server].credentials(account), "the server has a credential")

        self._case(server, persona, f"{format}-unread")(steps)

    def _tutorial(self, server, persona):
        """The second passkey tutorial: residentKey and userVerification “required”, then a login without a name."""

        def steps(account, _):
            self._page.choose(account, verification="required", resident="required")
            expect(self._page.verified("register", [EnterPin(PIN)])["flags"]["UV"], "not verified")
            outcome = self._page.verified("login-usernameless", [EnterPin(PIN)])
            expect(outcome["account"] == account and outcome["flags"]["UV"], f"outcome {outcome}")

        self._case(server, persona, "tutorial", "--pin", PIN)(steps)

    def _synced(self, server, persona):
        def steps(account, _):
            self._page.choose(account, verification="discouraged", resident="required")
            flags = self._page.verified("register")["flags"]
            expect(flags["BE"] and flags["BS"], f"flags {flags}")
            for _ in range(2):
                expect(self._page.verified("login-usernameless")["counter"] == 0, "a synced passkey counts")

        self._case(server, persona, "synced")(steps)

    def _consent(self):
        return [AllowAttestation()] if self._browser.asks_attestation_consent else []
