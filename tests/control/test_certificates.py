"""Attestations over the control interface: what a relying party is given, and what is wrong with a faulty one - that and
nothing else, in each format with certificates."""

import datetime
import os

import pytest
from attestations import aaguid_of, chains_of, is_revoked, verify_chain, verify_statement
from control import Key
from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from ctap2 import CLIENT_DATA_HASH, ES256, MAKE_CREDENTIAL, OK, make_credential_request, params
from fido2.attestation import InvalidData, InvalidSignature
from fido2.webauthn import AuthenticatorData

RP_ID = "example.org"
STYLES = ["packed", "fido-u2f", "tpm", "android-key", "apple", "compound"]
WITH_MODEL = {"packed", "tpm", "compound"}
CREDENTIALS_OWN = {"android-key", "apple"}


@pytest.fixture(scope="module")
def root_file(shared_starter):
    return os.path.join(shared_starter.folder(), "root.pem")


@pytest.fixture(scope="module")
def daemon(shared_starter, root_file):
    return shared_starter.start(
        "--keyless", "--attestation-root", root_file, control="unix:" + shared_starter.folder() + "/control.sock"
    )


@pytest.fixture(scope="module")
def keys(daemon):
    plugged = {}

    def get(style, chain=1):
        if (style, chain) not in plugged:
            plugged[style, chain] = Key(daemon.control, attestation=style, attestationChain=chain)
        return plugged[style, chain]

    yield get
    for key in plugged.values():
        key.close()


def register(key):
    status, members = key.channel().ctap2(MAKE_CREDENTIAL, make_credential_request(RP_ID, key_params=params(ES256)))
    assert status == OK, f"{status:#04x}"
    return members


def attest_as(key, statement):
    fault = {"match": {"command": "makeCredential"}, "action": {"type": "attestation", "statement": statement}, "times": 1}
    key.post("/faults", fault)
    try:
        return register(key)
    finally:
        key.control.delete(key.path + "/faults")


def trust(key):
    """Its root, what is between, and the lists."""
    told = key.get("/attestation")
    between = [x509.load_pem_x509_certificate(told["intermediate"].encode())] if told["intermediate"] else []
    lists = [x509.load_pem_x509_crl(pem.encode()) for pem in told["revocationLists"]]
    return x509.load_pem_x509_certificate(told["root"].encode()), between, lists


@pytest.mark.parametrize("style", STYLES)
def test_what_a_relying_party_is_told(keys, root_file, style):
    key = keys(style)
    told = key.get("/attestation")
    assert told["formats"] == [style]
    with open(root_file, encoding="ascii") as file:
        assert file.read().startswith(told["root"])
    assert told["intermediate"] is None and len(told["revocationLists"]) == 2
    assert keys(style, 2).get("/attestation")["intermediate"] is not None
    assert "PRIVATE" not in str(told)


@pytest.mark.parametrize("chain", [1, 2])
@pytest.mark.parametrize("style", STYLES)
def test_genuine_ones_are_not_revoked(keys, style, chain):
    key = keys(style, chain)
    root, between, lists = trust(key)
    members = register(key)
    for certificates in chains_of(members[1], members[3]):
        verify_chain(certificates, root)
        for certificate in certificates:
            assert not is_revoked(certificate, lists, [root, *between])


@pytest.mark.parametrize("chain", [1, 2])
@pytest.mark.parametrize("style", STYLES)
def test_a_revoked_certificate_is_on_its_authoritys_list_and_good_otherwise(keys, style, chain):
    key = keys(style, chain)
    root, between, lists = trust(key)
    members = attest_as(key, "revoked")
    assert members[1] == style
    verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for certificates in chains_of(members[1], members[3]):
        verify_chain(certificates, root)
        assert is_revoked(certificates[0], lists, [root, *between])


@pytest.mark.parametrize("statement, year", [("expired", 2001), ("notYetValid", 2095)])
@pytest.mark.parametrize("style", STYLES)
def test_a_certificate_out_of_its_time_is_good_otherwise(keys, style, statement, year):
    key = keys(style)
    root, *_ = trust(key)
    members = attest_as(key, statement)
    verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for certificates in chains_of(members[1], members[3]):
        leaf = certificates[0]
        with pytest.raises(AssertionError):
            verify_chain(certificates, root)
        moment = datetime.datetime(year, 6, 1, tzinfo=datetime.UTC)
        assert leaf.not_valid_before_utc < moment < leaf.not_valid_after_utc
        leaf.verify_directly_issued_by(root)


@pytest.mark.parametrize("chain", [1, 2])
@pytest.mark.parametrize("style", STYLES)
def test_a_root_that_looks_alike_has_another_key(keys, style, chain):
    key = keys(style, chain)
    root, *_ = trust(key)
    members = attest_as(key, "wrongRoot")
    verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for certificates in chains_of(members[1], members[3]):
        top = [one for one in certificates if one.subject != root.subject][-1]
        assert top.issuer == root.subject
        with pytest.raises((WrongSignature, ValueError)):
            top.verify_directly_issued_by(root)
        assert certificates[-1] != root


@pytest.mark.parametrize("style", STYLES)
def test_a_wrong_key_is_found_and_nothing_else(keys, style):
    key = keys(style)
    root, *_ = trust(key)
    members = attest_as(key, "wrongKey")
    if style == "apple":  # it has no signature: the certificate is of another key
        leaf = chains_of(style, members[3])[0][0]
        point = AuthenticatorData(members[2]).credential_data.public_key
        assert type(point).from_cryptography_key(leaf.public_key()) != point
    else:
        with pytest.raises((InvalidSignature, WrongSignature)):
            verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for certificates in chains_of(members[1], members[3]):
        verify_chain(certificates, root)


@pytest.mark.parametrize("style", STYLES)
def test_another_models_certificate_where_certificates_name_one(keys, style):
    key = keys(style)
    root, *_ = trust(key)
    members = attest_as(key, "wrongAaguid")
    assert members[1] == style
    told = AuthenticatorData(members[2]).credential_data.aaguid
    leaves = [certificates[0] for certificates in chains_of(members[1], members[3])]
    if style in WITH_MODEL:
        assert all(aaguid_of(leaf) not in (None, told) for leaf in leaves)
        for certificates in chains_of(members[1], members[3]):
            verify_chain(certificates, root)
        if style == "packed":
            with pytest.raises(InvalidData, match="AAGUID"):
                verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    else:  # there is nothing to be wrong, so the answer is as ever
        verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)


@pytest.mark.parametrize("style", [style for style in STYLES if style != "apple"])
@pytest.mark.parametrize("action", ["bogusSignature", "signatureOverOtherData"])
def test_a_bad_signature_is_all_that_is_bad(keys, style, action):
    key = keys(style)
    root, *_ = trust(key)
    key.post("/faults", {"match": {"command": "makeCredential"}, "action": {"type": action}, "times": 1})
    members = register(key)
    key.control.delete(key.path + "/faults")
    assert members[1] == style
    with pytest.raises((InvalidSignature, WrongSignature, AssertionError)):
        verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for certificates in chains_of(members[1], members[3]):
        verify_chain(certificates, root)


@pytest.mark.parametrize("style", STYLES)
def test_other_faults_leave_the_attestation_good(keys, style):
    """What is said of the credential changes, and its attestation is made anew over that."""
    key = keys(style)
    key.post(
        "/faults",
        {"match": {"command": "makeCredential"}, "action": {"type": "rpIdHash", "rpId": "evil.example"}, "times": 1},
    )
    members = register(key)
    key.control.delete(key.path + "/faults")
    verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    assert members[2][:32] != AuthenticatorData(register(key)[2]).rp_id_hash


def test_options_that_are_none_are_refused_by_name(daemon):
    for options, why in [
        ({"attestation": "safetynet"}, 'attestation" is none of'),
        ({"furtherAttestations": ["tpm", "x"]}, "furtherAttestations"),
        ({"attestationChain": 3}, "attestationChain"),
        ({"attestationChain": 0}, "attestationChain"),
    ]:
        answer = daemon.control.request("POST", "/v1/keys", {"transports": ["unix"], **options})
        assert answer.status == 400 and why in answer.json["error"], answer.text
