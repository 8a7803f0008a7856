"""Enterprise attestation (CTAP 2.3, 7.1), on a key that offers it and on a consumer's."""

import pytest
from conformance import case, check
from conformance_requests import every_type_but
from daemon import PIN
from cryptography import x509
from ctap2 import (
    CLIENT_DATA_HASH,
    INVALID_OPTION,
    INVALID_PARAMETER,
    MAKE_CREDENTIAL,
    OK,
    UNEXPECTED_TYPE,
    get_info,
    make_credential_request,
)
from fido2.attestation import PackedAttestation
from fido2.ctap2 import ClientPin, Config, Ctap2
from fido2.webauthn import AuthenticatorData

DEVICE_SERIAL_NUMBER = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.2")
LISTED, UNLISTED = "listed.example", "unlisted.example"
VENDOR_FACILITATED, PLATFORM_MANAGED = 1, 2


@pytest.fixture(scope="module")
def enterprise_key(shared_starter):
    """A key on which enterprise attestation is enabled."""
    key = shared_starter.start("--enterprise-attestation", LISTED, "--pin", PIN)
    client_pin = ClientPin(Ctap2(key.fido2_device()))
    token = client_pin.get_pin_token(PIN, ClientPin.PERMISSION.AUTHENTICATOR_CFG)
    Config(client_pin.ctap, client_pin.protocol, token).enable_enterprise_attestation()
    return key


@pytest.fixture
def enterprise(enterprise_key):
    yield enterprise_key.channel()
    enterprise_key.close_connections()


def register(channel, rp_id, level):
    return channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, enterprise_attestation=level))


def certificate(members):
    """The one certificate of a packed statement, once it has been seen to attest this credential."""
    assert members[1] == "packed" and len(members[3]["x5c"]) == 1
    PackedAttestation().verify(members[3], AuthenticatorData(members[2]), CLIENT_DATA_HASH)
    return x509.load_der_x509_certificate(members[3]["x5c"][0])


def names_the_device(members):
    return DEVICE_SERIAL_NUMBER in [extension.oid for extension in certificate(members).extensions]


@check(
    "CHK-116", "option ep is there on a key that offers enterprise attestation: false until it is enabled, then true"
)
def test_chk_116_the_key_says_that_it_offers_enterprise_attestation(new_key, enterprise):
    assert get_info(new_key("--enterprise-attestation", LISTED).channel())[0x04]["ep"] is False
    assert get_info(enterprise)[0x04]["ep"] is True


@pytest.mark.parametrize(
    "level, rp_id",
    [
        case("CHK-117", "1, a relying party of the key's list: packed, epAtt, one certificate that names this device",
             VENDOR_FACILITATED, LISTED),
        case("CHK-118", "2, whatever the relying party: packed, epAtt, one certificate that names this device",
             PLATFORM_MANAGED, UNLISTED),
        case("CHK-118", "2, whatever the relying party: packed, epAtt, one certificate that names this device",
             PLATFORM_MANAGED, LISTED),
    ],
)  # fmt: skip
def test_the_attestation_names_the_device(enterprise, level, rp_id):
    status, members = register(enterprise, rp_id, level)
    assert status == OK and members[4] is True
    assert names_the_device(members)
    _, again = register(enterprise, rp_id, level)
    assert certificate(again) == certificate(members)


@check("CHK-119", "option ep is not there on a consumer's key")
def test_chk_119_a_consumers_key_does_not_speak_of_it(channel):
    assert "ep" not in get_info(channel)[0x04]


@pytest.mark.parametrize(
    "level",
    [
        case("CHK-120", "1 on a consumer's key: INVALID_PARAMETER", VENDOR_FACILITATED),
        case("CHK-121", "2 on a consumer's key: INVALID_PARAMETER", PLATFORM_MANAGED),
    ],
)
def test_a_consumers_key_refuses(channel, level):
    assert register(channel, LISTED, level)[0] == INVALID_PARAMETER


@pytest.mark.parametrize(
    "level",
    [
        case("CHK-120", "… and where it is offered but not enabled", VENDOR_FACILITATED),
        case("CHK-121", "… and where it is offered but not enabled", PLATFORM_MANAGED),
    ],
)
def test_a_key_refuses_until_it_is_enabled(new_key, level):
    channel = new_key("--enterprise-attestation", LISTED).channel()
    assert register(channel, LISTED, level)[0] == INVALID_PARAMETER


@check("CHK-122", "a value that is no unsigned integer: CBOR_UNEXPECTED_TYPE")
def test_chk_122_a_value_of_a_wrong_type_is_refused(enterprise):
    statuses = {name: register(enterprise, LISTED, value)[0] for name, value in every_type_but("unsigned").items()}
    assert statuses == dict.fromkeys(statuses, UNEXPECTED_TYPE)


@check("CHK-123", "an integer other than 1 and 2: INVALID_OPTION")
@pytest.mark.parametrize("level", [0, 3, 255, 2**64 - 1])
def test_chk_123_another_integer_is_refused(enterprise, level):
    assert register(enterprise, LISTED, level)[0] == INVALID_OPTION


@check("CHK-124", "1, for a relying party that is not on the list: the ordinary attestation, no epAtt")
def test_chk_124_who_is_not_listed_gets_the_ordinary_attestation(enterprise):
    status, members = register(enterprise, UNLISTED, VENDOR_FACILITATED)
    assert status == OK and 4 not in members
    assert not names_the_device(members)


@check("CHK-124", "… also who does not ask")
def test_chk_124_who_does_not_ask_gets_the_ordinary_attestation(enterprise):
    status, members = register(enterprise, LISTED, None)
    assert status == OK and 4 not in members
    assert not names_the_device(members)
