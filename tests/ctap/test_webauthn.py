"""The key through python-fido2's WebAuthn client, judged by its server: what a relying party experiences."""

import threading
import time

import pytest
from daemon import PIN
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fido2.attestation import AttestationVerifier
from fido2.client import ClientError
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from visitor import Site


@pytest.fixture
def site(key, rp_id):
    return Site(key, rp_id)


@pytest.fixture
def pin_site(pin_key, rp_id):
    return Site(pin_key, rp_id, PIN)


def test_a_person_registers_logs_in_and_logs_in_again(site):
    site.register()
    first, _, _ = site.log_in()
    second, _, _ = site.log_in()
    assert second.counter > first.counter > 0


def test_a_person_logs_in_without_a_user_name(site):
    site.register(resident_key_requirement="required")
    _, response, _ = site.log_in(usernameless=True)
    assert response.response.user_handle == b"alice"


def test_a_person_chooses_between_two_accounts(pin_site):
    for name in ("alice", "bob"):
        pin_site.register(name, resident_key_requirement="required", user_verification="required")
    _, response, selection = pin_site.log_in(usernameless=True, choose=1, user_verification="required")
    assert response.response.user_handle == b"alice"
    names = [assertion.user["name"] for assertion in selection.get_assertions()]
    assert names == ["bob", "alice"]


@pytest.mark.parametrize("verification, asked", [("required", True), ("preferred", True), ("discouraged", False)])
def test_the_pin_is_asked_as_the_site_wants(pin_site, verification, asked):
    registered = pin_site.register(user_verification=verification)
    logged_in, _, _ = pin_site.log_in(user_verification=verification)
    assert (pin_site.person.asked_for_pin > 0) is asked
    assert registered.is_user_verified() is asked
    assert logged_in.is_user_verified() is asked


def test_a_wrong_pin_does_not_log_in(new_key, rp_id):
    with pytest.raises(ClientError):
        Site(new_key("--pin", PIN), rp_id, "wrong staple").register(user_verification="required")


def test_a_key_that_is_registered_already_says_so(site):
    site.register()
    with pytest.raises(ClientError) as error:
        site.register("bob", credentials=site.accounts)
    assert error.value.code == ClientError.ERR.DEVICE_INELIGIBLE


def test_the_attestation_chains_to_the_keys_root(new_key, rp_id):
    key = new_key(store=True)
    site = Site(key, rp_id)
    asking = Fido2Server({"id": rp_id, "name": "Site"}, attestation="direct")
    request, state = asking.register_begin({"id": b"alice", "name": "alice"}, user_verification="discouraged")
    response = site.client.make_credential(request.public_key)
    key.stop()
    printed = key.run("attestation", "root", *key.store_options())
    assert printed.returncode == 0, printed.stderr
    root = x509.load_pem_x509_certificate(printed.stdout.encode()).public_bytes(Encoding.DER)

    class OurRoot(AttestationVerifier):
        def ca_lookup(self, attestation_result, auth_data):
            return root

    strict = Fido2Server({"id": rp_id, "name": "Site"}, attestation="direct", verify_attestation=OurRoot())
    assert strict.register_complete(state, response).credential_data


def test_prf_gives_the_same_secret_each_time(pin_site):
    pin_site.register(extensions={"prf": {}})
    secrets = set()
    for _ in range(2):
        prf = {"prf": {"eval": {"first": b"purpose"}}}
        _, response, _ = pin_site.log_in(extensions=prf)
        secrets.add(response.client_extension_results["prf"]["results"]["first"])
    assert len(secrets) == 1 and len(websafe_decode(secrets.pop())) == 32


def test_a_page_that_gives_up_cancels_the_key(new_key, rp_id):
    key = new_key(approve="ask")
    site = Site(key, rp_id)
    request, _ = site.server.register_begin({"id": b"alice", "name": "alice"}, user_verification="discouraged")
    gives_up = threading.Event()
    threading.Timer(0.5, gives_up.set).start()
    started = time.monotonic()
    with pytest.raises(ClientError):
        site.client.make_credential(request.public_key, event=gives_up)
    assert time.monotonic() - started < 5
