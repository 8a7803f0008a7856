"""What a registration is answered: authenticator data and its attestation (CTAP 2.3, 6.1.2; WebAuthn 6.5 and 8.2)."""

import datetime
from hashlib import sha256

import pytest
from conformance import case, check
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from ctap2 import AT, CLIENT_DATA_HASH, ES256, MAKE_CREDENTIAL, OK, UP, get_info, make_credential_request, params
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
OCTET_STRING_OF_16 = b"\x04\x10"
OKP, EC2, RSA, AKP = 1, 2, 3, 7
# COSE algorithm: key type, curve (None: the type has none), and the sizes of the other members
COSE_KEYS = {
    -7: (EC2, 1, {-2: 32, -3: 32}),
    -8: (OKP, 6, {-2: 32}),
    -35: (EC2, 2, {-2: 48, -3: 48}),
    -36: (EC2, 3, {-2: 66, -3: 66}),
    -47: (EC2, 8, {-2: 32, -3: 32}),
    -48: (AKP, None, {-1: 1312}),
    -49: (AKP, None, {-1: 1952}),
    -257: (RSA, None, {-1: 256, -2: 3}),
}


def offered(channel):
    """Which of them depends on the machine's libraries; one that the table above lacks fails the test that asks."""
    return [entry["alg"] for entry in get_info(channel)[0x0A]]


def register(channel, rp_id, **changes):
    status, members = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **changes))
    assert status == OK, f"{status:#04x}"
    return members, AuthenticatorData(members[2])


def verify(verifier, signature, members):
    """The verifier, called with signature and message, raises for every message but the right one."""
    verifier(signature, members[2] + CLIENT_DATA_HASH)
    for other in (members[2] + bytes(32), bytes(len(members[2])) + CLIENT_DATA_HASH):
        with pytest.raises(InvalidSignature):
            verifier(signature, other)


def by_certificate(certificate):
    return lambda signature, message: certificate.public_key().verify(signature, message, ec.ECDSA(hashes.SHA256()))


def by_credential(data):
    key = CoseKey.parse(data.credential_data.public_key)
    return lambda signature, message: key.verify(message, signature)


@check("CHK-081", "a plain registration is answered with format packed, which getInfo lists, and nothing unasked")
def test_chk_081_a_plain_registration_is_answered_with_format_packed(channel, rp_id):
    members, _ = register(channel, rp_id)
    assert members[1] == "packed" in get_info(channel)[0x16]
    assert members.keys() == {1, 2, 3}
    assert isinstance(members[2], bytes) and isinstance(members[3], dict)


@check(
    "CHK-082",
    "authData of every algorithm: hash of the relying party's id, flags UP and AT alone, the AAGUID, an id of 16 "
    "bytes or "
    "more, a COSE key without further members, nothing behind it",
)
def test_chk_082_the_authenticator_data_names_the_new_key(channel, rp_id):
    info = get_info(channel)
    for algorithm in offered(channel):
        members, data = register(channel, rp_id, key_params=params(algorithm))
        made = data.credential_data
        assert data.rp_id_hash == sha256(rp_id.encode()).digest()
        assert data.flags == UP | AT and data.extensions is None
        assert made.aaguid == info[0x03]
        assert 16 <= len(made.credential_id) <= info[0x08]
        assert len(members[2]) == 37 + len(made), "nothing behind the credential"
        key_type, curve, sizes = COSE_KEYS[algorithm]
        key = dict(made.public_key)
        expected = {1: key_type, 3: algorithm, **({} if curve is None else {-1: curve})}
        assert {member: key.pop(member) for member in expected} == expected
        assert {member: len(value) for member, value in key.items()} == sizes, algorithm
        assert all(isinstance(value, bytes) for value in key.values())
        assert len(members[2]) >= 148 or algorithm != ES256, "CHK-082's floor, which other keys may be below"


@check(
    "CHK-083", "attStmt: alg is the attesting key's, with x5c not the credential's (WebAuthn 8.2); sig verifies by it"
)
def test_chk_083_the_statement_names_the_attesting_keys_algorithm(channel, rp_id):
    for algorithm in offered(channel):
        members, _ = register(channel, rp_id, key_params=params(algorithm))
        statement = members[3]
        assert statement.keys() == {"alg", "sig", "x5c"}
        assert statement["alg"] == ES256 and isinstance(statement["sig"], bytes)
        leaf = x509.load_der_x509_certificate(statement["x5c"][0])
        assert isinstance(leaf.public_key().curve, ec.SECP256R1), "the curve of ES256"
        verify(by_certificate(leaf), statement["sig"], members)


@check(
    "CHK-084",
    "x5c: chains to the root that fauxkey attestation root prints, and leaves it out; the leaf is as WebAuthn "
    "8.2.1 wants "
    "it, valid now, with the AAGUID and without a serial number of the device",
)
def test_chk_084_the_certificate_is_the_models(new_key, rp_id):
    key = new_key(store=True)
    channel = key.channel()
    members, data = register(channel, rp_id)
    key.stop()
    printed = key.run("attestation", "root", *key.store_options())
    assert printed.returncode == 0, printed.stderr
    root = x509.load_pem_x509_certificate(printed.stdout.encode())
    chain = [x509.load_der_x509_certificate(der) for der in members[3]["x5c"]]
    for certificate, issuer in zip(chain, [*chain[1:], root]):
        certificate.verify_directly_issued_by(issuer)
    assert root not in chain
    leaf = chain[0]
    verify(by_certificate(leaf), members[3]["sig"], members)

    assert leaf.version is x509.Version.v3
    names = x509.NameOID
    subject = {attribute.oid: attribute.value for attribute in leaf.subject}
    assert len(leaf.subject) == len(subject) == 4
    assert len(subject[names.COUNTRY_NAME]) == 2 and subject[names.COUNTRY_NAME].isupper()
    assert subject[names.ORGANIZATION_NAME] and subject[names.COMMON_NAME]
    assert subject[names.ORGANIZATIONAL_UNIT_NAME] == "Authenticator Attestation"
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    now = datetime.datetime.now(datetime.UTC)
    assert leaf.not_valid_before_utc <= now < now + datetime.timedelta(days=5 * 365) < leaf.not_valid_after_utc
    aaguid = leaf.extensions.get_extension_for_oid(AAGUID_EXTENSION)
    assert not aaguid.critical
    assert aaguid.value.value == OCTET_STRING_OF_16 + data.credential_data.aaguid
    with pytest.raises(x509.ExtensionNotFound):
        leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.2"))


@check(
    "CHK-085",
    "without x5c (--attestation self): alg is the credential's, and its own key has signed authData and the hash",
)
def test_chk_085_the_credential_attests_itself(new_key, rp_id):
    channel = new_key("--attestation", "self").channel()
    for algorithm in offered(channel):
        members, data = register(channel, rp_id, key_params=params(algorithm))
        assert members[1] == "packed"
        assert members[3].keys() == {"alg", "sig"}
        assert members[3]["alg"] == algorithm == data.credential_data.public_key[3]
        verify(by_credential(data), members[3]["sig"], members)


@pytest.mark.parametrize(
    "options",
    [
        case("CHK-086", "no extensions asked for: no unsigned extension outputs", ()),
        case(
            "CHK-086",
            "… on a key with the largeBlob extension, whose outputs are unsigned, too",
            ("--large-blobs", "extension"),
        ),
    ],
)
def test_no_unsigned_extension_outputs(new_key, rp_id, options):
    for discoverable in (False, True):
        members, _ = register(new_key(*options).channel(), rp_id, options={"rk": discoverable})
        assert 6 not in members
