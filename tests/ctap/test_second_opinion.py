"""The key as python-fido2's own client classes see it, extension by extension and command by command: an opinion of its makers on
what a key says, which our own requests elsewhere in this folder cannot give."""

import os

import pytest
from daemon import PIN
from fido2.client import ClientError
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Config, CredentialManagement, Ctap2, LargeBlobs
from fido2.ctap2.bio import FPBioEnrollment
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import PublicKeyCredentialUserEntity
from visitor import Site

NEW_PIN = "staple battery"
RESIDENT = {"resident_key_requirement": "required", "user_verification": "required"}


@pytest.fixture
def site(pin_key, rp_id):
    return Site(pin_key, rp_id, PIN)


def register(site, extensions, **options):
    """What the client says of the extensions, and what the key signed of them."""
    user = {"id": os.urandom(8), "name": "alice"}
    request, state = site.server.register_begin(user, **site.verification(options), extensions=extensions)
    response = site.client.make_credential(request.public_key)
    data = site.server.register_complete(state, response)
    site.accounts.append(data.credential_data)
    return response.client_extension_results, data.extensions or {}


def log_in(site, extensions, **options):
    data, response, _ = site.log_in(extensions=extensions, **options)
    return response.client_extension_results, data.extensions or {}


def prf_results(results):
    return {name: websafe_decode(value) for name, value in results["prf"]["results"].items()}


# --- Fido2Client's extensions


def test_prf_gives_at_registration_what_it_gives_at_each_login(site):
    asked = {"prf": {"eval": {"first": b"one", "second": b"another"}}}
    results, _ = register(site, asked, user_verification="required")
    assert results["prf"]["enabled"] is True
    made = prf_results(results)
    assert {len(secret) for secret in made.values()} == {32} and made["first"] != made["second"]
    for _ in range(2):
        assert prf_results(log_in(site, asked, user_verification="required")[0]) == made


def test_prf_by_credential_takes_the_salt_of_the_one_that_logs_in(site):
    register(site, {"prf": {}}, user_verification="required")
    credential_id = websafe_encode(site.accounts[0].credential_id)
    by_credential = {"eval": {"first": b"one"}, "evalByCredential": {credential_id: {"first": b"its own"}}}
    its_own, _ = log_in(site, {"prf": by_credential}, user_verification="required")
    plain, _ = log_in(site, {"prf": {"eval": {"first": b"its own"}}}, user_verification="required")
    other, _ = log_in(site, {"prf": {"eval": {"first": b"one"}}}, user_verification="required")
    assert prf_results(its_own) == prf_results(plain) != prf_results(other)


def test_another_credential_has_other_prf_secrets(site):
    asked = {"prf": {"eval": {"first": b"one"}}}
    secrets = {prf_results(register(site, asked, user_verification="required")[0])["first"] for _ in range(3)}
    assert len(secrets) == 3


def test_a_large_blob_is_written_and_read_again(site):
    results, _ = register(site, {"largeBlob": {"support": "required"}}, **RESIDENT)
    assert results["largeBlob"]["supported"] is True
    blob = os.urandom(2000)
    written, _ = log_in(site, {"largeBlob": {"write": blob}}, user_verification="required")
    assert written["largeBlob"]["written"] is True
    read, _ = log_in(site, {"largeBlob": {"read": True}}, user_verification="required")
    assert websafe_decode(read["largeBlob"]["blob"]) == blob


def test_a_cred_blob_comes_back(site):
    _, made = register(site, {"credBlob": b"thirty-two bytes at most"}, **RESIDENT)
    assert made["credBlob"] is True
    _, got = log_in(site, {"getCredBlob": True}, user_verification="required")
    assert got["credBlob"] == b"thirty-two bytes at most"


@pytest.mark.parametrize(
    "level, policy",
    [
        (1, "userVerificationOptional"),
        (2, "userVerificationOptionalWithCredentialIDList"),
        (3, "userVerificationRequired"),
    ],
)
def test_the_credential_is_protected_as_the_site_wants(site, level, policy):
    asked = {"credentialProtectionPolicy": policy, "enforceCredentialProtectionPolicy": True}
    _, made = register(site, asked, **RESIDENT)
    assert made["credProtect"] == level
    for usernameless, shut_from in ((True, 2), (False, 3)):
        if level >= shut_from:
            with pytest.raises(ClientError) as error:
                site.log_in(usernameless=usernameless, user_verification="discouraged")
            assert error.value.code == ClientError.ERR.DEVICE_INELIGIBLE
        else:
            site.log_in(usernameless=usernameless, user_verification="discouraged")
    site.log_in(usernameless=True, user_verification="required")


def test_cred_props_say_whether_the_key_keeps_the_credential(site):
    assert register(site, {"credProps": True}, **RESIDENT)[0]["credProps"]["rk"] is True
    results, _ = register(site, {"credProps": True}, resident_key_requirement="discouraged")
    assert results["credProps"]["rk"] is False


def test_the_least_length_of_pins_is_told_to_whom_it_is_meant_for(new_key, rp_id):
    key = new_key("--pin", PIN)
    config, _ = config_of(key, PIN)
    config.set_min_pin_length(6, [rp_id])
    for who, told in ((rp_id, {"minPinLength": 6}), (f"not.{rp_id}", {})):
        assert register(Site(key, who, PIN), {"minPinLength": True}, user_verification="required")[1] == told


# --- the management classes, as a settings program uses them; each from a connection of its own, as python-fido2's hears the
# answers to the others too, and does not bear them


def authorized(key, pin, permission):
    client_pin = ClientPin(Ctap2(key.fido2_device()))
    return client_pin, client_pin.get_pin_token(pin, permission)


def config_of(key, pin):
    client_pin, token = authorized(key, pin, ClientPin.PERMISSION.AUTHENTICATOR_CFG)
    return Config(client_pin.ctap, client_pin.protocol, token), client_pin


def management_of(key, pin=PIN):
    client_pin, token = authorized(key, pin, ClientPin.PERMISSION.CREDENTIAL_MGMT)
    return CredentialManagement(client_pin.ctap, client_pin.protocol, token)


def names_of(management, rp_id_hash):
    user = CredentialManagement.RESULT.USER
    return {entry[user]["name"] for entry in management.enumerate_creds(rp_id_hash)}


def test_credentials_are_counted_listed_renamed_and_deleted(new_key, rp_id):
    key = new_key("--pin", PIN)
    for rp in (f"other.{rp_id}", rp_id):
        site = Site(key, rp, PIN)
        for name in ("alice", "bob"):
            site.register(name, **RESIDENT)
    management, result = management_of(key), CredentialManagement.RESULT
    assert management.get_metadata()[result.EXISTING_CRED_COUNT] == 4
    rps = {entry[result.RP]["id"]: entry[result.RP_ID_HASH] for entry in management.enumerate_rps()}
    assert rps.keys() == {rp_id, f"other.{rp_id}"}
    alice = next(entry for entry in management.enumerate_creds(rps[rp_id]) if entry[result.USER]["name"] == "alice")
    assert alice[result.PUBLIC_KEY] == site.accounts[0].public_key
    management = management_of(key)
    renamed = PublicKeyCredentialUserEntity(id=b"alice", name="carol", display_name="Carol")
    management.update_user_info(alice[result.CREDENTIAL_ID], renamed)
    assert names_of(management_of(key), rps[rp_id]) == {"carol", "bob"}
    management_of(key).delete_cred(alice[result.CREDENTIAL_ID])
    assert names_of(management_of(key), rps[rp_id]) == {"bob"}
    assert management_of(key).get_metadata()[result.EXISTING_CRED_COUNT] == 3
    site.client = Site(key, rp_id, PIN).client
    _, response, _ = site.log_in(usernameless=True, user_verification="required")
    assert response.response.user_handle == b"bob"


def test_the_pin_is_set_changed_and_counted(new_key):
    client_pin = ClientPin(Ctap2(new_key().fido2_device()))
    client_pin.set_pin(PIN)
    assert client_pin.ctap.get_info().options["clientPin"] is True
    client_pin.change_pin(PIN, NEW_PIN)
    with pytest.raises(CtapError) as error:
        client_pin.get_pin_token(PIN)
    assert error.value.code == CtapError.ERR.PIN_INVALID
    assert client_pin.get_pin_retries()[0] == 7
    assert client_pin.get_pin_token(NEW_PIN)
    assert client_pin.get_pin_retries()[0] == 8


def test_a_forced_change_of_the_pin_is_made(new_key):
    config, client_pin = config_of(new_key("--pin", PIN), PIN)
    config.set_min_pin_length(8, force_change_pin=True)
    info = client_pin.ctap.get_info()
    assert info.force_pin_change is True and info.min_pin_length == 8
    with pytest.raises(CtapError):
        client_pin.get_pin_token(PIN, ClientPin.PERMISSION.CREDENTIAL_MGMT)
    client_pin.change_pin(PIN, NEW_PIN)
    assert client_pin.ctap.get_info().force_pin_change is False
    assert client_pin.get_pin_token(NEW_PIN, ClientPin.PERMISSION.CREDENTIAL_MGMT)


def test_a_large_blob_is_deleted_by_its_key_alone(new_key):
    client_pin, token = authorized(new_key("--pin", PIN), PIN, ClientPin.PERMISSION.LARGE_BLOB_WRITE)
    blobs = LargeBlobs(client_pin.ctap, client_pin.protocol, token)
    keys = [os.urandom(32), os.urandom(32)]
    for blob_key in keys:
        blobs.put_blob(blob_key, b"kept by " + blob_key)
    blobs.delete_blob(keys[0])
    assert blobs.get_blob(keys[0]) is None
    assert blobs.get_blob(keys[1]) == b"kept by " + keys[1]


def test_a_finger_logs_in_where_the_site_requires_verification(new_key, rp_id):
    key = new_key("--uv", "fingerprint", "--pin", PIN)
    client_pin, token = authorized(key, PIN, ClientPin.PERMISSION.BIO_ENROLL)
    enrolling = FPBioEnrollment(client_pin.ctap, client_pin.protocol, token).enroll()
    while enrolling.capture() is None:
        pass
    assert enrolling.remaining == 0
    site = Site(key, rp_id)
    site.register(user_verification="required")
    data, _, _ = site.log_in(user_verification="required")
    assert data.is_user_verified() and site.person.asked_for_pin == 0


def test_the_key_is_chosen_by_a_touch(key):
    assert Ctap2(key.fido2_device()).selection() is None
