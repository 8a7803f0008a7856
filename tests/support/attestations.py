"""Attestation statements as relying parties check them (WebAuthn 8), by other libraries than the product's."""

import datetime


from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtensionOID
from fido2.attestation import (
    AppleAttestation,
    Attestation,
    FidoU2FAttestation,
    NoneAttestation,
    PackedAttestation,
    TpmAttestation,
)
from fido2.cose import CoseKey
from fido2.webauthn import AuthenticatorData

AAGUID_OID = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")
KEY_DESCRIPTION_OID = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.1.17")


def subject_public_key_info(public_key):
    return public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Der:
    """One DER value: `tag` is its class and number, `content` its bytes."""

    def __init__(self, data):
        first, at = data[0], 1
        number = first & 0x1F
        if number == 0x1F:
            number = 0
            while True:
                number = number << 7 | data[at] & 0x7F
                at += 1
                if not data[at - 1] & 0x80:
                    break
        self.tag = (first >> 6, number)
        size = data[at]
        at += 1
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at : at + count])
            assert data[at] and size >= 0x80, "the length has its shortest form"
            at += count
        self.content = data[at : at + size]
        assert len(self.content) == size
        self.rest = data[at + size :]

    def parts(self):
        parts, rest = [], self.content
        while rest:
            parts.append(Der(rest))
            rest = parts[-1].rest
        return parts

    def number(self):
        return int.from_bytes(self.content, signed=True)


def authorization_list(sequence):
    """By tag; the tags come in their order."""
    entries = [(part.tag[1], part.parts()) for part in sequence.parts()]
    assert [tag for tag, _ in entries] == sorted(tag for tag, _ in entries)
    assert all(len(inner) == 1 for _, inner in entries)
    return {tag: inner[0] for tag, inner in entries}


def key_description(certificate):
    """Android's extension: its eight fields."""
    extension = certificate.extensions.get_extension_for_oid(KEY_DESCRIPTION_OID)
    assert not extension.critical
    whole = Der(extension.value.value)
    assert not whole.rest
    fields = whole.parts()
    assert len(fields) == 8
    return {
        "version": fields[0].number(),
        "level": fields[1].number(),
        "challenge": fields[4].content,
        "software": authorization_list(fields[6]),
        "tee": authorization_list(fields[7]),
    }


class AndroidKeyAttestation(Attestation):
    """WebAuthn 8.4, which python-fido2 does not have."""

    FORMAT = "android-key"

    def verify(self, statement, auth_data, client_data_hash):
        assert statement.keys() == {"alg", "sig", "x5c"}
        leaf = x509.load_der_x509_certificate(statement["x5c"][0])
        credential = CoseKey.parse(auth_data.credential_data.public_key)
        assert statement["alg"] == credential.ALGORITHM
        certified = CoseKey.for_alg(statement["alg"]).from_cryptography_key(leaf.public_key())
        if certified != credential:
            raise InvalidSignature("the certificate is another key's")
        certified.verify(auth_data + client_data_hash, statement["sig"])
        described = key_description(leaf)
        assert described["challenge"] == client_data_hash
        all_applications, origin, purpose, sign = 600, 702, 1, 2
        tee, software = described["tee"], described["software"]
        assert all_applications not in tee and all_applications not in software
        assert tee[origin].number() == 0, "generated in the device"
        assert [entry.number() for entry in tee[purpose].parts()] == [sign]
        return described


VERIFIERS = {
    "packed": PackedAttestation,
    "fido-u2f": FidoU2FAttestation,
    "tpm": TpmAttestation,
    "apple": AppleAttestation,
    "android-key": AndroidKeyAttestation,
    "none": NoneAttestation,
}


def verify_statement(fmt, statement, auth_data, client_data_hash):
    """Raises where it is wrong. Of a compound one, all of its parts."""
    auth_data = AuthenticatorData(auth_data)
    if fmt != "compound":
        return VERIFIERS[fmt]().verify(statement, auth_data, client_data_hash)
    assert len(statement) >= 2
    for part in statement:
        assert part.keys() == {"fmt", "attStmt"} and part["fmt"] != "compound"
        verify_statement(part["fmt"], part["attStmt"], auth_data, client_data_hash)


def chains_of(fmt, statement):
    """Each x5c in it."""
    if fmt == "compound":
        return [chain for part in statement for chain in chains_of(part["fmt"], part["attStmt"])]
    if "x5c" not in statement:
        return []
    return [[x509.load_der_x509_certificate(der) for der in statement["x5c"]]]


def verify_chain(chain, root, when=None):
    """Signatures, names, key identifiers, dates, and what authorities may do (RFC 5280, 6.1)."""
    when = when or datetime.datetime.now(datetime.UTC)
    path = chain if chain[-1] == root else [*chain, root]
    for certificate in path:
        assert certificate.version is x509.Version.v3
        assert certificate.not_valid_before_utc <= when <= certificate.not_valid_after_utc, certificate.subject
    for below, (certificate, issuer) in enumerate(zip(path, path[1:])):
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical and constraints.value.ca
        assert constraints.value.path_length is None or constraints.value.path_length >= below
        usage = issuer.extensions.get_extension_for_class(x509.KeyUsage).value
        assert usage.key_cert_sign
        named = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
        assert named == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    leaf = path[0]
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    return path


def aaguid_of(certificate):
    try:
        return certificate.extensions.get_extension_for_oid(AAGUID_OID).value.value[2:]
    except x509.ExtensionNotFound:
        return None


def alternative_names(certificate):
    return certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)


def is_revoked(certificate, lists, issuers):
    """Whether a list of its issuer, signed by that, has its number."""
    for crl in lists:
        if crl.issuer != certificate.issuer:
            continue
        issuer = next(one for one in issuers if one.subject == crl.issuer)
        assert crl.is_signature_valid(issuer.public_key())
        if crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None:
            return True
    return False
