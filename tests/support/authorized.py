"""Subcommands that a pinUvAuthToken authorizes, and what its parameter is computed over for each (CTAP 2.3, 6.7, 6.8,
6.10 and 6.11); tokens by built-in user verification; getInfo's secrets."""

import struct
from hashlib import sha256

from ctap2 import CREDENTIAL_MANAGEMENT, OK, get_info
from fido2 import cbor
from fido2.ctap2.base import Info

BIO_ENROLLMENT, LARGE_BLOBS, AUTHENTICATOR_CONFIG = 0x09, 0x0C, 0x0D
BE, LBW, ACFG, PCMR = 0x08, 0x10, 0x20, 0x40  # permissions, beside those of ctap2.py

ENABLE_ENTERPRISE_ATTESTATION, TOGGLE_ALWAYS_UV, SET_MIN_PIN_LENGTH, ENABLE_LONG_TOUCH_FOR_RESET = range(1, 5)
NEW_MIN_PIN_LENGTH, RP_IDS, FORCE_CHANGE_PIN, PIN_COMPLEXITY_POLICY = range(1, 5)  # setMinPINLength's parameters

COUNT, RPS_BEGIN, RPS_NEXT, CREDENTIALS_BEGIN, CREDENTIALS_NEXT, DELETE, UPDATE = range(1, 8)

ENROLL_BEGIN, ENROLL_NEXT, ENROLL_CANCEL, ENUMERATE, SET_NAME, REMOVE, SENSOR_INFO = range(1, 8)


def _encoded(params):
    return b"" if params is None else cbor.encode(params)


def configure(platform, token, sub_command, params=None):
    """authenticatorConfig: its status."""
    message = b"\xff" * 32 + bytes([AUTHENTICATOR_CONFIG, sub_command]) + _encoded(params)
    request = {1: sub_command, 2: params, 3: platform.version, 4: platform.protocol.authenticate(token, message)}
    return platform.channel.ctap2(AUTHENTICATOR_CONFIG, _present(request))[0]


def manage(platform, token, sub_command, params=None):
    """authenticatorCredentialManagement: (status, members)."""
    param = platform.protocol.authenticate(token, bytes([sub_command]) + _encoded(params))
    request = {1: sub_command, 2: params, 3: platform.version, 4: param}
    return platform.channel.ctap2(CREDENTIAL_MANAGEMENT, _present(request))


def enroll(platform, token, sub_command, params=None):
    """authenticatorBioEnrollment, by the fingerprint modality: (status, members)."""
    param = platform.protocol.authenticate(token, bytes([1, sub_command]) + _encoded(params))
    request = {1: 1, 2: sub_command, 3: params, 4: platform.version, 5: param}
    return platform.channel.ctap2(BIO_ENROLLMENT, _present(request))


def write_large_blobs(platform, token, fragment, offset=0, length=None):
    """authenticatorLargeBlobs with `set`: its status."""
    message = b"\xff" * 32 + bytes([LARGE_BLOBS, 0]) + struct.pack("<I", offset) + sha256(fragment).digest()
    param = platform.protocol.authenticate(token, message)
    request = {2: fragment, 3: offset, 4: length, 5: param, 6: platform.version}
    return platform.channel.ctap2(LARGE_BLOBS, _present(request))[0]


def _present(request):
    return {number: value for number, value in request.items() if value is not None}


def uv_token(platform, permissions, rp_id=None):
    """getPinUvAuthTokenUsingUvWithPermissions (6.5.5.7.3)."""
    agreement, secret = platform.agree()
    status, members = platform.call(6, key_agreement=agreement, permissions=permissions, rp_id=rp_id)
    assert status == OK, f"no token: {status:#04x}"
    token = platform.protocol.decrypt(secret, members[2])
    assert len(token) == 32
    return token


def cred_store_state(channel, persistent_token):
    """(initialization vector, what is behind the ciphertext)"""
    encrypted = get_info(channel)[0x1E]
    return encrypted[:16], Info.from_dict({1: [], 0x1E: encrypted}).get_cred_store_state(persistent_token)
