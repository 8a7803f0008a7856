"""What web-platform-tests checks in webdriver/tests/classic/external/webauthn, as rows for wpt_cases.py."""

import base64
from dataclasses import dataclass
from typing import Callable

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from expect import expect
from wpt_browser import WebDriverError

TRANSPORT = "the key is on USB, and browsers take it for nothing else: *unsupported operation*"
KEY = base64.urlsafe_b64encode(
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
).decode().rstrip("=")
IDS = ("b25l", "dHdv", "dGhyZWU")  # "one", "two", "three"


def credential(**changes):
    return {"credentialId": IDS[0], "isResidentCredential": False, "rpId": "example.org", "privateKey": KEY, "signCount": 0, **changes}


def without(name):
    return {member: value for member, value in credential().items() if member != name}


@dataclass
class Command:
    """`check` is given the browser, with an authenticator that has no credentials yet."""

    file: str
    case: str
    check: Callable
    note: str = "with transport usb"
    otherwise: str = ""


def expect_refused(call, *bodies):
    for body in bodies:
        try:
            call(body)
        except WebDriverError as error:
            expect(error.word == "invalid argument", f"{body} is answered with {error}")
        else:
            raise AssertionError(f"{body} is taken")


def of_wrong_type(name, *values):
    return lambda browser: expect_refused(browser.put, *(credential(**{name: value}) for value in values))


def listed_as(put, **wanted):
    """A credential that is put in is listed with these members."""

    def check(browser):
        browser.put(put)
        (listed,) = browser.credentials()
        expect(wanted.items() <= listed.items(), f"listed as { {name: listed.get(name) for name in wanted} }, not as {wanted}")

    return check


def takes_a_blob_and_lists_none(put):
    def check(browser):
        browser.put(put)
        (listed,) = browser.credentials()
        expect("largeBlob" not in listed, "it is listed")

    return check


def set_to(name, *values):
    def check(browser):
        browser.put(credential(signCount=1))
        for value in values:
            browser.set(IDS[0], {name: value})
            (listed,) = browser.credentials()
            expect(listed[name] == value, f"{name} is {listed[name]}, not {value}")

    return check


def several_are_listed(browser):
    for name in IDS:
        browser.put(credential(credentialId=name))
    expect({each["credentialId"] for each in browser.credentials()} == set(IDS), "not all are listed")


def unset_properties(name, *values):
    def check(browser):
        browser.put(credential())
        expect_refused(lambda value: browser.set(IDS[0], {name: value}), *values)

    return check


def one_of_several_goes(browser):
    several_are_listed(browser)
    browser.take(IDS[1])
    expect({each["credentialId"] for each in browser.credentials()} == {IDS[0], IDS[2]}, "another one is gone")


def one_goes(browser):
    browser.put(credential())
    browser.take(IDS[0])
    expect(browser.credentials() == [], "it is still there")


def all_go(count):
    def check(browser):
        for name in IDS[:count]:
            browser.put(credential(credentialId=name))
        browser.take_all()
        expect(browser.credentials() == [], "some are left")

    return check


def all_are_set(browser):
    wanted = {"backupEligibility": True, "backupState": True, "signCount": 100}
    browser.put(credential(signCount=1))
    browser.set(IDS[0], wanted)
    (listed,) = browser.credentials()
    expect(wanted.items() <= listed.items(), f"they are {listed}")


def come_and_go(*options):
    def check(browser):
        for each in options:
            name = browser.add_authenticator(each)
            expect(isinstance(name, str), f"the id is {name}")
            browser.remove_authenticator(name)

    return check


def other_transports(browser):
    for transport in ("ble", "hybrid", "internal", "nfc", "smart-card"):
        try:
            browser.add_authenticator({"protocol": "ctap2", "transport": transport})
        except WebDriverError as error:
            expect(error.word == "unsupported operation", f"{transport}: {error}")
        else:
            raise AssertionError(f"{transport} is taken")


def no_authenticator(*call):
    """The command for the id of nobody."""
    method, path, body = call
    return lambda browser: expect_refused(lambda _: browser.call(method, f"/webauthn/authenticator/nobody{path}", body), "the id")


def wrong_options(name, *values):
    return lambda browser: expect_refused(browser.add_authenticator, *({"protocol": "ctap2", "transport": "usb", name: value} for value in values))


def uv(browser, value):
    browser.command("POST", "/uv", {"isUserVerified": value})


def command_rows():
    file = "add_credential/add.py"
    yield Command(file, "not resident", listed_as(credential(), credentialId=IDS[0], isResidentCredential=False, rpId="example.org", signCount=0))
    resident = credential(isResidentCredential=True, userHandle="dXNlcg")
    yield Command(file, "resident", listed_as(resident, credentialId=IDS[0], isResidentCredential=True, userHandle="dXNlcg"))
    yield Command(
        file, "with a large blob", takes_a_blob_and_lists_none({**resident, "largeBlob": "YmxvYg"}),
        otherwise="it is taken, for sites to read, but not listed: sites' blobs lie compressed on a key",
    )
    yield Command(file, "with a sign count", listed_as(credential(signCount=42), signCount=42))
    yield Command(file, "several", several_are_listed)
    file = "add_credential/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", "/credential", credential()), "")
    yield Command(file, "no parameters", lambda browser: expect_refused(browser.put, {}))
    for name in ("credentialId", "isResidentCredential", "rpId", "privateKey", "signCount"):
        yield Command(file, f"{name} is missing", lambda browser, name=name: expect_refused(browser.put, without(name)))
    no_text = (None, 123, True, [], {})
    for name in ("credentialId", "rpId", "privateKey"):
        yield Command(file, f"{name} is null, a number, true, a list, an object", of_wrong_type(name, *no_text))
    no_boolean = (None, "true", 123, [], {})
    yield Command(file, "isResidentCredential is null, text, a number, a list, an object", of_wrong_type("isResidentCredential", *no_boolean))
    yield Command(file, "signCount is null", of_wrong_type("signCount", None))
    yield Command(file, "signCount is text, true, a list, an object", of_wrong_type("signCount", "zero", True, [], {}))
    yield Command(file, "userHandle is a number, true, a list, an object", of_wrong_type("userHandle", 123, True, [], {}))
    file = "add_virtual_authenticator/add.py"
    yield Command(file, "each protocol", come_and_go(*({"protocol": name, "transport": "usb"} for name in ("ctap1/u2f", "ctap2", "ctap2_1"))))
    yield Command(file, "transport usb", come_and_go({"protocol": "ctap2", "transport": "usb"}), "")
    yield Command(file, "transport ble, hybrid, internal, nfc, smart-card", other_transports, "", TRANSPORT)
    file = "add_virtual_authenticator/invalid.py"
    for case, options in (("no parameters", {}), ("no protocol", {"transport": "usb"}), ("no transport", {"protocol": "ctap2"})):
        yield Command(file, case, lambda browser, options=options: expect_refused(browser.add_authenticator, options), "")
    for name in ("protocol", "transport"):
        yield Command(file, f"{name} is null, a number, true, a list, an object", wrong_options(name, *no_text), "")
        yield Command(file, f"{name} is unknown", wrong_options(name, "invalid"), "")
    for name in ("hasResidentKey", "hasUserVerification", "isUserConsenting", "isUserVerified"):
        yield Command(file, f"{name} is text, a number, a list, an object", wrong_options(name, "invalid", 123, [], {}))
    file = "get_credentials/get.py"
    yield Command(file, "none", lambda browser: expect(browser.credentials() == [], "there are some"))
    yield Command(file, "one", listed_as(credential(), credentialId=IDS[0], isResidentCredential=False, rpId="example.org", signCount=0))
    yield Command(file, "several", several_are_listed)
    nameless = credential(isResidentCredential=True, signCount=10)
    yield Command(
        file, "a resident one without a user handle", lambda browser: expect_refused(browser.put, nameless),
        otherwise="refused, as by Chromium's own authenticators: a discoverable credential without a user handle finds nobody",
    )
    yield Command("get_credentials/invalid.py", "the authenticator is nobody's", no_authenticator("GET", "/credentials", None), "")
    file = "remove_all_credentials/remove_all.py"
    for case, count in (("none", 0), ("one", 1), ("several", 3)):
        yield Command(file, case, all_go(count))
    yield Command("remove_all_credentials/invalid.py", "the authenticator is nobody's", no_authenticator("DELETE", "/credentials", None), "")
    yield Command("remove_credential/remove.py", "the only one", one_goes)
    yield Command("remove_credential/remove.py", "one of several", one_of_several_goes)
    file = "remove_credential/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("DELETE", f"/credentials/{IDS[0]}", None), "")
    yield Command(file, "the credential is nobody's", lambda browser: expect_refused(browser.take, "invalid"))
    yield Command("remove_virtual_authenticator/remove.py", "one that is there", come_and_go({"protocol": "ctap2", "transport": "usb"}))
    yield Command("remove_virtual_authenticator/invalid.py", "one that is nobody's", no_authenticator("DELETE", "", None), "")
    file = "set_credential_properties/set.py"
    yield Command(file, "backupEligibility true, false", set_to("backupEligibility", True, False))
    yield Command(file, "backupState false", set_to("backupState", False))
    yield Command(
        file, "backupState true, of a credential that is not eligible", unset_properties("backupState", True),
        otherwise="refused: no credential is backed up that may not be (WebAuthn Level 3, 6.1.3)",
    )
    yield Command(file, "signCount 0, 42, null", set_to("signCount", 0, 42, None))
    yield Command(file, "all of them", all_are_set)
    file = "set_credential_properties/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", f"/credentials/{IDS[0]}/props", {}), "")
    yield Command(file, "the credential is nobody's", lambda browser: expect_refused(lambda body: browser.set("invalid", body), {}))
    for name in ("backupEligibility", "backupState"):
        yield Command(file, f"{name} is text, a number, a list, an object, null", unset_properties(name, "true", 123, [], {}, None))
    no_counts = ("foo", True, [], {}, -1, 1.5, 2**32)
    yield Command(file, "signCount is text, true, a list, an object, -1, 1.5, 2^32", unset_properties("signCount", *no_counts))
    yield Command("set_user_verified/set.py", "true, false", lambda browser: [uv(browser, value) for value in (True, False)])
    file = "set_user_verified/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", "/uv", {"isUserVerified": True}), "")
    yield Command(
        file, "null, text, a number, a list, an object", lambda browser: expect_refused(lambda value: uv(browser, value), *no_boolean))
