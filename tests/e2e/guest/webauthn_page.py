"""A page that calls WebAuthn with whatever it is told, extensions included."""

import base64
import json
import os

from demo_page import DemoPage

RP_ID = "localhost"
# Chromium 150 leaves prf's results out of toJSON(), so the extensions are told by themselves.
# The state is kept in the document, which is all that a page and those who drive it see alike in every browser.
CALL = """(() => {
  const page = document.body.dataset;
  page.state = 'waiting';
  page.result = '';
  const encoded = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
  const plain = (value) =>
    Object.prototype.toString.call(value) === '[object ArrayBuffer]' ? encoded(value)
    : value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)])) : value;
  const told = (credential) =>
    JSON.stringify({ ...credential.toJSON(), clientExtensionResults: plain(credential.getClientExtensionResults()) });
  const options = PublicKeyCredential.parse%(kind)sOptionsFromJSON(%(options)s);
  navigator.credentials.%(method)s({ publicKey: options }).then(
    (credential) => { page.result = told(credential); page.state = 'verified'; },
    (error) => { page.result = `${error.name}: ${error.message}`; page.state = 'failed'; },
  );
  return true;
})()"""


def encoded(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Answer:
    """What a page gets: the credential's id, what was signed, what the browser says of the extensions."""

    def __init__(self, credential):
        self.id = decoded(credential["rawId"])
        self.authenticator_data = decoded(credential["response"]["authenticatorData"])
        self.extensions = credential["clientExtensionResults"]


class WebAuthnPage(DemoPage):
    """The page that the browser shows, which must be the demo site's."""

    def __init__(self, browser):
        self._browser = browser

    def state(self):
        return self._browser.evaluate("document.body.dataset.state")

    def text(self):
        return self._browser.evaluate("document.body.dataset.result")

    def _call(self, kind, method, options, answers):
        self._browser.forget_dialogs()
        options = {"challenge": encoded(os.urandom(32)), "timeout": 60_000, **options}
        self._browser.evaluate(CALL % {"kind": kind, "method": method, "options": json.dumps(options)})
        state = self.finish(answers)
        if state != "verified":
            raise AssertionError(f"{state}: {self.text()!r}")
        return Answer(json.loads(self.text()))

    def create(self, extensions, *answers, resident="discouraged"):
        return self._call("Creation", "create", {
            "rp": {"id": RP_ID, "name": "extensions"},
            "user": {"id": encoded(os.urandom(16)), "name": "alice", "displayName": "Alice"},
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
            "authenticatorSelection": {"residentKey": resident, "userVerification": "required"},
            "extensions": extensions,
        }, answers)

    def get(self, credential_id, extensions, *answers):
        return self._call("Request", "get", {
            "rpId": RP_ID,
            "allowCredentials": [{"type": "public-key", "id": encoded(credential_id)}],
            "userVerification": "required",
            "extensions": extensions,
        }, answers)
