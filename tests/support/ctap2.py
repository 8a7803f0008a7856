"""CTAP2 requests and answers by their numbers (CTAP 2.3, 6), for tests that look at every member."""

import os
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from fido2.cose import CoseKey
from fido2.ctap2.pin import PinProtocolV1, PinProtocolV2
from fido2.webauthn import AuthenticatorData

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO, CLIENT_PIN, RESET, GET_NEXT_ASSERTION = 1, 2, 4, 6, 7, 8
CREDENTIAL_MANAGEMENT, SELECTION = 0x0A, 0x0B

OK = 0x00
INVALID_COMMAND, INVALID_PARAMETER, INVALID_LENGTH, INVALID_SEQ = 0x01, 0x02, 0x03, 0x04
UNEXPECTED_TYPE, INVALID_CBOR, MISSING_PARAMETER, LIMIT_EXCEEDED = 0x11, 0x12, 0x14, 0x15
CREDENTIAL_EXCLUDED, UNSUPPORTED_ALGORITHM, OPERATION_DENIED = 0x19, 0x26, 0x27
UNSUPPORTED_OPTION, INVALID_OPTION, KEEPALIVE_CANCEL, NO_CREDENTIALS = 0x2B, 0x2C, 0x2D, 0x2E
USER_ACTION_TIMEOUT, NOT_ALLOWED = 0x2F, 0x30
PIN_INVALID, PIN_BLOCKED, PIN_AUTH_INVALID, PIN_AUTH_BLOCKED, PIN_NOT_SET = 0x31, 0x32, 0x33, 0x34, 0x35
PUAT_REQUIRED, PIN_POLICY_VIOLATION, INVALID_SUBCOMMAND, UNAUTHORIZED_PERMISSION = 0x36, 0x37, 0x3E, 0x40

ES256, EDDSA = -7, -8
UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80  # authData's flags

MC, GA, CM = 0x01, 0x02, 0x04  # permissions of a pinUvAuthToken
PROTOCOLS = {1: PinProtocolV1, 2: PinProtocolV2}

CLIENT_DATA_HASH = sha256(b"client data").digest()


def params(*algorithms):
    return [{"type": "public-key", "alg": algorithm} for algorithm in algorithms]


def make_credential_request(rp_id, /, **changes):
    """A well-formed request; `changes` are members by name (None leaves one out)."""
    return _request(
        {
            "client_data_hash": (1, CLIENT_DATA_HASH),
            "rp": (2, {"id": rp_id, "name": "Example"}),
            "user": (3, {"id": os.urandom(16), "name": "alice", "displayName": "Alice"}),
            "key_params": (4, params(ES256)),
            "exclude_list": (5, None),
            "extensions": (6, None),
            "options": (7, None),
            "pin_uv_auth_param": (8, None),
            "pin_uv_auth_protocol": (9, None),
            "enterprise_attestation": (10, None),
            "attestation_formats_preference": (11, None),
        },
        changes,
    )


def get_assertion_request(rp_id, /, **changes):
    return _request(
        {
            "rp_id": (1, rp_id),
            "client_data_hash": (2, CLIENT_DATA_HASH),
            "allow_list": (3, None),
            "extensions": (4, None),
            "options": (5, None),
            "pin_uv_auth_param": (6, None),
            "pin_uv_auth_protocol": (7, None),
            "enterprise_attestation": (8, None),
            "attestation_formats_preference": (9, None),
        },
        changes,
    )


def _request(members, changes):
    values = {name: changes.get(name, value) for name, (_, value) in members.items()}
    assert changes.keys() <= values.keys(), changes.keys()
    return {members[name][0]: value for name, value in values.items() if value is not None}


def descriptor(credential_id):
    return {"type": "public-key", "id": credential_id}


class Credential:
    """What a relying party keeps of a registration."""

    def __init__(self, rp_id, auth_data, user_id):
        self.rp_id = rp_id
        self.auth_data = auth_data
        self.user_id = user_id
        self.id = auth_data.credential_data.credential_id
        self.public_key = CoseKey.parse(auth_data.credential_data.public_key)

    @property
    def descriptor(self):
        return descriptor(self.id)


class Assertion:
    def __init__(self, members):
        self.members = members
        self.auth_data = AuthenticatorData(members[2])
        self.flags = self.auth_data.flags
        self.counter = self.auth_data.counter
        self.id = members[1]["id"]
        self.user = members.get(4)

    def verify(self, credential, client_data_hash=CLIENT_DATA_HASH):
        """As a relying party: same credential, same relying party, a signature of the registered key."""
        assert self.id == credential.id
        assert self.auth_data.rp_id_hash == sha256(credential.rp_id.encode()).digest()
        credential.public_key.verify(bytes(self.auth_data) + client_data_hash, self.members[3])
        try:
            credential.public_key.verify(bytes(self.auth_data) + b"x" * 32, self.members[3])
        except InvalidSignature:
            return self
        raise AssertionError("the signature holds for anything")


def make_credential(channel, rp_id, /, **changes):
    """Registers, and fails the test where the key does not. Returns the Credential."""
    request = make_credential_request(rp_id, **changes)
    status, members = channel.ctap2(MAKE_CREDENTIAL, request)
    assert status == OK, f"makeCredential ended with {status:#04x}"
    return Credential(rp_id, AuthenticatorData(members[2]), request[3]["id"])


def get_assertion(channel, rp_id, /, **changes):
    """Logs in, and fails the test where the key does not. Returns the Assertion."""
    status, members = channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id, **changes))
    assert status == OK, f"getAssertion ended with {status:#04x}"
    return Assertion(members)


def get_next_assertion(channel):
    status, members = channel.ctap2(GET_NEXT_ASSERTION)
    assert status == OK, f"getNextAssertion ended with {status:#04x}"
    return Assertion(members)


def get_info(channel):
    status, members = channel.ctap2(GET_INFO)
    assert status == OK
    return members


class Platform:
    """The host's side of clientPIN (6.5), for one channel and one PIN/UV auth protocol."""

    def __init__(self, channel, version):
        self.channel = channel
        self.version = version
        self.protocol = PROTOCOLS[version]()

    def call(self, sub_command, **members):
        names = {"key_agreement": 3, "param": 4, "new_pin_enc": 5, "pin_hash_enc": 6, "permissions": 9, "rp_id": 10}
        request = {1: self.version, 2: sub_command}
        request.update({names[name]: value for name, value in members.items() if value is not None})
        return self.channel.ctap2(CLIENT_PIN, request)

    def agree(self):
        """(key agreement to send, shared secret)"""
        status, members = self.call(2)
        assert status == OK, f"getKeyAgreement ended with {status:#04x}"
        return self.protocol.encapsulate(members[1])

    def retries(self):
        status, members = self.call(1)
        assert status == OK
        return members[3]

    def needs_power_cycle(self):
        return self.call(1)[1].get(4, False)

    def set_pin(self, pin, padded=None):
        agreement, secret = self.agree()
        new_pin_enc = self.protocol.encrypt(secret, pad(pin) if padded is None else padded)
        param = self.protocol.authenticate(secret, new_pin_enc)
        return self.call(3, key_agreement=agreement, new_pin_enc=new_pin_enc, param=param)[0]

    def change_pin(self, old, new, padded=None):
        agreement, secret = self.agree()
        new_pin_enc = self.protocol.encrypt(secret, pad(new) if padded is None else padded)
        pin_hash_enc = self.protocol.encrypt(secret, pin_hash(old))
        param = self.protocol.authenticate(secret, new_pin_enc + pin_hash_enc)
        return self.call(4, key_agreement=agreement, new_pin_enc=new_pin_enc, pin_hash_enc=pin_hash_enc, param=param)[0]

    def request_token(self, pin, permissions=None, rp_id=None):
        """(status, token or None); without permissions by the old subcommand."""
        agreement, secret = self.agree()
        pin_hash_enc = self.protocol.encrypt(secret, pin_hash(pin))
        status, members = self.call(
            5 if permissions is None else 9,
            key_agreement=agreement,
            pin_hash_enc=pin_hash_enc,
            permissions=permissions,
            rp_id=rp_id,
        )
        if status != OK:
            return status, None
        token = self.protocol.decrypt(secret, members[2])
        assert len(token) == 32
        return status, token

    def token(self, pin, permissions=None, rp_id=None):
        status, token = self.request_token(pin, permissions, rp_id)
        assert status == OK, f"no token: {status:#04x}"
        return token

    def authorization(self, token, message=CLIENT_DATA_HASH):
        """The two members that prove user verification."""
        return {
            "pin_uv_auth_param": self.protocol.authenticate(token, message),
            "pin_uv_auth_protocol": self.version,
        }

    def hmac_secret(self, *salts, broken_auth=False):
        """getAssertion's input for hmac-secret (12.7), and a function that decrypts the output."""
        agreement, secret = self.agree()
        salt_enc = self.protocol.encrypt(secret, b"".join(salts))
        salt_auth = self.protocol.authenticate(secret, salt_enc)
        if broken_auth:
            salt_auth = bytes([salt_auth[0] ^ 1]) + salt_auth[1:]
        extension = {1: agreement, 2: salt_enc, 3: salt_auth, 4: self.version}
        return {"hmac-secret": extension}, lambda output: self.protocol.decrypt(secret, output)


def pad(pin):
    return pin.encode().ljust(64, b"\0")


def pin_hash(pin):
    return sha256(pin.encode()).digest()[:16]
