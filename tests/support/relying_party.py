"""A relying party that looks at all it has to look at (WebAuthn 7.1 and 7.2) and says everything that is wrong, so that a test
can tell that one thing is and nothing else."""

import os
from datetime import datetime, timezone
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from ctap2 import BE, BS, CLIENT_DATA_HASH, ES256, UP, UV
from fido2.attestation import AttestationVerifier, InvalidData, InvalidSignature, UnsupportedType, UntrustedAttestation
from fido2.cose import CoseKey
from fido2.webauthn import AttestationObject, AuthenticatorData

MAX_CREDENTIAL_ID = 1023  # 7.1, step 25


def root_of(key):
    """The root that the attestations of a key with a store chain to; the key must not run."""
    printed = key.run("attestation", "root", *key.store_options())
    assert printed.returncode == 0, printed.stderr
    return x509.load_pem_x509_certificate(printed.stdout.encode()).public_bytes(Encoding.DER)


class _Root(AttestationVerifier):
    def __init__(self, root):
        super().__init__()
        self.root = root

    def ca_lookup(self, attestation_result, auth_data):
        return self.root if attestation_result.trust_path else None  # whoever attests itself is trusted by nobody


class Account:
    """What it keeps of a registration."""

    def __init__(self, credential_data, flags, counter, user_handle):
        self.id = credential_data.credential_id
        self.public_key = CoseKey.parse(credential_data.public_key)
        self.eligible = flags & BE
        self.counter = counter
        self.user_handle = user_handle


class RelyingParty:
    def __init__(self, rp_id, root=None, verified=False):
        self.rp_id = rp_id
        self.root = root  # whom it trusts; without one, attestations are not looked at
        self.verified = verified  # whether users verify themselves here
        self.account = None

    def _judge(self, data):
        if data.rp_id_hash != sha256(self.rp_id.encode()).digest():
            yield "rpIdHash"
        if not data.flags & UP:
            yield "UP"
        if bool(data.flags & UV) != self.verified:
            yield "UV"
        if data.flags & BS and not data.flags & BE:
            yield "BS"

    def register(self, members, user_handle=b"alice", client_data_hash=CLIENT_DATA_HASH):
        """makeCredential's answer: the set of what is wrong with it."""
        try:
            data = AuthenticatorData(members[2])
        except (ValueError, IndexError):  # the end comes too soon, or too late
            return {"authenticator data"}
        wrong = set(self._judge(data))
        if data.credential_data is None:
            return wrong | {"no credential"}
        if not 1 <= len(data.credential_data.credential_id) <= MAX_CREDENTIAL_ID:
            wrong.add("credential id")
        if data.credential_data.public_key[3] != ES256:
            wrong.add("algorithm")
        else:
            self.account = Account(data.credential_data, data.flags, data.counter, user_handle)
        if self.root is not None:
            wrong |= set(self._judge_attestation(members, client_data_hash))
        return wrong

    def _judge_attestation(self, members, client_data_hash):
        attestation = AttestationObject.create(members[1], AuthenticatorData(members[2]), members[3])
        try:
            _Root(self.root).verify_attestation(attestation, client_data_hash)
        except UnsupportedType:
            yield "attestation format"
        except InvalidSignature:
            yield "attestation signature"
        except UntrustedAttestation:
            yield "attestation root"
        except InvalidData as error:
            yield "attestation AAGUID" if "AAGUID" in str(error) else "attestation statement"
        yield from _judge_dates(members[3].get("x5c", []))

    def log_in(self, members, client_data_hash=CLIENT_DATA_HASH):
        """getAssertion's answer: the set of what is wrong with it."""
        account = self.account
        try:
            data = AuthenticatorData(members[2])
        except (ValueError, IndexError):  # the end comes too soon, or too late
            return {"authenticator data"}
        wrong = set(self._judge(data))
        if data.credential_data is not None:
            wrong.add("AT")
        if data.flags & BE != account.eligible:
            wrong.add("BE")
        if members[1]["id"] != account.id:
            wrong.add("credential id")
        if members.get(4, {}).get("id", account.user_handle) != account.user_handle:
            wrong.add("user handle")
        try:
            account.public_key.verify(bytes(data) + client_data_hash, members[3])
        except WrongSignature:
            wrong.add("signature")
        # 7.2, step 25
        if (data.counter or account.counter) and data.counter <= account.counter:
            wrong.add("counter")
        if not wrong:
            account.counter = data.counter
        return wrong

    def log_in_without_name(self, members):
        """The same where the user handle is all that tells whose account it is (7.2, step 6)."""
        return self.log_in(members) | (set() if members.get(4, {}).get("id") else {"no user handle"})


def _judge_dates(chain):
    now = datetime.now(timezone.utc)
    for der in chain:
        certificate = x509.load_der_x509_certificate(der)
        if now > certificate.not_valid_after_utc:
            yield "attestation expired"
        if now < certificate.not_valid_before_utc:
            yield "attestation not yet valid"


class U2fRelyingParty:
    """The same for U2F (FIDO U2F Raw Message Formats 1.2, 4.3 and 5.4). It knows the certificate that it is to see, or else
    takes what chains to `root`."""

    def __init__(self, rp_id, root=None):
        self.application = sha256(rp_id.encode()).digest()
        self.challenge = os.urandom(32)
        self.root = root
        self.counter = None

    def register(self, data):
        point, length = data[1:66], data[66]
        self.handle, rest = data[67 : 67 + length], data[67 + length :]
        size = 4 + int.from_bytes(rest[2:4], "big")
        certificate, signature = x509.load_der_x509_certificate(rest[:size]), rest[size:]
        self.public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        wrong = set(_judge_dates([rest[:size]]))
        if length == 0:
            wrong.add("key handle")
        try:
            signed = b"\0" + self.application + self.challenge + self.handle + point
            certificate.public_key().verify(signature, signed, ec.ECDSA(SHA256()))
        except WrongSignature:
            wrong.add("signature")
        if self.root is not None:
            try:
                certificate.verify_directly_issued_by(x509.load_der_x509_certificate(self.root))
            except WrongSignature:
                wrong.add("attestation root")
        return wrong

    def authenticate(self, data):
        wrong, counter = set(), int.from_bytes(data[1:5], "big")
        if not data[0] & 1:
            wrong.add("UP")
        try:
            self.public_key.verify(data[5:], self.application + data[:5] + self.challenge, ec.ECDSA(SHA256()))
        except WrongSignature:
            wrong.add("signature")
        if self.counter is not None and counter <= self.counter:
            wrong.add("counter")
        if not wrong:
            self.counter = counter
        return wrong
