"""Every attestation format with every algorithm, checked by other libraries (WebAuthn Level 3, 8): python-fido2 where it
has the format, and cryptography."""

import datetime
import os

import pytest
from attestations import (
    aaguid_of,
    alternative_names,
    chains_of,
    key_description,
    subject_public_key_info,
    verify_chain,
    verify_statement,
)
from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from ctap2 import (
    CLIENT_DATA_HASH,
    ES256,
    GET_ASSERTION,
    MAKE_CREDENTIAL,
    OK,
    descriptor,
    get_assertion_request,
    get_info,
    make_credential_request,
    params,
)
from fido2.attestation import InvalidData, InvalidSignature
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

EDDSA, ES384, ES512, RS256 = -8, -35, -36, -257
ANY = {ES256, EDDSA, ES384, ES512, -47, -48, -49, RS256}
# What each style makes, and of which algorithms (key_config.h says the same).
STYLES = {
    "packed": ("packed", ANY),
    "self": ("packed", ANY),
    "none": ("none", ANY),
    "fido-u2f": ("fido-u2f", {ES256}),
    "tpm": ("tpm", {ES256, ES384, ES512, RS256}),
    "android-key": ("android-key", {ES256, ES384, ES512, RS256}),
    "apple": ("apple", {ES256}),
    "compound": ("compound", ANY),
}
WITH_CERTIFICATES = ["packed", "fido-u2f", "tpm", "android-key", "apple", "compound"]
ONE_ALONE = {"fido-u2f"}
FORMATS_MEMBER = 0x16


@pytest.fixture(scope="module")
def root_file(shared_starter):
    return os.path.join(shared_starter.folder(), "root.pem")


@pytest.fixture(scope="module")
def keys(shared_starter, root_file):
    """By style and length of the chain; all of them under one root."""
    started = {}

    def get(style, chain=1):
        if (style, chain) not in started:
            options = ("--attestation", style, "--attestation-chain", str(chain), "--attestation-root", root_file)
            started[style, chain] = shared_starter.start(*options)
        return started[style, chain]

    return get


@pytest.fixture(scope="module")
def root(keys, root_file):
    keys("packed")
    with open(root_file, "rb") as file:
        return x509.load_pem_x509_certificate(file.read())


def offered(channel):
    return [entry["alg"] for entry in get_info(channel)[0x0A]]


def register(channel, rp_id, algorithm=ES256, **changes):
    status, members = channel.ctap2(MAKE_CREDENTIAL, make_credential_request(rp_id, key_params=params(algorithm), **changes))
    assert status == OK, f"{status:#04x}"
    return members


@pytest.mark.parametrize("chain", [1, 2])
@pytest.mark.parametrize("style", STYLES)
def test_each_algorithms_statement_verifies_and_chains_to_the_root(keys, root, rp_id, style, chain):
    channel = keys(style, chain).channel()
    fmt, algorithms = STYLES[style]
    seen = 0
    for algorithm in offered(channel):
        members = register(channel, rp_id, algorithm)
        assert members[1] == (fmt if algorithm in algorithms else "packed"), algorithm
        if not hasattr(CoseKey.for_alg(algorithm), "verify") or algorithm in (-48, -49):
            if style in ("self", "compound"):
                continue  # python-fido2 and cryptography have no ML-DSA to verify with
        verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
        chains = chains_of(members[1], members[3])
        assert bool(chains) == (style in WITH_CERTIFICATES or algorithm not in algorithms)
        for certificates in chains:
            between = [one for one in certificates[1:] if one != root]
            assert len(between) == (chain - 1 if members[1] not in ONE_ALONE else 0)
            verify_chain(certificates, root)
        seen += 1
    assert seen >= 5


@pytest.mark.parametrize("style", ["packed", "fido-u2f", "tpm", "android-key", "apple", "compound"])
def test_a_statement_over_other_data_does_not_verify(keys, rp_id, style):
    members = register(keys(style).channel(), rp_id)
    with pytest.raises((InvalidSignature, InvalidData, WrongSignature, AssertionError)):
        verify_statement(members[1], members[3], members[2], bytes(32))
    changed = bytearray(members[2])
    changed[36] ^= 1  # the counter's last byte
    if style != "fido-u2f":  # which does not sign it
        with pytest.raises((InvalidSignature, InvalidData, WrongSignature)):
            verify_statement(members[1], members[3], bytes(changed), CLIENT_DATA_HASH)


def test_u2f_tells_no_model(keys, rp_id):
    channel = keys("fido-u2f").channel()
    assert AuthenticatorData(register(channel, rp_id)[2]).credential_data.aaguid == bytes(16)
    info = get_info(channel)
    assert info[0x03] != bytes(16)
    # What falls back to packed is told as ever.
    assert AuthenticatorData(register(channel, rp_id, EDDSA)[2]).credential_data.aaguid == info[0x03]


def test_the_tpms_certificate_is_as_webauthn_8_3_1_wants_it(keys, rp_id):
    members = register(keys("tpm").channel(), rp_id)
    assert members[3]["ver"] == "2.0" and members[3].keys() == {"ver", "alg", "x5c", "sig", "certInfo", "pubArea"}
    (leaf,) = chains_of("tpm", members[3])[0]
    assert len(leaf.subject) == 0
    names = alternative_names(leaf)
    assert names.critical
    (directory,) = names.value.get_values_for_type(x509.DirectoryName)
    found = {attribute.oid.dotted_string: attribute.value for attribute in directory}
    assert found.keys() == {"2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"}
    assert found["2.23.133.2.1"] == "id:49424D00", "IBM, of the TCG's vendor ids"
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [one.dotted_string for one in usage] == ["2.23.133.8.3"]
    assert aaguid_of(leaf) == AuthenticatorData(members[2]).credential_data.aaguid


@pytest.mark.parametrize("algorithm, kind", [(ES256, (3, 256, 4, 1)), (ES384, (3, 384, 5, 2)), (ES512, (3, 521, 6, 3)), (RS256, (1, 2048, 4, None))])
def test_androids_key_description_is_of_this_key(keys, root, rp_id, algorithm, kind):
    channel = keys("android-key").channel()
    if algorithm not in offered(channel):
        pytest.skip("this build has no such algorithm")
    members = register(channel, rp_id, algorithm)
    chain = chains_of("android-key", members[3])[0]
    assert chain[-1] == root, "as Android's chains"
    assert chain[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "Android Keystore Key"
    assert chain[0].extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    tee = key_description(chain[0])["tee"]
    key_type, bits, digest, curve = kind
    assert (tee[2].number(), tee[3].number()) == (key_type, bits)
    assert [one.number() for one in tee[5].parts()] == [digest]
    assert (tee[10].number() if 10 in tee else None) == curve
    assert {503, 704, 705, 706} <= tee.keys(), "noAuthRequired, rootOfTrust, osVersion, osPatchLevel"
    assert tee[704].parts()[1].content == b"\xff", "the device is locked"


@pytest.mark.parametrize("style", ["android-key", "apple"])
def test_each_credential_has_a_certificate_of_its_own(keys, rp_id, style):
    channel = keys(style).channel()
    certificates = []
    for _ in range(2):
        members = register(channel, rp_id)
        leaf = chains_of(style, members[3])[0][0]
        point = CoseKey.parse(AuthenticatorData(members[2]).credential_data.public_key)
        assert type(point).from_cryptography_key(leaf.public_key()) == point
        certificates.append(leaf)
    assert certificates[0].serial_number != certificates[1].serial_number
    assert subject_public_key_info(certificates[0].public_key()) != subject_public_key_info(certificates[1].public_key())
    assert aaguid_of(certificates[0]) is None


def test_apples_has_no_signature(keys, rp_id):
    assert register(keys("apple").channel(), rp_id)[3].keys() == {"x5c"}


def test_compound_has_packed_and_one_more(keys, rp_id):
    channel = keys("compound").channel()
    for algorithm, second in ((ES256, "tpm"), (EDDSA, "packed")):
        statement = register(channel, rp_id, algorithm)[3]
        assert [part["fmt"] for part in statement] == ["packed", second]
        assert "x5c" in statement[0]["attStmt"]
        assert ("x5c" in statement[1]["attStmt"]) == (second == "tpm")


def test_a_model_has_the_same_certificate_under_a_shared_root(keys, new_key, root_file, rp_id):
    first = register(keys("packed").channel(), rp_id)[3]["x5c"]
    other = new_key("--attestation-root", root_file)
    second = register(other.channel(), rp_id)[3]["x5c"]
    keys_of = [x509.load_der_x509_certificate(x5c[0]).public_key() for x5c in (first, second)]
    assert keys_of[0] == keys_of[1]
    assert keys("packed").fido2_device().descriptor != other.fido2_device().descriptor


# --- which one is made


def test_get_info_lists_what_is_made(new_key):
    listed = {
        ("packed",): ["packed"],
        ("tpm", "packed", "self", "none"): ["tpm", "packed"],
        ("none", "apple"): ["apple"],
    }
    for (style, *further), formats in listed.items():
        options = ("--further-attestations", ",".join(further)) if further else ()
        assert get_info(new_key("--attestation", style, *options).channel())[FORMATS_MEMBER] == formats
    assert FORMATS_MEMBER not in get_info(new_key("--attestation", "none").channel())


@pytest.mark.parametrize(
    "preference, algorithm, fmt",
    [
        (None, ES256, "packed"),
        ([], ES256, "packed"),
        (["tpm"], ES256, "tpm"),
        (["nothing", "apple", "tpm"], ES256, "apple"),
        (["apple", "tpm"], RS256, "tpm"),  # apple has no RS256
        (["apple"], EDDSA, "packed"),
        (["none", "tpm"], ES256, "none"),
        (["android-key", "none"], ES256, "none"),  # the first is one that the key does not make
        (["fido-u2f"], ES256, "fido-u2f"),
        (["compound"], ES256, "compound"),
    ],
)
def test_the_platforms_preference_chooses_among_what_the_key_makes(shared_starter, rp_id, preference, algorithm, fmt):
    key = shared_starter.start("--further-attestations", "tpm,apple,fido-u2f,compound")
    channel = key.channel()
    if algorithm not in offered(channel):
        pytest.skip("this build has no such algorithm")
    members = register(channel, rp_id, algorithm, attestation_formats_preference=preference)
    assert members[1] == fmt
    verify_statement(fmt, members[3], members[2], CLIENT_DATA_HASH)
    key.stop()


def test_an_assertion_is_attested_in_the_format_that_is_asked_for(keys, root, rp_id):
    key = keys("tpm")
    channel = key.channel()
    made = AuthenticatorData(register(channel, rp_id)[2]).credential_data
    request = get_assertion_request(
        rp_id, allow_list=[descriptor(made.credential_id)], attestation_formats_preference=["tpm"]
    )
    status, members = channel.ctap2(GET_ASSERTION, request)
    assert status == OK and members[0x0A]["ver"] == "2.0"
    (leaf,) = chains_of("tpm", members[0x0A])[0]
    leaf.public_key().verify(members[0x0A]["sig"], members[0x0A]["certInfo"], ec.ECDSA(SHA256()))
    verify_chain([leaf], root)


# --- the root's file


def test_the_roots_file_is_made_for_its_owner_alone_and_printed_without_its_key(new_key, starter):
    folder = starter.folder()
    path = os.path.join(folder, "ca.pem")
    key = new_key("--attestation-root", path)
    assert os.stat(path).st_mode & 0o777 == 0o600
    with open(path, "rb") as file:
        content = file.read()
    root = x509.load_pem_x509_certificate(content)
    private = serialization.load_pem_private_key(content, None)
    assert subject_public_key_info(private.public_key()) == subject_public_key_info(root.public_key())
    printed = key.run("attestation", "root", "--attestation-root", path)
    assert x509.load_pem_x509_certificate(printed.stdout.encode()) == root
    assert "PRIVATE" not in printed.stdout
    with open(key.log_path, encoding="utf-8") as log:
        assert "PRIVATE" not in log.read()


def _foreign_root(path_length=1, curve=None, ca=True, crl_sign=True):
    """As somebody else's tools make one: names in PrintableString, another kind of key identifier."""
    key = ec.generate_private_key(curve or ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Our test CA", _ASN1Type.PrintableString),
        ]
    )
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=400))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier(os.urandom(8)), critical=False)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, crl_sign, False, False), critical=True)
        .sign(key, SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate, pem


def _write(folder, pem):
    path = os.path.join(folder, "theirs.pem")
    with open(path, "wb") as file:
        file.write(pem)
    os.chmod(path, 0o600)
    return path


@pytest.mark.parametrize("style", WITH_CERTIFICATES)
def test_somebody_elses_root_is_as_good(new_key, starter, rp_id, style):
    root, pem = _foreign_root()
    path = _write(starter.folder(), pem)
    key = new_key("--attestation-root", path, "--attestation", style, "--attestation-chain", "2")
    members = register(key.channel(), rp_id)
    verify_statement(members[1], members[3], members[2], CLIENT_DATA_HASH)
    for chain in chains_of(members[1], members[3]):
        verify_chain(chain, root)


@pytest.mark.parametrize(
    "make, why",
    [
        (lambda: b"", "has no certificate"),
        (lambda: _foreign_root()[1].split(b"-----BEGIN PRIVATE")[0], "has no private key"),
        (lambda: _foreign_root()[1].split(b"-----BEGIN PRIVATE")[0] + b"-----BEGIN PRIVATE" + _foreign_root()[1].split(b"-----BEGIN PRIVATE")[1], "do not belong together"),
        (lambda: _foreign_root(curve=ec.SECP384R1())[1], "none of P-256"),
        (lambda: _foreign_root(ca=False)[1], "none of an authority"),
        (lambda: b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "has no certificate"),
    ],
)
def test_what_is_no_root_is_refused_with_a_reason(starter, make, why):
    path = _write(starter.folder(), make())
    with pytest.raises(RuntimeError, match=why):
        starter.start("--attestation-root", path)


def test_a_root_for_leaves_alone_has_no_chain_of_two(starter, rp_id):
    root, pem = _foreign_root(path_length=0)
    path = _write(starter.folder(), pem)
    members = register(starter.start("--attestation-root", path).channel(), rp_id)
    verify_chain(chains_of("packed", members[3])[0], root)
    with pytest.raises(RuntimeError, match="pathLenConstraint 0"):
        starter.start("--attestation-root", path, "--attestation-chain", "2")


def test_a_root_that_may_sign_no_lists_signs_none(starter, key):
    path = _write(starter.folder(), _foreign_root(crl_sign=False)[1])
    refused = key.run("attestation", "crl", "--attestation-root", path)
    assert refused.returncode == 1 and "cRLSign" in refused.stderr and refused.stdout == ""


def test_the_intermediate_and_the_lists_are_the_same_at_each_start(keys, root, root_file, rp_id):
    key = keys("packed", 2)
    between = chains_of("packed", register(key.channel(), rp_id)[3])[0][1]
    printed = x509.load_pem_x509_certificate(
        key.run("attestation", "intermediate", "--attestation-root", root_file).stdout.encode()
    )
    assert subject_public_key_info(printed.public_key()) == subject_public_key_info(between.public_key())
    assert printed.serial_number == between.serial_number
    text = key.run("attestation", "crl", "--attestation-root", root_file).stdout
    blocks = [block + "-----END X509 CRL-----\n" for block in text.split("-----END X509 CRL-----\n")[:-1]]
    lists = [x509.load_pem_x509_crl(block.encode()) for block in blocks]
    assert [crl.issuer for crl in lists] == [root.subject, printed.subject]
    for crl, issuer in zip(lists, (root, printed)):
        assert crl.is_signature_valid(issuer.public_key())
        assert len(list(crl)) == 5
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.crl_sign
