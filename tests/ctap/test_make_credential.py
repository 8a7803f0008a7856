"""What a relying party is given at registration: authenticator data and attestation (CTAP 2.3, 6.1; WebAuthn 8)."""

import datetime
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from ctap2 import (
    AT,
    CLIENT_DATA_HASH,
    ED,
    EDDSA,
    ES256,
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    NO_CREDENTIALS,
    OK,
    UP,
    UV,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
    make_credential_request,
    params,
)
from fido2.attestation import InvalidSignature, PackedAttestation
from fido2.attestation.base import AttestationType
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

ALGORITHMS = pytest.mark.parametrize("algorithm", [ES256, EDDSA], ids=["ES256", "EdDSA"])
AAGUID_EXTENSION = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")


def register(channel, rp_id, **changes):
    status, members = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, **changes))
    assert status == OK, f"{status:#04x}"
    return members, AuthenticatorData(members[2])


class TestAuthenticatorData:
    @ALGORITHMS
    def test_chk_082_it_names_the_relying_party_the_model_and_the_new_key(self, channel, rp_id, algorithm):
        _, data = register(channel, rp_id, key_params=params(algorithm))
        assert data.rp_id_hash == sha256(rp_id.encode()).digest()
        assert data.flags == UP | AT
        assert data.credential_data.aaguid == get_info(channel)[3]
        assert data.extensions is None
        public_key = dict(data.credential_data.public_key)
        if algorithm == ES256:
            assert public_key.keys() == {1, 3, -1, -2, -3}
            assert (public_key[1], public_key[3], public_key[-1]) == (2, -7, 1)
            numbers = (int.from_bytes(public_key[-2], "big"), int.from_bytes(public_key[-3], "big"))
            ec.EllipticCurvePublicNumbers(*numbers, ec.SECP256R1()).public_key()  # is on the curve
        else:
            assert public_key.keys() == {1, 3, -1, -2}
            assert (public_key[1], public_key[3], public_key[-1]) == (1, -8, 6)
            ed25519.Ed25519PublicKey.from_public_bytes(public_key[-2])

    def test_credential_ids_are_within_the_limit_and_never_the_same(self, channel, rp_id):
        limit = get_info(channel)[8]
        ids = set()
        for options in ({"rk": False}, {"rk": True}) * 3:
            made = make_credential(channel, rp_id, options=options)
            assert 16 <= len(made.id) <= limit
            ids.add(made.id)
        assert len(ids) == 6

    def test_key_pairs_are_never_the_same(self, channel, rp_id):
        keys = {bytes(make_credential(channel, rp_id).public_key[-2]) for _ in range(5)}
        assert len(keys) == 5

    def test_the_first_known_algorithm_is_taken(self, channel, rp_id):
        for offered, taken in (((EDDSA, ES256), EDDSA), ((-65000, ES256, EDDSA), ES256)):
            _, data = register(channel, rp_id, key_params=params(*offered))
            assert data.credential_data.public_key[3] == taken

    def test_chk_086_there_is_nothing_in_the_answer_that_was_not_asked_for(self, channel, rp_id):
        members, _ = register(channel, rp_id)
        assert members.keys() == {1, 2, 3}

    def test_extension_outputs_are_in_the_authenticator_data(self, channel, rp_id):
        _, data = register(channel, rp_id, extensions={"credProtect": 2, "hmac-secret": True})
        assert data.flags == UP | AT | ED
        assert data.extensions == {"credProtect": 2, "hmac-secret": True}

    def test_chk_109_a_credential_id_of_one_relying_party_is_nothing_to_another(self, channel, rp_id):
        made = make_credential(channel, rp_id)
        request = get_assertion_request("other." + rp_id, allow_list=[made.descriptor])
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS

    @pytest.mark.parametrize("at", [0, 1, 20, -1])
    def test_a_changed_credential_id_is_nobodys(self, channel, rp_id, at):
        changed = bytearray(make_credential(channel, rp_id).id)
        changed[at] ^= 1
        request = get_assertion_request(rp_id, allow_list=[{"type": "public-key", "id": bytes(changed)}])
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS

    def test_a_credential_id_of_another_key_is_nobodys(self, channel, new_key, rp_id):
        made = make_credential(new_key().channel(), rp_id)
        request = get_assertion_request(rp_id, allow_list=[made.descriptor])
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS

    def test_rp_ids_of_any_length_work(self, channel):
        for rp_id in ("a", "x" * 32, "long." * 50 + "example", "bücher.example"):
            made = make_credential(channel, rp_id)
            get_assertion(channel, rp_id, allow_list=[made.descriptor]).verify(made)


class TestPackedAttestation:
    @pytest.fixture
    def certificate(self, channel, rp_id):
        members, _ = register(channel, rp_id)
        return x509.load_der_x509_certificate(members[3]["x5c"][0])

    @ALGORITHMS
    def test_chk_081_083_084_it_is_signed_by_the_certificates_key(self, channel, rp_id, algorithm):
        members, data = register(channel, rp_id, key_params=params(algorithm))
        statement = members[3]
        assert members[1] == "packed"
        assert statement.keys() == {"alg", "sig", "x5c"}
        assert statement["alg"] == ES256
        result = PackedAttestation().verify(statement, data, CLIENT_DATA_HASH)
        assert result.attestation_type == AttestationType.BASIC
        with pytest.raises(InvalidSignature):
            PackedAttestation().verify(statement, data, bytes(32))

    def test_chk_084_the_certificate_is_as_webauthn_8_2_1_wants_it(self, certificate, channel):
        assert certificate.version is x509.Version.v3
        subject = {attribute.oid: attribute.value for attribute in certificate.subject}
        names = x509.NameOID
        assert set(subject) == {
            names.COUNTRY_NAME,
            names.ORGANIZATION_NAME,
            names.ORGANIZATIONAL_UNIT_NAME,
            names.COMMON_NAME,
        }
        assert len(subject[names.COUNTRY_NAME]) == 2
        assert subject[names.ORGANIZATIONAL_UNIT_NAME] == "Authenticator Attestation"
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and not constraints.value.ca
        now = datetime.datetime.now(datetime.UTC)
        assert certificate.not_valid_before_utc <= now
        assert certificate.not_valid_after_utc > now + datetime.timedelta(days=5 * 365)
        aaguid = certificate.extensions.get_extension_for_oid(AAGUID_EXTENSION)
        assert not aaguid.critical
        assert aaguid.value.value == b"\x04\x10" + get_info(channel)[3]
        assert certificate.serial_number > 0

    def test_it_is_the_same_for_all_credentials_of_a_key(self, channel, rp_id, certificate):
        members, _ = register(channel, "other." + rp_id)
        assert x509.load_der_x509_certificate(members[3]["x5c"][0]) == certificate

    def test_it_chains_to_the_root_that_the_program_prints(self, new_key, rp_id):
        key = new_key(store=True)
        members, _ = register(key.channel(), rp_id)
        key.stop()
        printed = key.run("attestation", "root", *key.store_options())
        assert printed.returncode == 0, printed.stderr
        root = x509.load_pem_x509_certificate(printed.stdout.encode())
        chain = [x509.load_der_x509_certificate(der) for der in members[3]["x5c"]]
        for certificate, issuer in zip(chain, [*chain[1:], root]):
            certificate.verify_directly_issued_by(issuer)
        root.verify_directly_issued_by(root)
        assert root not in chain, "WebAuthn 8.2: the root is not sent"
        assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        assert root.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign
        assert isinstance(root.signature_hash_algorithm, hashes.SHA256)

    def test_two_keys_have_roots_of_their_own(self, new_key, certificate):
        members, _ = register(new_key().channel(), "other.example")
        other = x509.load_der_x509_certificate(members[3]["x5c"][0])
        assert other.public_key() != certificate.public_key()


class TestSelfAttestation:
    @ALGORITHMS
    def test_chk_085_it_is_signed_by_the_credential_itself(self, new_key, rp_id, algorithm):
        members, data = register(new_key("--attestation", "self").channel(), rp_id, key_params=params(algorithm))
        statement = members[3]
        assert members[1] == "packed"
        assert statement.keys() == {"alg", "sig"}
        assert statement["alg"] == algorithm
        CoseKey.parse(data.credential_data.public_key).verify(bytes(data) + CLIENT_DATA_HASH, statement["sig"])


class TestAttestationFormatsPreference:
    def test_chk_069_none_alone_may_be_answered_by_none(self, channel, rp_id):
        members, data = register(channel, rp_id, attestation_formats_preference=["none"])
        if members[1] == "none":
            assert members.get(3, {}) == {}
        else:
            PackedAttestation().verify(members[3], data, CLIENT_DATA_HASH)

    def test_packed_is_answered_by_packed(self, channel, rp_id):
        members, data = register(channel, rp_id, attestation_formats_preference=["tpm", "packed", "none"])
        assert members[1] == "packed"
        PackedAttestation().verify(members[3], data, CLIENT_DATA_HASH)


def test_a_registration_with_pin_has_the_uv_flag(pin_channel, rp_id):
    from daemon import PIN
    from ctap2 import MC, Platform

    platform = Platform(pin_channel, 2)
    token = platform.token(PIN, MC, rp_id)
    _, data = register(pin_channel, rp_id, options={"rk": True}, **platform.authorization(token))
    assert data.flags == UP | UV | AT
