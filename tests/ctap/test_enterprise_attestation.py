"""Enterprise attestation (CTAP 2.3, 7.1): for whom, and by a certificate that names this one key."""

import pytest
from cryptography import x509
from ctap2 import (
    CLIENT_DATA_HASH,
    GET_ASSERTION,
    INVALID_OPTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    OK,
    RESET,
    UNEXPECTED_TYPE,
    Platform,
    get_assertion_request,
    get_info,
    make_credential_request,
)
from fido2.attestation import PackedAttestation
from fido2.ctap2 import ClientPin, Config, Ctap2
from fido2.webauthn import AuthenticatorData

SERIAL_NUMBER = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.2")
AAGUID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
LISTED = "listed.example"
VENDOR_FACILITATED, PLATFORM_MANAGED = 1, 2
PIN = "correct horse"


def enable(key):
    client_pin = ClientPin(Ctap2(key.fido2_device()))
    token = client_pin.get_pin_token(PIN, ClientPin.PERMISSION.AUTHENTICATOR_CFG)
    Config(client_pin.ctap, client_pin.protocol, token).enable_enterprise_attestation()


@pytest.fixture(scope="module")
def enterprise_key(shared_starter):
    key = shared_starter.start("--enterprise-attestation", f"{LISTED},other.example", "--pin", PIN)
    assert get_info(key.channel())[4]["ep"] is False  # CHK-116
    enable(key)
    return key


@pytest.fixture
def channel(enterprise_key):
    yield enterprise_key.channel()
    enterprise_key.close_connections()


def register(channel, rp_id, level, **changes):
    return channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, enterprise_attestation=level, **changes))


def certificate(members):
    """The statement's one certificate, once its signature has been found right."""
    assert members[1] == "packed" and len(members[3]["x5c"]) == 1
    PackedAttestation().verify(members[3], AuthenticatorData(members[2]), CLIENT_DATA_HASH)
    return x509.load_der_x509_certificate(members[3]["x5c"][0])


def serial_number(cert):
    extension = cert.extensions.get_extension_for_oid(SERIAL_NUMBER)
    assert not extension.critical
    assert extension.value.value[:1] == b"\x04", "an OCTET STRING within"
    return extension.value.value[2:]


def names_this_key(members):
    try:
        return bool(serial_number(certificate(members)))
    except x509.ExtensionNotFound:
        return False


def test_chk_270_it_can_be_enabled(channel):
    info = get_info(channel)
    assert info[4]["ep"] is True
    assert 1 in info[0x1F]


@pytest.mark.parametrize("level, rp_id", [(VENDOR_FACILITATED, LISTED), (PLATFORM_MANAGED, "unlisted.example")])
def test_chk_117_118_the_certificate_has_a_serial_number_and_epAtt_says_so(channel, level, rp_id):
    status, members = register(channel, rp_id, level)
    assert status == OK
    assert members[4] is True
    cert = certificate(members)
    assert len(serial_number(cert)) == 8
    assert cert.extensions.get_extension_for_oid(AAGUID).value.value[2:] == get_info(channel)[3]


def test_chk_124_a_relying_party_that_is_not_listed_gets_the_ordinary_attestation(channel):
    status, members = register(channel, "unlisted.example", VENDOR_FACILITATED)
    assert status == OK and 4 not in members
    assert not names_this_key(members)


def test_who_does_not_ask_gets_the_ordinary_attestation(channel):
    status, members = register(channel, LISTED, None)
    assert status == OK and 4 not in members
    assert not names_this_key(members)


def test_who_prefers_none_gets_none(channel):
    status, members = register(channel, LISTED, VENDOR_FACILITATED, attestation_formats_preference=["none"])
    assert status == OK and members[1] == "none" and members[3] == {} and 4 not in members


def test_an_assertion_that_is_attested_can_name_this_key_too(channel):
    made = register(channel, LISTED, None)[1]
    request = get_assertion_request(
        LISTED,
        allow_list=[{"type": "public-key", "id": AuthenticatorData(made[2]).credential_data.credential_id}],
        enterprise_attestation=VENDOR_FACILITATED,
        attestation_formats_preference=["packed"],
    )
    status, members = channel.ctap2(GET_ASSERTION, request)
    assert status == OK and members[9] is True
    assert len(serial_number(x509.load_der_x509_certificate(members[10]["x5c"][0]))) == 8


@pytest.mark.parametrize(
    "level, status", [(0, INVALID_OPTION), (3, INVALID_OPTION), ("1", UNEXPECTED_TYPE), (True, UNEXPECTED_TYPE)]
)
def test_chk_122_123_other_values_are_refused(channel, level, status):
    assert register(channel, LISTED, level)[0] == status


@pytest.mark.parametrize("level", [VENDOR_FACILITATED, PLATFORM_MANAGED])
def test_chk_119_to_121_a_consumers_key_refuses(key, level):
    channel = key.channel()
    assert "ep" not in get_info(channel)[4]
    assert register(channel, LISTED, level)[0] == INVALID_PARAMETER
    request = get_assertion_request(LISTED, enterprise_attestation=level)
    assert channel.ctap2(GET_ASSERTION, request)[0] == INVALID_PARAMETER


def test_before_it_is_enabled_the_key_refuses_and_after_a_reset_again(starter):
    key = starter.start("--enterprise-attestation", LISTED, store=True)
    channel = key.channel()
    assert register(channel, LISTED, VENDOR_FACILITATED)[0] == INVALID_PARAMETER
    assert Platform(channel, 2).set_pin(PIN) == OK
    enable(key)
    first = serial_number(certificate(register(key.channel(), LISTED, VENDOR_FACILITATED)[1]))
    key = starter.restart(key, "--enterprise-attestation", LISTED)
    assert key.channel().ctap2(RESET)[0] == OK
    assert get_info(key.channel())[4]["ep"] is False
    assert register(key.channel(), LISTED, VENDOR_FACILITATED)[0] == INVALID_PARAMETER
    assert Platform(key.channel(), 2).set_pin(PIN) == OK
    enable(key)
    again = serial_number(certificate(register(key.channel(), LISTED, VENDOR_FACILITATED)[1]))
    assert again == first, "the serial number is the device's, whoever has it"
