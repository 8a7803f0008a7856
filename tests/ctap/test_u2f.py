"""CTAP1/U2F over CTAPHID_MSG (FIDO U2F Raw Message Formats 1.2; X-14)."""

import os
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from ctap2 import GET_ASSERTION, NO_CREDENTIALS, get_assertion, get_assertion_request, make_credential
from fido2.ctap1 import ApduError, Ctap1

NO_ERROR, CONDITIONS_NOT_SATISFIED, WRONG_DATA, WRONG_LENGTH = 0x9000, 0x6985, 0x6A80, 0x6700
CLASS_NOT_SUPPORTED, INSTRUCTION_NOT_SUPPORTED = 0x6E00, 0x6D00
REGISTER, AUTHENTICATE, VERSION = 1, 2, 3
CHECK_ONLY, ENFORCE, DO_NOT_ENFORCE = 7, 3, 8

CHALLENGE = sha256(b"client data").digest()


def short(ins, p1=0, data=b"", le=b"\0"):
    return bytes([0, ins, p1, 0]) + (bytes([len(data)]) + data if data else b"") + le


def extended(ins, p1=0, data=b"", le=b"\0\0"):
    head = bytes([0, ins, p1, 0, 0])
    return head + (len(data).to_bytes(2, "big") + data if data else b"") + le


ENCODINGS = pytest.mark.parametrize("encode", [short, extended], ids=["short", "extended"])


@pytest.fixture
def application(rp_id):
    return sha256(rp_id.encode()).digest()


class Registration:
    def __init__(self, data):
        assert data[0] == 5
        self.public_key = data[1:66]
        handle_end = 67 + data[66]
        self.handle = data[67:handle_end]
        certificate_size = 4 + int.from_bytes(data[handle_end + 2 : handle_end + 4], "big")
        self.certificate = x509.load_der_x509_certificate(data[handle_end : handle_end + certificate_size])
        self.signature = data[handle_end + certificate_size :]

    def verify_attestation(self, application):
        signed = b"\0" + application + CHALLENGE + self.handle + self.public_key
        self.certificate.public_key().verify(self.signature, signed, ec.ECDSA(SHA256()))

    def verify(self, application, data):
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.public_key)
        key.verify(data[5:], application + data[:5] + CHALLENGE, ec.ECDSA(SHA256()))


def register(channel, application, encode=extended):
    status, data = channel.apdu_when_approved(encode(REGISTER, 0, CHALLENGE + application))
    assert status == NO_ERROR, f"{status:#06x}"
    return Registration(data)


def authenticate(channel, application, handle, mode=ENFORCE, encode=extended):
    data = CHALLENGE + application + bytes([len(handle)]) + handle
    return channel.apdu(encode(AUTHENTICATE, mode, data))


def log_in(channel, application, handle, encode=extended):
    return channel.apdu_when_approved(encode(AUTHENTICATE, ENFORCE, CHALLENGE + application + bytes([len(handle)]) + handle))


@ENCODINGS
def test_version_is_u2f_v2(channel, encode):
    assert channel.apdu(encode(VERSION)) == (NO_ERROR, b"U2F_V2")


@ENCODINGS
def test_a_registration_verifies_and_logs_in(channel, application, encode):
    made = register(channel, application, encode)
    made.verify_attestation(application)
    status, data = log_in(channel, application, made.handle, encode)
    assert status == NO_ERROR
    assert data[0] == 1
    made.verify(application, data)


def test_the_fido_u2f_attestation_verifies_as_webauthn_8_6_does(key, application):
    registration = Ctap1(key.fido2_device()).register(CHALLENGE, application)
    registration.verify(application, CHALLENGE)
    certificate = x509.load_der_x509_certificate(registration.certificate)
    assert isinstance(certificate.public_key().curve, ec.SECP256R1)


def test_python_fido2_logs_in(key, application):
    client = Ctap1(key.fido2_device())
    made = client.register(CHALLENGE, application)
    client.authenticate(CHALLENGE, application, made.key_handle).verify(application, CHALLENGE, made.public_key)
    with pytest.raises(ApduError) as error:
        client.authenticate(CHALLENGE, application, made.key_handle, check_only=True)
    assert error.value.code == CONDITIONS_NOT_SATISFIED


def test_the_counter_grows(channel, application):
    made = register(channel, application)
    counters = [
        int.from_bytes(log_in(channel, application, made.handle)[1][1:5], "big") for _ in range(3)
    ]
    assert counters == sorted(set(counters)) and counters[0] > 0


class TestModes:
    def test_check_only_says_yes_by_6985_and_does_not_sign(self, channel, application):
        made = register(channel, application)
        assert authenticate(channel, application, made.handle, CHECK_ONLY) == (CONDITIONS_NOT_SATISFIED, b"")

    def test_check_only_says_no_by_6a80(self, channel, application):
        assert authenticate(channel, application, os.urandom(64), CHECK_ONLY) == (WRONG_DATA, b"")

    def test_without_enforcing_presence_it_signs_and_says_so(self, channel, application):
        made = register(channel, application)
        status, data = authenticate(channel, application, made.handle, DO_NOT_ENFORCE)
        assert status == NO_ERROR
        assert data[0] == 0
        made.verify(application, data)

    @pytest.mark.parametrize("mode", [0, 1, 4, 0xFF])
    def test_a_mode_that_does_not_exist_is_refused(self, channel, application, mode):
        made = register(channel, application)
        status, data = authenticate(channel, application, made.handle, mode)
        assert status != NO_ERROR and data == b""


class TestHandles:
    def test_a_handle_of_another_application_is_wrong_data(self, channel, application):
        made = register(channel, application)
        assert authenticate(channel, sha256(b"other").digest(), made.handle)[0] == WRONG_DATA

    @pytest.mark.parametrize("at", [0, 5, -1])
    def test_a_changed_handle_is_wrong_data(self, channel, application, at):
        handle = bytearray(register(channel, application).handle)
        handle[at] ^= 1
        for mode in (CHECK_ONLY, ENFORCE, DO_NOT_ENFORCE):
            assert authenticate(channel, application, bytes(handle), mode)[0] == WRONG_DATA

    def test_an_empty_handle_is_refused(self, channel, application):
        assert authenticate(channel, application, b"")[0] in (WRONG_DATA, WRONG_LENGTH)

    def test_a_u2f_credential_works_over_ctap2(self, channel, rp_id, application):
        made = register(channel, application)
        assertion = get_assertion(channel, rp_id, allow_list=[{"type": "public-key", "id": made.handle}])
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), made.public_key)
        signed = bytes(assertion.auth_data) + CHALLENGE
        key.verify(assertion.members[3], signed, ec.ECDSA(SHA256()))

    def test_a_ctap2_credential_works_over_u2f(self, channel, rp_id, application):
        made = make_credential(channel, rp_id)
        status, data = log_in(channel, application, made.id)
        assert status == NO_ERROR
        made.public_key.verify(application + data[:5] + CHALLENGE, data[5:])

    def test_a_u2f_credential_is_not_discoverable(self, channel, rp_id, application):
        register(channel, application)
        assert channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id))[0] == NO_CREDENTIALS

    def test_credProtect_3_hides_a_credential_from_u2f(self, channel, rp_id, application):
        made = make_credential(channel, rp_id, extensions={"credProtect": 3})
        for mode in (CHECK_ONLY, ENFORCE, DO_NOT_ENFORCE):
            assert authenticate(channel, application, made.id, mode)[0] == WRONG_DATA


class TestErrors:
    @pytest.mark.parametrize(
        "apdu, expected",
        [
            pytest.param(b"\0\3\0", WRONG_LENGTH, id="three_bytes"),
            pytest.param(b"\x80\3\0\0\0\0\0", CLASS_NOT_SUPPORTED, id="class"),
            pytest.param(b"\0\4\0\0\0\0\0", INSTRUCTION_NOT_SUPPORTED, id="instruction"),
            pytest.param(b"\0\xa4\4\0\0\0\0", INSTRUCTION_NOT_SUPPORTED, id="select"),
            pytest.param(extended(REGISTER), WRONG_LENGTH, id="register_without_data"),
            pytest.param(extended(REGISTER, 0, bytes(63)), WRONG_LENGTH, id="register_63_bytes"),
            pytest.param(extended(REGISTER, 0, bytes(65)), WRONG_LENGTH, id="register_65_bytes"),
            pytest.param(extended(AUTHENTICATE, ENFORCE, bytes(64)), WRONG_LENGTH, id="authenticate_without_handle"),
            pytest.param(
                extended(AUTHENTICATE, ENFORCE, bytes(64) + b"\x40" + bytes(63)), WRONG_LENGTH, id="handle_too_short"
            ),
            pytest.param(
                extended(AUTHENTICATE, ENFORCE, bytes(64) + b"\x40" + bytes(65)), WRONG_LENGTH, id="handle_too_long"
            ),
            pytest.param(extended(VERSION, 0, b"x"), WRONG_LENGTH, id="version_with_data"),
            pytest.param(b"\0\1\0\0\0\0\x41" + bytes(64), WRONG_LENGTH, id="lc_beyond_the_end"),
            pytest.param(b"\0\1\0\0\x40" + bytes(70), WRONG_LENGTH, id="bytes_behind_le"),
        ],
    )
    def test_a_broken_command_gets_its_status_word(self, channel, apdu, expected):
        assert channel.apdu(apdu) == (expected, b"")


class TestPresence:
    def test_a_user_who_has_not_answered_yet_is_6985_and_the_client_asks_again(self, new_key, application):
        channel = new_key(approve="ask").channel()
        for _ in range(3):
            assert channel.apdu(extended(REGISTER, 0, CHALLENGE + application)) == (CONDITIONS_NOT_SATISFIED, b"")

    def test_a_user_who_says_no_is_6985(self, new_key, application):
        channel = new_key(approve="deny").channel()
        assert channel.apdu(extended(REGISTER, 0, CHALLENGE + application)) == (CONDITIONS_NOT_SATISFIED, b"")


def test_a_credential_survives_a_power_cycle(starter, rp_id, application):
    key = starter.start(store=True)
    made = register(key.channel(), application)
    status, before = log_in(key.channel(), application, made.handle)
    assert status == NO_ERROR
    status, after = log_in(starter.restart(key).channel(), application, made.handle)
    assert status == NO_ERROR
    made.verify(application, after)
    assert int.from_bytes(after[1:5], "big") > int.from_bytes(before[1:5], "big")
