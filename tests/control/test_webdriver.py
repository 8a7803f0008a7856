"""WebDriver's extension commands (WebAuthn Level 3, 11) and the names of Chrome's WebAuthn domain."""

import base64

import pytest
from fido2.client import ClientError
from fido2.ctap2 import Ctap2
from hid import open_fido2_device
from test_keys import attested, credential
from visitor import Site


class Opened:
    """The key behind an authenticator's id, for Site."""

    def __init__(self, control, name):
        self._control = control
        self._name = name

    def fido2_device(self):
        return open_fido2_device(self._control.get(f"/v1/keys/{self._name}")["addresses"][0])


class WebDriver:
    def __init__(self, control, session="s1"):
        self.control = control
        self.base = f"/session/{session}/webauthn/authenticator"

    def add(self, **options):
        answer = self.control.post(self.base, {"protocol": "ctap2_1", "transport": "usb", **options})
        return answer["value"]

    def fails(self, method, path, body, word="invalid argument"):
        answer = self.control.request(method, self.base + path, body)
        assert answer.json["value"]["error"] == word
        assert answer.status == {"invalid argument": 400, "unsupported operation": 500, "unknown command": 404}[word]
        return answer.json["value"]["message"]


@pytest.fixture
def webdriver(control):
    return WebDriver(control)


def test_an_authenticator_registers_and_logs_in(webdriver, control):
    name = webdriver.add(hasResidentKey=True, hasUserVerification=True, isUserVerified=True)
    site = Site(Opened(control, name), "example.org")
    site.register("alice", resident_key_requirement="required", user_verification="required")
    assert site.log_in(usernameless=True, user_verification="required")[0].flags & 0x04
    (listed,) = control.get(f"{webdriver.base}/{name}/credentials")["value"]
    assert listed["rpId"] == "example.org" and listed["isResidentCredential"] and listed["signCount"] > 0
    assert base64.urlsafe_b64decode(listed["userHandle"] + "==") == b"alice"
    assert control.delete(f"{webdriver.base}/{name}") == {"value": None}
    assert control.request("GET", f"/v1/keys/{name}").status == 404


def test_options_are_the_authenticators(webdriver, control):
    plain = Ctap2(Opened(control, webdriver.add(protocol="ctap2")).fido2_device()).info
    assert plain.options["rk"] is False and "uv" not in plain.options and "clientPin" not in plain.options
    assert "FIDO_2_1" not in plain.versions
    # which Chromium would take for a key that speaks U2F alone
    assert "largeBlobs" not in plain.options and not {"largeBlob", "largeBlobKey"} & set(plain.extensions)
    whole = Ctap2(Opened(control, webdriver.add(hasResidentKey=True, hasUserVerification=True)).fido2_device()).info
    assert whole.options["rk"] is True and whole.options["uv"] is True


def test_a_u2f_authenticator_speaks_u2f_alone(webdriver, control):
    device = Opened(control, webdriver.add(protocol="ctap1/u2f")).fido2_device()
    assert not device.capabilities & 0x04
    from fido2.ctap1 import Ctap1

    assert Ctap1(device).get_version() == "U2F_V2"


def test_consent_and_verification_come_out_as_set(webdriver, control):
    name = webdriver.add(isUserConsenting=False)
    with pytest.raises(ClientError):
        Site(Opened(control, name), "example.org").register()
    name = webdriver.add(hasUserVerification=True, isUserVerified=False)
    site = Site(Opened(control, name), "example.org")
    with pytest.raises(ClientError):
        site.register(user_verification="required")
    control.post(f"{webdriver.base}/{name}/uv", {"isUserVerified": True, "authenticatorId": name})  # as Selenium for Java has it
    site.register(user_verification="required")


def test_credentials_come_and_go(webdriver, control):
    name = webdriver.add(hasResidentKey=True)
    secret, data = credential("example.org")
    one = f"{webdriver.base}/{name}"
    assert control.post(f"{one}/credential", data) == {"value": None}
    site = Site(Opened(control, name), "example.org")
    site.accounts = [attested(secret, data)]
    assert site.log_in()[0].counter > 7
    control.post(f"{one}/credentials/{data['credentialId']}/props", {"signCount": 3, "backupEligibility": True, "backupState": True})
    result = site.log_in()[0]
    assert 3 < result.counter < 7 and result.flags & 0x18 == 0x18
    control.post(f"{one}/credentials/{data['credentialId']}/props", {"signCount": None})
    assert site.log_in()[0].counter == 0
    control.delete(f"{one}/credentials/{data['credentialId']}")
    assert control.get(f"{one}/credentials")["value"] == []
    control.post(f"{one}/credential", {**data, "signCount": 0})
    (again,) = control.get(f"{one}/credentials")["value"]
    assert again["signCount"] == 0  # not what a removed credential of the same id had counted
    control.delete(f"{one}/credentials")
    assert control.get(f"{one}/credentials")["value"] == []


def test_what_is_wrong_is_an_invalid_argument(webdriver, control):
    name = webdriver.add()
    for body in ({"transport": "usb"}, {"protocol": "ctap9", "transport": "usb"}, {"protocol": "ctap2", "transport": "tin can"},
                 {"protocol": "ctap2", "transport": "usb", "hasResidentKey": "yes"}, []):
        webdriver.fails("POST", "", body)
    webdriver.fails("DELETE", "/nobody", None)
    webdriver.fails("GET", "/nobody/credentials", None)
    webdriver.fails("DELETE", f"/{name}/credentials/AAAA", None)
    webdriver.fails("POST", f"/{name}/uv", {})
    _, data = credential("example.org")
    webdriver.fails("POST", f"/{name}/credential", data)  # it has no resident credentials
    for member in ("credentialId", "isResidentCredential", "rpId", "privateKey", "signCount"):
        webdriver.fails("POST", f"/{name}/credential", {**data, "isResidentCredential": False, member: None})
    webdriver.fails("GET", f"/{name}/what", None, "unknown command")


@pytest.mark.parametrize("transport", ["internal", "ble", "nfc", "hybrid", "smart-card"])
def test_transports_that_a_usb_key_has_not_are_said_to_be_unsupported(webdriver, transport):
    assert "usb" in webdriver.fails("POST", "", {"protocol": "ctap2", "transport": transport}, "unsupported operation")


def test_a_session_has_its_own_authenticators(webdriver, control):
    name = webdriver.add()
    WebDriver(control, "s2").fails("GET", f"/{name}/credentials", None)


def test_defaults_of_the_backup_flags(webdriver, control):
    name = webdriver.add(hasResidentKey=True, defaultBackupEligibility=True, defaultBackupState=True)
    site = Site(Opened(control, name), "example.org")
    data = site.register(resident_key_requirement="required")
    assert data.flags & 0x18 == 0x18


def test_the_names_of_chromes_protocol(control):
    options = {"protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "usb", "hasResidentKey": True, "hasUserVerification": True,
               "automaticPresenceSimulation": True, "isUserVerified": True, "hasLargeBlob": True, "hasPrf": True}
    control.cdp("enable", enableUI=True)
    name = control.cdp("addVirtualAuthenticator", options=options)["result"]["authenticatorId"]
    secret, data = credential("example.org")
    padded = {**data, "credentialId": base64.b64encode(base64.urlsafe_b64decode(data["credentialId"] + "==")).decode()}
    assert control.cdp("addCredential", authenticatorId=name, credential=padded)["result"] == {}
    site = Site(Opened(control, name), "example.org")
    site.accounts = [attested(secret, data)]
    counter = site.log_in(user_verification="required")[0].counter
    assert counter > 7
    got = control.cdp("getCredential", authenticatorId=name, credentialId=padded["credentialId"])["result"]["credential"]
    assert got["credentialId"] == padded["credentialId"] and got["signCount"] == counter
    assert len(control.cdp("getCredentials", authenticatorId=name)["result"]["credentials"]) == 1
    control.cdp("setUserVerified", authenticatorId=name, isUserVerified=False)
    with pytest.raises(ClientError):
        site.log_in(user_verification="required")
    control.cdp("setUserVerified", authenticatorId=name, isUserVerified=True)
    for bit in ("isBadUP", "isBadUV"):
        control.cdp("setResponseOverrideBits", authenticatorId=name, **{bit: True})
        with pytest.raises(ValueError, match="presence|erification|erified|resent"):
            site.log_in(user_verification="required")
    control.cdp("setResponseOverrideBits", authenticatorId=name, isBogusSignature=True)
    with pytest.raises(ValueError, match="signature"):
        site.log_in()
    control.cdp("setResponseOverrideBits", authenticatorId=name)
    site.log_in()
    control.cdp("setCredentialProperties", authenticatorId=name, credentialId=padded["credentialId"], backupEligibility=True)
    control.cdp("removeCredential", authenticatorId=name, credentialId=padded["credentialId"])
    control.cdp("clearCredentials", authenticatorId=name)
    assert control.cdp("getCredentials", authenticatorId=name)["result"]["credentials"] == []
    control.cdp("removeVirtualAuthenticator", authenticatorId=name)
    assert control.request("GET", f"/v1/keys/{name}").status == 404


def test_errors_of_chromes_protocol(control):
    assert control.cdp("addVirtualAuthenticator", options={})["error"]["code"] == -32602
    assert control.cdp("addVirtualAuthenticator")["error"]["code"] == -32602
    assert control.cdp("makeCoffee")["error"]["code"] == -32601
    assert "matching the ID" in control.cdp("getCredentials", authenticatorId="x")["error"]["message"]


def test_disabling_the_domain_removes_its_authenticators(control):
    name = control.cdp("addVirtualAuthenticator", options={"protocol": "ctap2", "transport": "usb"})["result"]["authenticatorId"]
    control.cdp("disable")
    assert control.request("GET", f"/v1/keys/{name}").status == 404
