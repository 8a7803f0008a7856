"""MDN's guide to passkeys as a table: each value of each option, which CTAP request reaches the key for it, and what the page gets.

The rows of a browser are written to OUT/guide.json, each with what came of it in words: the key's requests, an arrow, the page.
tests/e2e/servers/guide-BROWSER.json is the copy that is kept: a row that comes out otherwise fails, and docs/compatibility.md is
made from it.
"""

import json
import os
import time

import dialogs
from demo_page import DemoPage
from demo_site import Site
from expect import expect
from key import Key
from report import Report
from waiting import POLL_SECONDS
from webauthn_page import RP_ID, decoded, encoded

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../servers/guide-{}.json")
PIN = "1234"
PATIENCE_SECONDS = 25  # a ceremony that nothing holds up takes three, under emulation
CLOSING_SECONDS = 15
USER = encoded(b"the user of the guide")
FOREIGN = encoded(b"a credential of no key".ljust(32, b"."))
FLAGS = ((0x01, "UP"), (0x04, "UV"), (0x08, "BE"), (0x10, "BS"))
ALGORITHMS = [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}]

# The state is kept in the document, which a page and those who drive it see alike in every browser; an event ends a call.
CALL = """(() => {
  const page = document.body.dataset;
  page.state = 'waiting';
  page.result = '';
  const controller = new AbortController();
  document.body.addEventListener('guide-end', () => controller.abort(), {once: true});
  const {mediation, ...given} = %(options)s;
  const publicKey = PublicKeyCredential.parse%(kind)sOptionsFromJSON(given);
  navigator.credentials.%(method)s({publicKey, signal: controller.signal, ...(mediation && {mediation})}).then(
    (credential) => {
      page.result = JSON.stringify({...credential?.toJSON(), clientExtensionResults: credential?.getClientExtensionResults().credProps ?? null});
      page.state = 'verified';
    },
    (error) => { page.result = error.name; page.state = 'failed'; },
  );
  return true;
})()"""
END = "(document.body.dispatchEvent(new Event('guide-end')), true)"


def creation(**more):
    return {
        "rp": {"id": RP_ID, "name": "guide"}, "user": {"id": USER, "name": "alice", "displayName": "Alice"},
        "pubKeyCredParams": ALGORITHMS, "extensions": {"credProps": True}, **more,
    }  # fmt: skip


def selecting(**selection):
    return creation(authenticatorSelection={"userVerification": "discouraged", **selection})


def described(entry):
    """A CTAP request in a few words; None for those that no option is about."""
    command, parameters = entry["command"], entry.get("parameters", {})
    if command not in ("makeCredential", "getAssertion"):
        return None
    words = [command]
    words += [f"{name}={str(value).lower()}" for name, value in sorted(parameters.get("options", {}).items())]
    words += [f"{name}: {len(parameters[name])}" for name in ("excludeList", "allowList") if name in parameters]
    words += [f"{name}={parameters[name]}" for name in ("enterpriseAttestation",) if name in parameters]
    words += [f"{name}={','.join(parameters[name])}" for name in ("attestationFormatsPreference",) if name in parameters]
    if "credProtect" in parameters.get("extensions", {}):
        words.append(f"credProtect={parameters['extensions']['credProtect']}")
    if "pinUvAuthParam" in parameters:
        words.append("with pinUvAuthParam")
    return " ".join(words)


def statement_format(attestation_object):
    """Of the CBOR map that begins with “fmt”."""
    begin = attestation_object.index(b"\x63fmt") + 4
    return attestation_object[begin + 1 : begin + 1 + (attestation_object[begin] & 0x1F)].decode()


def got(told):
    """A credential as the page has it, in a few words."""
    response = told["response"]
    data = decoded(response["authenticatorData"])
    words = [" ".join(name for flag, name in FLAGS if data[32] & flag), str(told.get("authenticatorAttachment"))]
    if "attestationObject" in response:
        words.append("attestation " + statement_format(decoded(response["attestationObject"])))
        words.append("AAGUID zeros" if data[37:53] == bytes(16) else "the key's AAGUID")
        words.append("transports " + " ".join(response.get("transports") or ["none"]))
        if told["clientExtensionResults"] is not None:
            words.append(f"credProps.rk {str(told['clientExtensionResults'].get('rk')).lower()}")
    else:
        words.append("user handle" if response.get("userHandle") else "no user handle")
    return ", ".join(words)


class GuideCases:
    def __init__(self, out):
        self._out = out
        self._report = Report()
        self._rows = {}
        self._site = Site(out)
        self._browser = self._desktop = self._key = None
        self._kept = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self._site:
            pass

    def run(self, browser, desktop):
        self._browser, self._desktop = browser, desktop
        if os.path.exists(KEPT.format(browser.name)):
            with open(KEPT.format(browser.name), encoding="utf-8") as file:
                self._kept = json.load(file)
        DemoPage(browser, self._site.origin)
        self._with_key("verifies by itself", ["--uv"], self._all_options)
        self._with_key("has no PIN", [], self._verification)
        self._with_key("has a PIN", ["--pin", PIN], self._verification)
        with self._report.case("each-row-that-is-kept-came"):
            missing = set(self._kept) - set(self._rows)
            expect(not missing, f"no such row came: {sorted(missing)}")
        return self._report.failed

    def _with_key(self, what, options, rows):
        with self._report.case(f"key-that-{what.replace(' ', '-')}-starts-and-ends"):
            options = ["--ephemeral", *self._browser.key_options, *options]
            with Key(self._out, what.replace(" ", "-"), *options) as self._key:
                rows(what)

    def _row(self, what, option, value, ceremony, options):
        """One call; the answer's id where there is one."""
        name = f"{ceremony}(), key that {what}: {option} {value}"
        self._desktop.case = "-".join(name.replace("()", "").replace(",", "").replace(":", "").split())
        answer = None

        def after_failure():
            self._desktop.screenshot("failed")
            self._browser.dismiss_everything()
            DemoPage(self._browser, self._site.origin)

        with self._report.case(self._desktop.case, after_failure):
            before = len(self._key.trace(layer="ctap", dir="in"))
            page, shown, answer = self._call(ceremony, options)
            requests = [described(entry) for entry in self._key.trace(layer="ctap", dir="in")[before:]]
            told = dict.fromkeys(one for one in requests if one)
            asked = "".join(f" ({dialog})" for dialog in shown)
            self._rows[name] = f"{'; '.join(told) or 'no request'} → {page}{asked}"
            self._write()
            kept = self._kept.get(name)
            expect(kept == self._rows[name], f"it is {self._rows[name]!r}, and {'no such row is kept' if kept is None else f'was {kept!r}'}")
        return answer

    def _write(self):
        with open(os.path.join(self._out, "guide.json"), "w", encoding="utf-8") as file:
            json.dump(self._rows, file, indent=1, ensure_ascii=False)
            file.write("\n")

    def _call(self, ceremony, options):
        """What the page got, the dialogs that were answered, the credential."""
        browser = self._browser
        browser.forget_dialogs()
        kind, method = {"create": ("Creation", "create"), "get": ("Request", "get")}[ceremony]
        options = {"challenge": encoded(os.urandom(32)), "timeout": 300_000, **options}
        browser.evaluate(CALL % {"kind": kind, "method": method, "options": json.dumps(options)})
        shown = []
        if not self._settles(shown, PATIENCE_SECONDS):
            browser.dismiss_everything()
            closed = self._settles(shown, CLOSING_SECONDS)
            if not closed:
                browser.evaluate(END)
                expect(self._settles(shown, CLOSING_SECONDS), f"the call did not end when the page took it back (answered: {shown})")
            how = "when the dialog is closed" if closed else "when the page takes the call back"
            return f"waits, and {browser.evaluate('document.body.dataset.result')} {how}", shown, None
        result = browser.evaluate("document.body.dataset.result")
        if browser.evaluate("document.body.dataset.state") == "failed":
            return result, shown, None
        told = json.loads(result)
        return got(told), shown, told["rawId"]

    def _settles(self, shown, seconds):
        answers = {
            dialogs.EnterPin: dialogs.EnterPin(PIN), dialogs.SetPin: dialogs.SetPin(PIN), dialogs.ChooseAccount: dialogs.ChooseAccount("alice", 0),
            dialogs.AlreadyRegistered: dialogs.AlreadyRegistered(), dialogs.AllowAttestation: dialogs.AllowAttestation(),
        }  # fmt: skip
        deadline = time.monotonic() + seconds
        settled_since = None
        while time.monotonic() < deadline:
            dialog = self._browser.next_dialog()
            if dialog:
                shown.append(dialog.__name__)
                self._browser.answer(answers[dialog])
                deadline, settled_since = time.monotonic() + seconds, None
                continue
            if self._browser.evaluate("document.body.dataset.state") in ("verified", "failed"):
                settled_since = settled_since or time.monotonic()
                if time.monotonic() - settled_since > 2:  # for a dialog that stays open when the page has its answer already
                    return True
            time.sleep(POLL_SECONDS)
        return settled_since is not None

    # --- the rows

    def _all_options(self, what):
        for value in ("discouraged", "preferred", "required"):
            self._row(what, "residentKey", value, "create", selecting(residentKey=value))
        self._row(what, "residentKey", "left out", "create", selecting())
        self._row(what, "requireResidentKey", "true", "create", selecting(requireResidentKey=True))
        self._verification(what)
        for value in ("cross-platform", "platform"):
            self._row(what, "authenticatorAttachment", value, "create", selecting(authenticatorAttachment=value))
        for value in ("none", "indirect", "direct", "enterprise"):
            self._row(what, "attestation", value, "create", creation(attestation=value))
        for value in ("security-key", "client-device", "hybrid"):
            self._row(what, "hints", value, "create", creation(hints=[value]))
        mine = self._row(what, "excludeCredentials", "of no key", "create", creation(excludeCredentials=[self._named(FOREIGN)]))
        if mine:
            self._row(what, "excludeCredentials", "of the key", "create", creation(excludeCredentials=[self._named(mine)]))
            self._gets(what, mine)

    def _gets(self, what, mine):
        def get(option, value, **more):
            self._row(what, option, value, "get", {"rpId": RP_ID, "userVerification": "discouraged", **more})

        get("allowCredentials", "of the key", allowCredentials=[self._named(mine)])
        get("allowCredentials", "of no key and of the key", allowCredentials=[self._named(FOREIGN), self._named(mine)])
        get("allowCredentials", "of no key", allowCredentials=[self._named(FOREIGN)])
        get("allowCredentials", "of the key, transports internal", allowCredentials=[{**self._named(mine), "transports": ["internal"]}])
        get("allowCredentials", "left out")
        for value in ("security-key", "client-device", "hybrid"):
            get("hints", value, allowCredentials=[self._named(mine)], hints=[value])
        for value in ("optional", "required", "silent", "conditional"):
            get("mediation", value, mediation=value)

    def _verification(self, what):
        made = None
        for value in ("discouraged", "preferred", "required"):
            selection = {"userVerification": value, "residentKey": "discouraged"}
            made = self._row(what, "userVerification", value, "create", creation(authenticatorSelection=selection)) or made
        for value in ("discouraged", "preferred", "required"):
            if made:
                self._row(what, "userVerification", value, "get", {"rpId": RP_ID, "allowCredentials": [self._named(made)], "userVerification": value})

    @staticmethod
    def _named(identifier):
        return {"type": "public-key", "id": identifier}
