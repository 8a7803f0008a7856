"""CTAP1/U2F over CTAPHID_MSG (FIDO U2F Raw Message Formats 1.2; CTAP 2.3, 7.2.4)."""

import os
from hashlib import sha256

import pytest
from conformance import case, check
from daemon import PIN
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from ctap2 import get_assertion, get_info, make_credential

NO_ERROR, CONDITIONS_NOT_SATISFIED, COMMAND_NOT_ALLOWED, WRONG_DATA = 0x9000, 0x6985, 0x6986, 0x6A80
WRONG_LENGTH, INSTRUCTION_NOT_SUPPORTED, CLASS_NOT_SUPPORTED = 0x6700, 0x6D00, 0x6E00
REGISTER, AUTHENTICATE, VERSION = 1, 2, 3
ENFORCE, CHECK_ONLY, DO_NOT_ENFORCE = 3, 7, 8
CHALLENGE = sha256(b"client data").digest()


def short(instruction, p1=0, data=b"", le=b"\0"):
    return bytes([0, instruction, p1, 0]) + (bytes([len(data)]) + data if data else b"") + le


def extended(instruction, p1=0, data=b"", le=b"\0\0"):
    return bytes([0, instruction, p1, 0, 0]) + (len(data).to_bytes(2, "big") + data if data else b"") + le


ENCODINGS = pytest.mark.parametrize("encode", [short, extended], ids=["short", "extended"])


@pytest.fixture
def application(rp_id):
    return sha256(rp_id.encode()).digest()


class Registration:
    """A registration response, taken apart."""

    def __init__(self, application, data):
        self.application = application
        assert data[0] == 0x05
        self.point, self.handle = data[1:66], data[67 : 67 + data[66]]
        rest = data[67 + data[66] :]
        size = 4 + int.from_bytes(rest[2:4], "big")
        self.certificate = x509.load_der_x509_certificate(rest[:size])
        self.signature = rest[size:]
        self.public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.point)

    def verify_attestation(self):
        message = b"\0" + self.application + CHALLENGE + self.handle + self.point
        self.certificate.public_key().verify(self.signature, message, ec.ECDSA(SHA256()))

    def verify(self, response):
        """An authentication response: presence, counter, signature."""
        self.public_key.verify(response[5:], self.application + response[:5] + CHALLENGE, ec.ECDSA(SHA256()))
        with pytest.raises(InvalidSignature):
            self.public_key.verify(response[5:], bytes(32) + response[:5] + CHALLENGE, ec.ECDSA(SHA256()))


def authentication(application, handle):
    return CHALLENGE + application + bytes([len(handle)]) + handle


@pytest.fixture
def made(channel, application):
    status, data = channel.apdu_when_approved(extended(REGISTER, 0, CHALLENGE + application))
    assert status == NO_ERROR
    return Registration(application, data)


@check("X-14", "version: U2F_V2, which getInfo lists")
@ENCODINGS
def test_x_14_the_version_is_u2f_v2(channel, encode):
    assert channel.apdu(encode(VERSION)) == (NO_ERROR, b"U2F_V2")
    assert "U2F_V2" in get_info(channel)[0x01]


@check("X-14", "register: public key, key handle, certificate, and its signature")
@ENCODINGS
def test_x_14_a_registration_is_attested(channel, application, encode):
    status, data = channel.apdu_when_approved(encode(REGISTER, 0, CHALLENGE + application))
    assert status == NO_ERROR
    Registration(application, data).verify_attestation()


@pytest.mark.parametrize(
    "mode, presence",
    [
        case("X-14", "authenticate 03: presence, a counter, and the registered key's signature", ENFORCE, 1),
        case("X-14", "authenticate 08: the same without presence", DO_NOT_ENFORCE, 0),
    ],
)
@ENCODINGS
def test_authenticate_signs(channel, made, encode, mode, presence):
    counters = []
    for _ in range(3):
        status, response = channel.apdu_when_approved(encode(AUTHENTICATE, mode, authentication(made.application, made.handle)))
        assert status == NO_ERROR
        assert response[0] == presence
        made.verify(response)
        counters.append(int.from_bytes(response[1:5], "big"))
    assert 0 < counters[0] < counters[1] < counters[2]


@check("X-14", "authenticate 07: 6985 for a handle of this key and application, 6A80 for any other; it never signs")
def test_x_14_check_only_says_whose_the_handle_is(channel, made):
    def answer(application, handle):
        return channel.apdu(extended(AUTHENTICATE, CHECK_ONLY, authentication(application, handle)))

    assert answer(made.application, made.handle) == (CONDITIONS_NOT_SATISFIED, b"")
    assert answer(sha256(b"other").digest(), made.handle) == (WRONG_DATA, b"")
    assert answer(made.application, os.urandom(len(made.handle))) == (WRONG_DATA, b"")


@check("X-14", "authenticate 03 and 08 with a handle that is not of this key and application: 6A80")
@pytest.mark.parametrize("mode", [ENFORCE, DO_NOT_ENFORCE])
def test_x_14_a_strange_handle_is_wrong_data(channel, made, mode):
    changed = made.handle[:-1] + bytes([made.handle[-1] ^ 1])
    for application, handle in (
        (sha256(b"other").digest(), made.handle),
        (made.application, changed),
        (made.application, b"x"),
    ):
        assert channel.apdu(extended(AUTHENTICATE, mode, authentication(application, handle))) == (WRONG_DATA, b"")


@check("X-14", "a touch that is missing: 6985, at registration and authentication, not for 08")
def test_x_14_a_missing_touch_is_6985(starter, application):
    key = starter.start(store=True)
    status, data = key.channel().apdu_when_approved(extended(REGISTER, 0, CHALLENGE + application))
    assert status == NO_ERROR
    made = Registration(application, data)
    channel = starter.restart(key, approve="deny").channel()
    login = authentication(application, made.handle)
    assert channel.apdu(extended(REGISTER, 0, CHALLENGE + application)) == (CONDITIONS_NOT_SATISFIED, b"")
    assert channel.apdu(extended(AUTHENTICATE, ENFORCE, login)) == (CONDITIONS_NOT_SATISFIED, b"")
    status, response = channel.apdu_when_approved(extended(AUTHENTICATE, DO_NOT_ENFORCE, login))
    assert status == NO_ERROR
    made.verify(response)


@pytest.mark.parametrize(
    "apdu, expected",
    [
        case("X-14", "a class other than 00: 6E00", b"\x80\x03\0\0\0\0\0", CLASS_NOT_SUPPORTED),
        case("X-14", "a class other than 00: 6E00", b"\x01\x03\0\0", CLASS_NOT_SUPPORTED),
        case("X-14", "an unknown instruction: 6D00", extended(0), INSTRUCTION_NOT_SUPPORTED),
        case("X-14", "an unknown instruction: 6D00", extended(4), INSTRUCTION_NOT_SUPPORTED),
        case("X-14", "an unknown instruction: 6D00, SELECT among them", b"\0\xa4\x04\0\x08\xa0\0\0\x06\x47\x2f\0\x01",
             INSTRUCTION_NOT_SUPPORTED),
        case("X-14", "a wrong length: 6700, of the APDU", b"\0\3\0", WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, data beyond the end", b"\0\1\0\0\0\0\x41" + bytes(64), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, bytes behind the data", b"\0\1\0\0\x40" + bytes(70), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a registration", extended(REGISTER), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a registration", extended(REGISTER, 0, bytes(63)), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a registration", extended(REGISTER, 0, bytes(65)), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of an authentication",
             extended(AUTHENTICATE, ENFORCE, bytes(64)), WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a key handle",
             extended(AUTHENTICATE, CHECK_ONLY, bytes(64) + b"\x40" + bytes(63)),
             WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a key handle",
             extended(AUTHENTICATE, CHECK_ONLY, bytes(64) + b"\x40" + bytes(65)),
             WRONG_LENGTH),
        case("X-14", "a wrong length: 6700, of a version request", extended(VERSION, 0, b"x"), WRONG_LENGTH),
    ],
)  # fmt: skip
def test_a_broken_command(channel, apdu, expected):
    assert channel.apdu(apdu) == (expected, b"")
    assert channel.apdu(extended(VERSION)) == (NO_ERROR, b"U2F_V2")


@pytest.mark.parametrize(
    "options",
    [
        case("X-14", "alwaysUv on: U2F_V2 is not listed, and every U2F command is 6986", ("--always-uv",)),
        case("X-14", "… also with a PIN", ("--always-uv", "--pin", PIN)),
        case("X-14", "… also with built-in user verification", ("--always-uv", "--uv")),
    ],
)
def test_under_always_uv_there_is_no_u2f(new_key, application, options):
    channel = new_key(*options).channel()
    assert "U2F_V2" not in get_info(channel)[0x01]
    for apdu in (
        extended(VERSION),
        extended(REGISTER, 0, CHALLENGE + application),
        *(
            extended(AUTHENTICATE, mode, authentication(application, bytes(64)))
            for mode in (ENFORCE, CHECK_ONLY, DO_NOT_ENFORCE)
        ),
    ):
        assert channel.apdu(apdu) == (COMMAND_NOT_ALLOWED, b"")


@check("X-14", "U2F and CTAP2 log in with each other's credentials, where they are not discoverable")
def test_x_14_a_credential_serves_both_protocols(channel, made, rp_id, application):
    by_ctap2 = get_assertion(channel, rp_id, allow_list=[{"type": "public-key", "id": made.handle}])
    made.public_key.verify(by_ctap2.members[3], by_ctap2.members[2] + CHALLENGE, ec.ECDSA(SHA256()))
    registered = make_credential(channel, rp_id)
    status, response = channel.apdu_when_approved(extended(AUTHENTICATE, ENFORCE, authentication(application, registered.id)))
    assert status == NO_ERROR
    registered.public_key.verify(application + response[:5] + CHALLENGE, response[5:])
