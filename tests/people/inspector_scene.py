"""Keys with something to see, for the inspector's tests and pictures."""

import base64
import os
import threading

from control import Key
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fido2.client import ClientError
from fido2.ctap import CtapError
from visitor import Site

SITES = [
    ("shop.example", "Shop", "alice@example.org"), ("login.bank.example", "Bank", "alice"), ("git.example", "Git", "al"),
    ("mail.example.org", "Mail", "alice@mail.example.org"), ("wiki.example.net", "Wiki", "Alice"), ("cloud.example", "Cloud", "alice.b"),
    ("id.city.example", "City", "A-1093"), ("forum.example", "Forum", "alice_in_w"), ("photos.example", "Photos", "alice"),
]


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


PRIVATE_KEY = b64(ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def credential(rp_id, user_name, **more):
    return {"credentialId": b64(os.urandom(32)), "isResidentCredential": True, "rpId": rp_id, "privateKey": PRIVATE_KEY, "signCount": 3,
            "userHandle": b64(os.urandom(16)), "userName": user_name, **more}


def in_background(work, *arguments):
    """For what waits until a prompt is answered; however it ends."""

    def attempt():
        try:
            work(*arguments)
        except (ClientError, CtapError, OSError):
            pass

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    return thread


def refused(work, *arguments, **options):
    try:
        work(*arguments, **options)
    except ClientError:
        return
    raise AssertionError("this was to be refused")


def set_up(control):
    """Three keys that have been used for a while, and a login that waits for its user."""
    desk = Key(control, name="desk", pin="1234", user={"presence": "approve"}, ctapVersion="2.1")
    for rp_id, _, user in SITES:
        control.post(f"{desk.path}/credentials", credential(rp_id, user))
    backup = Key(control, name="backup", userVerification="fingerprint", user={"presence": "approve"})
    Key(control, name="spare")
    control.post("/v1/keys/spare/unplug", {})
    control.post(f"{desk.path}/faults", {"match": {"command": "getAssertion", "nth": 3}, "action": {"type": "counterBack"}})
    wrong = Site(desk, "shop.example", "4321")
    refused(wrong.log_in, usernameless=True, user_verification="required")
    site = Site(desk, "git.example", "1234")
    site.register("al", resident_key_requirement="required")
    site.log_in()
    other = Site(backup, "shop.example")
    other.register("alice")
    refused(other.log_in, usernameless=True)
    control.patch(f"{desk.path}/user", {"presence": "ask"})
    bank = Site(desk, "login.bank.example", "1234")
    in_background(lambda: bank.log_in(usernameless=True))
    return desk
