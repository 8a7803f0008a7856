"""What a page gets of a key's extensions through a browser. The key verifies its user by itself, so that no dialog needs an answer."""

import base64
import os

from expect import expect
from libfido2 import Tools, token
from report import Skip
from webauthn_page import RP_ID, WebAuthnPage, encoded

PIN = "1234"
KEY_OPTIONS = ["--ephemeral", "--pin", PIN, "--uv"]
REQUIRED = 3


class ExtensionCases:
    def __init__(self, browser, key):
        self._browser = browser
        self._key = key
        self._page = WebAuthnPage(browser)

    @property
    def all(self):
        return self.prf, self.cred_protect, self.large_blob, self.min_pin_length

    def prf(self):
        made = self._page.create({"prf": {}})
        expect(made.extensions["prf"] == {"enabled": True}, f"at registration, the browser says {made.extensions}")
        salts = [encoded(b"one salt"), encoded(b"one salt"), encoded(b"another")]
        same, again, other = (
            self._page.get(made.id, {"prf": {"eval": {"first": salt}}}).extensions["prf"]["results"]["first"] for salt in salts
        )
        expect(len(same) == 43, f"a result of {len(same)} base64 characters")
        expect(same == again, "the same salt gave another result")
        expect(same != other, "another salt gave the same result")

    def cred_protect(self):
        asked = {"credentialProtectionPolicy": "userVerificationRequired", "enforceCredentialProtectionPolicy": True}
        made = self._page.create(asked)
        expect(b"kcredProtect" + bytes([REQUIRED]) in made.authenticator_data, "the key does not tell that it protects it")
        # by another program, as what the browser says in such a case may be the browser's own doing
        credential_id = base64.b64encode(made.id).decode()
        Tools(self._key.node, "/tmp/extensions").get(RP_ID, credential_id).refused("FIDO_ERR_NO_CREDENTIALS")
        self._page.get(made.id, {})

    def large_blob(self):
        made = self._page.create({"largeBlob": {"support": "preferred"}}, resident="required")
        if "largeBlob" not in made.extensions:
            raise Skip(f"{self._browser.name} does not know the extension largeBlob: its results are {made.extensions}")
        expect(made.extensions["largeBlob"] == {"supported": True}, f"at registration, the browser says {made.extensions}")
        blob = os.urandom(1500)
        written = self._page.get(made.id, {"largeBlob": {"write": encoded(blob)}}).extensions["largeBlob"]
        expect(written == {"written": True}, f"after writing, the browser says {written}")
        read = self._page.get(made.id, {"largeBlob": {"read": True}}).extensions["largeBlob"]
        expect(read == {"blob": encoded(blob)}, "another blob came back")

    def min_pin_length(self):
        asked, told = {"minPinLength": True}, b"lminPinLength\x04"
        expect(told not in self._page.create(asked).authenticator_data, "the key tells it to everybody")
        token("-S", "-m", RP_ID, self._key.node).succeeded()  # which the key's own verification allows
        expect(told in self._page.create(asked).authenticator_data, "the key does not tell its least length")
