"""What a host learns of a key, in CTAP's names: the golden files of tests/ctap/personas."""

import uuid

from fido2.ctap import CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import Ctap2
from fido2.hid import CAPABILITY

NAMES = {
    0x01: "versions", 0x02: "extensions", 0x03: "aaguid", 0x04: "options", 0x05: "maxMsgSize", 0x06: "pinUvAuthProtocols",
    0x07: "maxCredentialCountInList", 0x08: "maxCredentialIdLength", 0x09: "transports", 0x0A: "algorithms",
    0x0B: "maxSerializedLargeBlobArray", 0x0C: "forcePINChange", 0x0D: "minPINLength", 0x0E: "firmwareVersion",
    0x0F: "maxCredBlobLength", 0x10: "maxRPIDsForSetMinPINLength", 0x11: "preferredPlatformUvAttempts", 0x12: "uvModality",
    0x14: "remainingDiscoverableCredentials", 0x16: "attestationFormats", 0x17: "uvCountSinceLastPinEntry",
    0x18: "longTouchForReset", 0x19: "encIdentifier", 0x1A: "transportsForReset", 0x1B: "pinComplexityPolicy",
    0x1D: "maxPINLength", 0x1E: "encCredStoreState", 0x1F: "authenticatorConfigCommands",
}  # fmt: skip
ALGORITHMS = {-7: "ES256", -8: "EdDSA", -35: "ES384", -36: "ES512", -47: "ES256K", -48: "ML-DSA-44", -49: "ML-DSA-65", -257: "RS256"}
FLAGS = (("WINK", 1), ("CBOR", CAPABILITY.CBOR), ("NMSG", CAPABILITY.NMSG))
GET_INFO = 4


def text_of(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(map(text_of, value))
    return str(value)


def lines_of_info(info, all_algorithms):
    for number in sorted(info):
        name, value = NAMES[number], info[number]
        if name == "options":
            yield f"{name}:"
            yield from (f"  {option}: {text_of(on)}" for option, on in sorted(value.items()))
            continue
        if name == "aaguid":
            value = uuid.UUID(bytes=value)
        elif name == "algorithms":
            assert all(entry["type"] == "public-key" for entry in value), value
            value = "all that the machine's libraries offer" if all_algorithms else [ALGORITHMS[entry["alg"]] for entry in value]
        elif isinstance(value, bytes):
            value = f"{len(value)} bytes, others each time"
        yield f"{name}: {text_of(value)}"


def describe(device, all_algorithms):
    """`device`: a CtapDevice of python-fido2. `all_algorithms`: the persona leaves them to the machine's libraries."""
    lines = ["CTAPHID_INIT capabilities: " + ", ".join(name for name, flag in FLAGS if device.capabilities & flag)]
    if not device.capabilities & CAPABILITY.NMSG:
        lines.append("U2F_VERSION: " + Ctap1(device).get_version())
    if device.capabilities & CAPABILITY.CBOR:
        lines.append("authenticatorGetInfo:")
        # As python-fido2 has read it: it refuses what is not in order.
        assert Ctap2(device).info.aaguid is not None
        lines += ["  " + line for line in lines_of_info(Ctap2(device).send_cbor(GET_INFO), all_algorithms)]
    else:
        try:
            Ctap2(device)
        except (CtapError, ValueError):
            lines.append("authenticatorGetInfo: none")
    return "\n".join(lines) + "\n"
