"""authenticatorGetInfo (CTAP 2.3, 6.4): every kind of key says of itself what is right."""

import pytest
from conformance import case, check
from daemon import PIN
from ctap2 import INVALID_PARAMETER, MC, OK, RESET, Platform, get_info, make_credential
from fido2.ctap2 import Ctap2

TEXTS, NUMBERS = (list, str), (list, int)
TYPES = {
    0x01: TEXTS, 0x02: TEXTS, 0x03: bytes, 0x04: (dict, bool), 0x05: int, 0x06: NUMBERS, 0x07: int,
    0x08: int, 0x09: TEXTS, 0x0A: (list, dict), 0x0B: int, 0x0C: bool, 0x0D: int, 0x0E: int, 0x0F: int, 0x10: int,
    0x11: int, 0x12: int, 0x13: (dict, int), 0x14: int, 0x15: NUMBERS, 0x16: TEXTS, 0x17: int, 0x18: bool,
    0x19: bytes, 0x1A: TEXTS, 0x1B: bool, 0x1C: bytes, 0x1D: int, 0x1E: bytes, 0x1F: NUMBERS,
}  # fmt: skip
AT_LEAST = {0x05: 1024, 0x07: 1, 0x08: 16, 0x0B: 1024, 0x0D: 4, 0x0F: 32, 0x10: 1, 0x11: 1, 0x12: 1, 0x1D: 8}
ENCRYPTED = 16 + 16  # an initialization vector and one block
PCMR = 0x40
KINDS = {
    "plain": (),
    "with_pin": ("--pin", PIN),
    "uv": ("--uv",),
    "fingerprint": ("--uv=fingerprint",),
    "always_uv": ("--always-uv",),
    "always_uv_by_itself": ("--uv", "--always-uv"),
    "enterprise": ("--enterprise-attestation", "listed.example"),
    "large_blob_extension": ("--large-blobs", "extension"),
    "uvm": ("--uvm",),
    "one_algorithm": ("--algorithms", "EdDSA"),
    "self_attestation": ("--attestation", "self"),
}


@pytest.fixture(params=KINDS.values(), ids=KINDS.keys())
def info(new_key, request):
    return get_info(new_key(*request.param).channel())


def assert_is(value, expected, what):
    of, elements = expected if isinstance(expected, tuple) else (expected, None)
    assert type(value) is of, f"{what}: {value!r}"
    if of is int:
        assert value >= 0, f"{what}: {value}"
    for element in (value.values() if of is dict else value) if elements else ():
        assert_is(element, elements, what)


@check(
    "CHK-038",
    "each member is known and of its type; FIDO_2_3 is a version; counts are positive; lists are sets that are "
    "not empty",
)
def test_chk_038_every_member_is_what_the_specification_says(info):
    assert info.keys() <= TYPES.keys()
    assert {0x01, 0x03} <= info.keys()
    for number, value in info.items():
        assert_is(value, TYPES[number], f"member {number:#04x}")
        if isinstance(value, list):
            assert value and len({repr(element) for element in value}) == len(value), f"member {number:#04x}: {value}"
        assert number not in AT_LEAST or value >= AT_LEAST[number], f"member {number:#04x}: {value}"
    assert "FIDO_2_3" in info[0x01]
    assert len(info[0x03]) == 16 and any(info[0x03])
    for algorithm in info[0x0A]:
        assert algorithm.keys() == {"alg", "type"} and algorithm["type"] == "public-key"
        assert type(algorithm["alg"]) is int
    assert len(info[0x19]) == len(info[0x1E]) == ENCRYPTED
    assert info[0x09] == ["usb"]


@check("CHK-038", "the AAGUID is the one that new credentials carry, and the same on every such key")
def test_chk_038_the_aaguid_is_that_of_its_credentials(new_key, channel, rp_id):
    aaguid = get_info(channel)[0x03]
    assert make_credential(channel, rp_id).auth_data.credential_data.aaguid == aaguid
    assert get_info(new_key().channel())[0x03] == aaguid


@pytest.mark.parametrize(
    "options, expected",
    [
        case(
            "CHK-039",
            "options are booleans that say how the user is seen and verified: up, no uv",
            (),
            {"up": True, "uv": None},
        ),
        case("CHK-039", "… uv true on a key that verifies its user by a prompt", ("--uv",), {"up": True, "uv": True}),
        case(
            "CHK-039",
            "… uv false on a key with a sensor that knows no finger yet",
            ("--uv=fingerprint",),
            {"up": True, "uv": False, "bioEnroll": False},
        ),
        case("CHK-039", "… clientPin false without a PIN", (), {"clientPin": False, "pinUvAuthToken": True}),
        case("CHK-039", "… clientPin true with one", ("--pin", PIN), {"clientPin": True, "pinUvAuthToken": True}),
    ],
)
def test_options_say_how_the_user_is_seen_and_verified(new_key, options, expected):
    said = get_info(new_key(*options).channel())[0x04]
    assert all(type(value) is bool for value in said.values()), said
    assert {name: said.get(name) for name in expected} == expected


@check("CHK-040", "pinUvAuthProtocols lists the protocols that clientPIN speaks, and no other is spoken")
def test_chk_040_the_listed_protocols_are_the_spoken_ones(channel):
    info = get_info(channel)
    assert "clientPin" in info[0x04], "a PIN is why there are protocols"
    assert info[0x06]
    for version in range(5):
        status, members = channel.ctap2(0x06, {1: version, 2: 2})
        if version in info[0x06]:
            assert status == OK and members.keys() == {1}
        else:
            assert status == INVALID_PARAMETER


class TestEncrypted:
    """Members that only the holder of the persistent token can read."""

    def read(self, key):
        """What getInfo's two members say, after they have been read twice."""
        token = Platform(key.channel(), 2).token(PIN, PCMR)
        infos = [Ctap2(key.fido2_device()).info for _ in range(2)]
        identifiers = {info.get_identifier(token) for info in infos}
        states = {info.get_cred_store_state(token) for info in infos}
        assert len(identifiers) == len(states) == 1, "what is encrypted stays"
        return identifiers.pop(), states.pop()

    @pytest.mark.parametrize(
        "member, index",
        [
            case(
                "CHK-041",
                "encIdentifier has a new initialization vector each time, and after a reset another identifier",
                0x19,
                0,
            ),
            case(
                "CHK-042",
                "encCredStoreState has a new initialization vector each time, and after a reset another state",
                0x1E,
                1,
            ),
        ],
    )
    def test_they_are_fresh_each_time_and_others_after_a_reset(self, new_key, member, index):
        key = new_key("--pin", PIN)
        channel = key.channel()
        assert len({get_info(channel)[member][:16] for _ in range(4)}) == 4
        before = self.read(key)[index]
        assert channel.ctap2(RESET)[0] == OK
        assert Platform(channel, 2).set_pin(PIN) == OK
        assert len({get_info(channel)[member][:16] for _ in range(4)}) == 4
        assert self.read(key)[index] != before

    @check("CHK-114", "encCredStoreState is another after each discoverable credential, and encIdentifier the same")
    def test_chk_114_a_new_discoverable_credential_changes_the_stores_state(self, new_key, rp_id):
        key = new_key("--pin", PIN)
        identifier, state = self.read(key)
        states = {state}
        for user in (b"alice", b"bob", b"alice"):
            platform = Platform(key.channel(), 2)
            authorization = platform.authorization(platform.token(PIN, MC, rp_id))
            make_credential(platform.channel, rp_id, options={"rk": True}, user={"id": user}, **authorization)
            again, state = self.read(key)
            assert again == identifier
            assert state not in states
            states.add(state)
