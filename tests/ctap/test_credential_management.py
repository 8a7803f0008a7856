"""authenticatorCredentialManagement (CTAP 2.3, 6.8)."""

from hashlib import sha256

import pytest
from daemon import PIN
from ctap2 import (
    CM,
    CREDENTIAL_MANAGEMENT,
    GET_ASSERTION,
    INVALID_PARAMETER,
    INVALID_SUBCOMMAND,
    MC,
    MISSING_PARAMETER,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    OK,
    PIN_AUTH_INVALID,
    PUAT_REQUIRED,
    Platform,
    descriptor,
    get_assertion,
    get_assertion_request,
    get_info,
    make_credential,
)
from fido2 import cbor

PREVIEW = 0x41  # the command of FIDO_2_1_PRE, which libfido2 up to 1.14 uses whatever the key's version
COUNT, RPS_BEGIN, RPS_NEXT, CREDENTIALS_BEGIN, CREDENTIALS_NEXT, DELETE, UPDATE = range(1, 8)


def rp_hash(rp_id):
    return sha256(rp_id.encode()).digest()


class Manager:
    """A key of the test's own with PIN, and a token for credential management."""

    def __init__(self, key, version=2, command=CREDENTIAL_MANAGEMENT):
        self.channel = key.channel()
        self.command = command
        self.platform = Platform(self.channel, version)
        self.bound_to = None

    def register(self, rp_id, name, **changes):
        token = self.platform.token(PIN, MC, rp_id)
        return make_credential(
            self.channel,
            rp_id,
            user={"id": name.encode(), "name": name, "displayName": name.title()},
            options={"rk": True},
            **self.platform.authorization(token),
            **changes,
        )

    def call(self, sub_command, params=None, token=None):
        token = token or self.platform.token(PIN, CM, self.bound_to)
        message = bytes([sub_command]) + (cbor.encode(params) if params is not None else b"")
        request = {1: sub_command, 3: self.platform.version, 4: self.platform.protocol.authenticate(token, message)}
        if params is not None:
            request[2] = params
        return self.channel.ctap2(self.command, request)

    def next(self, sub_command):
        return self.channel.ctap2(self.command, {1: sub_command})

    def relying_parties(self):
        status, first = self.call(RPS_BEGIN)
        assert status == OK
        found = [first]
        for _ in range(first[5] - 1):
            status, following = self.next(RPS_NEXT)
            assert status == OK and 5 not in following
            found.append(following)
        return found

    def credentials(self, rp_id):
        status, first = self.call(CREDENTIALS_BEGIN, {1: rp_hash(rp_id)})
        assert status == OK
        found = [first]
        for _ in range(first[9] - 1):
            status, following = self.next(CREDENTIALS_NEXT)
            assert status == OK and 9 not in following
            found.append(following)
        return found


@pytest.fixture(
    params=[(1, CREDENTIAL_MANAGEMENT, "credMgmt"), (2, CREDENTIAL_MANAGEMENT, "credMgmt"), (2, PREVIEW, "credentialMgmtPreview")],
    ids=["protocol_1", "protocol_2", "preview"],
)
def manager(new_key, request):
    version, command, option = request.param
    manager = Manager(new_key("--pin", PIN), version, command)
    if not get_info(manager.channel)[4].get(option):
        pytest.skip(f"the key does not claim {option}")
    return manager


class TestMetadata:
    def test_chk_259_it_counts_discoverable_credentials(self, manager):
        counts, left = [], []
        for name in (None, "alice", "bob"):
            if name:
                manager.register("a.example", name)
            status, members = manager.call(COUNT)
            assert status == OK and members.keys() == {1, 2}
            counts.append(members[1])
            left.append(members[2])
        assert counts == [0, 1, 2]
        assert left[0] > left[1] > left[2] > 1

    def test_credentials_in_their_ids_do_not_count(self, manager):
        make_credential(manager.channel, "a.example")
        assert manager.call(COUNT)[1][1] == 0


class TestEnumeration:
    def test_chk_260_261_it_lists_each_relying_party_once(self, manager):
        for rp_id, name in (("a.example", "alice"), ("b.example", "alice"), ("a.example", "bob")):
            manager.register(rp_id, name)
        found = manager.relying_parties()
        assert {entry[3]["id"]: entry[4] for entry in found} == {
            "a.example": rp_hash("a.example"),
            "b.example": rp_hash("b.example"),
        }
        assert found[0][5] == 2
        assert manager.next(RPS_NEXT)[0] == NOT_ALLOWED

    def test_chk_265_266_it_lists_a_relying_partys_credentials(self, manager):
        made = {
            name: manager.register("a.example", name, extensions={"credProtect": level})
            for name, level in (("alice", 1), ("bob", 3))
        }
        manager.register("b.example", "carol")
        found = {entry[6]["name"]: entry for entry in manager.credentials("a.example")}
        assert found.keys() == made.keys()
        for name, credential in made.items():
            assert found[name][6] == {"id": name.encode(), "name": name, "displayName": name.title()}
            assert found[name][7] == credential.descriptor
            assert found[name][8] == dict(credential.public_key)
        assert (found["alice"][10], found["bob"][10]) == (1, 3)  # CHK-180
        assert manager.next(CREDENTIALS_NEXT)[0] == NOT_ALLOWED

    def test_x_09_nothing_stored_is_no_credentials(self, manager):
        assert manager.call(RPS_BEGIN)[0] == NO_CREDENTIALS
        assert manager.call(CREDENTIALS_BEGIN, {1: bytes(32)})[0] == NO_CREDENTIALS

    @pytest.mark.parametrize("sub_command", [RPS_NEXT, CREDENTIALS_NEXT])
    def test_x_09_next_without_begin_is_not_allowed(self, manager, sub_command):
        manager.register("a.example", "alice")
        assert manager.next(sub_command)[0] == NOT_ALLOWED

    def test_another_command_in_between_ends_it(self, manager):
        for rp_id in ("a.example", "b.example"):
            manager.register(rp_id, "alice")
        assert manager.call(RPS_BEGIN)[0] == OK
        get_info(manager.channel)
        assert manager.next(RPS_NEXT)[0] == NOT_ALLOWED

    def test_the_two_enumerations_are_not_mixed(self, manager):
        for rp_id in ("a.example", "b.example"):
            manager.register(rp_id, "alice")
        assert manager.call(RPS_BEGIN)[0] == OK
        assert manager.next(CREDENTIALS_NEXT)[0] == NOT_ALLOWED

    def test_a_hundred_relying_parties_are_all_there(self, manager):
        rp_ids = {f"{number}.example" for number in range(100)}
        for rp_id in rp_ids:
            manager.register(rp_id, "alice")
        assert {entry[3]["id"] for entry in manager.relying_parties()} == rp_ids


class TestDelete:
    def test_chk_269_a_deleted_credential_is_gone(self, manager):
        gone, stays = manager.register("a.example", "alice"), manager.register("a.example", "bob")
        assert manager.call(DELETE, {2: gone.descriptor}) == (OK, {})
        request = get_assertion_request("a.example", allow_list=[gone.descriptor])
        assert manager.channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS
        get_assertion(manager.channel, "a.example").verify(stays)
        assert manager.call(COUNT)[1][1] == 1

    def test_x_09_an_unknown_one_is_no_credentials(self, manager):
        assert manager.call(DELETE, {2: descriptor(b"nobody's")})[0] == NO_CREDENTIALS

    def test_it_stays_gone(self, starter):
        key = starter.start(store=True)
        assert Platform(key.channel(), 2).set_pin(PIN) == OK
        manager = Manager(key)
        gone = manager.register("a.example", "alice")
        assert manager.call(DELETE, {2: gone.descriptor})[0] == OK
        assert Manager(starter.restart(key)).call(COUNT)[1][1] == 0


class TestUpdate:
    def test_chk_268_new_names_are_shown_and_what_is_left_out_is_removed(self, manager):
        made = manager.register("a.example", "alice")
        assert manager.call(UPDATE, {2: made.descriptor, 3: {"id": b"alice", "name": "alicia"}}) == (OK, {})
        (entry,) = manager.credentials("a.example")
        assert entry[6] == {"id": b"alice", "name": "alicia"}
        get_assertion(manager.channel, "a.example").verify(made)

    def test_the_account_itself_cannot_be_changed(self, manager):
        made = manager.register("a.example", "alice")
        assert manager.call(UPDATE, {2: made.descriptor, 3: {"id": b"bob", "name": "bob"}})[0] == INVALID_PARAMETER

    def test_an_unknown_one_is_no_credentials(self, manager):
        unknown = {2: descriptor(b"nobody's"), 3: {"id": b"alice"}}
        assert manager.call(UPDATE, unknown)[0] == NO_CREDENTIALS


class TestAuthorization:
    @pytest.mark.parametrize("sub_command", [COUNT, RPS_BEGIN])
    def test_without_a_token_it_is_refused(self, manager, sub_command):
        assert manager.next(sub_command)[0] == PUAT_REQUIRED

    def test_a_token_for_another_message_is_refused(self, manager):
        made = manager.register("a.example", "alice")
        token = manager.platform.token(PIN, CM)
        param = manager.platform.protocol.authenticate(token, bytes([DELETE]))
        request = {1: DELETE, 2: {2: made.descriptor}, 3: manager.platform.version, 4: param}
        assert manager.channel.ctap2(manager.command, request)[0] == PIN_AUTH_INVALID
        assert manager.call(COUNT)[1][1] == 1

    def test_a_token_serves_several_subcommands(self, manager):
        manager.register("a.example", "alice")
        token = manager.platform.token(PIN, CM)
        assert manager.call(COUNT, token=token)[0] == OK
        assert manager.call(RPS_BEGIN, token=token)[0] == OK
        assert manager.call(CREDENTIALS_BEGIN, {1: rp_hash("a.example")}, token=token)[0] == OK

    def test_a_token_of_one_relying_party_sees_only_that_one(self, manager):
        manager.register("a.example", "alice")
        other = manager.register("b.example", "bob")
        manager.bound_to = "a.example"
        assert manager.call(CREDENTIALS_BEGIN, {1: rp_hash("a.example")})[0] == OK
        assert manager.call(CREDENTIALS_BEGIN, {1: rp_hash("b.example")})[0] == PIN_AUTH_INVALID
        assert manager.call(DELETE, {2: other.descriptor})[0] == PIN_AUTH_INVALID
        assert manager.call(COUNT)[0] == PIN_AUTH_INVALID
        assert manager.call(RPS_BEGIN)[0] == PIN_AUTH_INVALID


@pytest.mark.parametrize(
    "request_members, expected",
    [
        pytest.param({}, MISSING_PARAMETER, id="nothing"),
        pytest.param({1: 0}, INVALID_SUBCOMMAND, id="subcommand_0"),
        pytest.param({1: 99}, INVALID_SUBCOMMAND, id="subcommand_99"),
        pytest.param({1: DELETE, 2: {}, 3: 2, 4: bytes(32)}, MISSING_PARAMETER, id="delete_without_id"),
    ],
)
def test_a_broken_request_is_refused(pin_channel, request_members, expected):
    status, _ = pin_channel.ctap2(CREDENTIAL_MANAGEMENT, request_members)
    assert status in (expected, INVALID_PARAMETER), f"{status:#04x}"
