"""Logging in: assertions, several accounts, getNextAssertion (CTAP 2.3, 6.2 and 6.3)."""

import time

import pytest
from daemon import PIN
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from ctap2 import (
    EDDSA,
    ES256,
    GA,
    GET_ASSERTION,
    GET_NEXT_ASSERTION,
    MC,
    CLIENT_DATA_HASH,
    NO_CREDENTIALS,
    NOT_ALLOWED,
    OK,
    UP,
    UV,
    Platform,
    descriptor,
    get_assertion,
    get_assertion_request,
    get_info,
    get_next_assertion,
    make_credential,
    params,
)

ALGORITHMS = pytest.mark.parametrize("algorithm", [ES256, EDDSA], ids=["ES256", "EdDSA"])
RK = pytest.mark.parametrize("rk", [False, True], ids=["in_its_id", "discoverable"])


def user(name):
    return {"id": name.encode() * 4, "name": name, "displayName": name.title()}


def make_accounts(channel, rp_id, *names, **changes):
    return [make_credential(channel, rp_id, user=user(name), options={"rk": True}, **changes) for name in names]


class TestOneCredential:
    @ALGORITHMS
    @RK
    def test_chk_107_the_signature_is_the_registered_keys(self, channel, rp_id, algorithm, rk):
        made = make_credential(channel, rp_id, key_params=params(algorithm), options={"rk": rk})
        get_assertion(channel, rp_id, allow_list=[made.descriptor]).verify(made)

    def test_chk_104_105_108_the_answer_holds_what_it_has_to_and_no_more(self, channel, rp_id):
        made = make_credential(channel, rp_id)
        assertion = get_assertion(channel, rp_id, allow_list=[made.descriptor])
        assert assertion.members.keys() == {1, 2, 3}
        assert assertion.members[1] == made.descriptor
        assert len(assertion.members[2]) == 37
        assert assertion.flags == UP

    @RK
    def test_chk_106_the_counter_grows_with_each_assertion(self, channel, rp_id, rk):
        made = make_credential(channel, rp_id, options={"rk": rk})
        counters = [get_assertion(channel, rp_id, allow_list=[made.descriptor]).counter for _ in range(4)]
        assert counters == sorted(set(counters)) and counters[0] > made.auth_data.counter, counters

    def test_each_credential_counts_for_itself(self, channel, rp_id):
        first, second = make_credential(channel, rp_id), make_credential(channel, rp_id)
        for _ in range(5):
            get_assertion(channel, rp_id, allow_list=[first.descriptor])
        assert get_assertion(channel, rp_id, allow_list=[second.descriptor]).counter == 1

    @RK
    def test_without_up_it_signs_silently_and_says_so(self, channel, rp_id, rk):
        made = make_credential(channel, rp_id, options={"rk": rk})
        silent = get_assertion(channel, rp_id, allow_list=[made.descriptor], options={"up": False})
        assert silent.flags == 0
        silent.verify(made)

    def test_up_false_does_not_ask_the_user(self, new_key, rp_id):
        channel = new_key(approve="deny").channel()  # whoever is asked here says no
        request = get_assertion_request(rp_id, allow_list=[descriptor(b"nobody's")], options={"up": False})
        assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS

    def test_the_one_that_is_here_is_found_in_a_list_of_many(self, channel, rp_id):
        made = make_credential(channel, rp_id)
        others = [descriptor(bytes([n]) * 64) for n in range(get_info(channel)[7] - 1)]
        for at in (0, len(others) // 2, len(others)):
            allow_list = [*others[:at], made.descriptor, *others[at:]]
            get_assertion(channel, rp_id, allow_list=allow_list).verify(made)

    def test_chk_011_only_unknown_ids_are_no_credentials(self, channel, rp_id):
        for credential_id in (b"", b"x", bytes(64), bytes(255), bytes(1000)):
            request = get_assertion_request(rp_id, allow_list=[descriptor(credential_id)])
            assert channel.ctap2(GET_ASSERTION, request)[0] == NO_CREDENTIALS, len(credential_id)

    def test_a_list_of_several_gets_one_answer(self, channel, rp_id):
        made = make_accounts(channel, rp_id, "alice", "bob")
        assertion = get_assertion(channel, rp_id, allow_list=[credential.descriptor for credential in made])
        assert 5 not in assertion.members
        assert assertion.id in [credential.id for credential in made]
        assert channel.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED


class TestDiscoverable:
    @ALGORITHMS
    def test_chk_110_one_account_is_found_without_a_list(self, channel, rp_id, algorithm):
        (made,) = make_accounts(channel, rp_id, "alice", key_params=params(algorithm))
        assertion = get_assertion(channel, rp_id)
        assertion.verify(made)
        assert assertion.user["id"] == made.user_id
        assert 5 not in assertion.members, "numberOfCredentials is for more than one"

    def test_chk_111_several_accounts_come_the_newest_first_with_their_ids_only(self, channel, rp_id):
        made = make_accounts(channel, rp_id, "alice", "bob", "carol")
        first = get_assertion(channel, rp_id)
        assert first.members[5] == 3
        assertions = [first, get_next_assertion(channel), get_next_assertion(channel)]
        for assertion, credential in zip(assertions, reversed(made)):
            assertion.verify(credential)
            assert assertion.user == {"id": credential.user_id}
        for following in assertions[1:]:
            assert 5 not in following.members
        assert channel.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED

    def test_chk_112_with_user_verification_the_accounts_come_with_their_names(self, pin_channel, rp_id):
        platform = Platform(pin_channel, 2)
        for name in ("alice", "bob"):
            token = platform.token(PIN, MC, rp_id)
            make_accounts(pin_channel, rp_id, name, **platform.authorization(token))
        token = platform.token(PIN, GA, rp_id)
        first = get_assertion(pin_channel, rp_id, **platform.authorization(token))
        second = get_next_assertion(pin_channel)
        assert first.flags == second.flags == UP | UV
        assert [first.user, second.user] == [user("bob"), user("alice")]

    def test_chk_115_the_same_account_registered_again_replaces_the_old_credential(self, channel, rp_id):
        old, new = make_accounts(channel, rp_id, "alice", "alice")
        assert old.id != new.id and bytes(old.public_key[-2]) != bytes(new.public_key[-2])
        assertion = get_assertion(channel, rp_id)
        assert 5 not in assertion.members
        assertion.verify(new)
        gone = get_assertion_request(rp_id, allow_list=[old.descriptor])
        assert channel.ctap2(GET_ASSERTION, gone)[0] == NO_CREDENTIALS

    def test_a_replaced_account_is_the_newest(self, channel, rp_id):
        _, bob, alice = make_accounts(channel, rp_id, "alice", "bob", "alice")
        get_assertion(channel, rp_id).verify(alice)
        get_next_assertion(channel).verify(bob)

    def test_accounts_of_another_relying_party_are_not_shown(self, channel, rp_id):
        make_accounts(channel, rp_id, "alice")
        assert channel.ctap2(GET_ASSERTION, get_assertion_request("other." + rp_id))[0] == NO_CREDENTIALS

    def test_a_credential_in_its_id_does_not_replace_a_discoverable_one(self, channel, rp_id):
        (made,) = make_accounts(channel, rp_id, "alice")
        make_credential(channel, rp_id, user=user("alice"))
        get_assertion(channel, rp_id).verify(made)

    def test_names_come_back_as_they_were_given(self, pin_channel, rp_id):
        platform = Platform(pin_channel, 2)
        names = {"name": "ę字😀‮\x1b[2J", "displayName": ""}
        for user_id in (b"first", b"second"):
            token = platform.token(PIN, MC, rp_id)
            account = {"id": user_id, **names}
            make_credential(pin_channel, rp_id, user=account, options={"rk": True}, **platform.authorization(token))
        token = platform.token(PIN, GA, rp_id)
        assert get_assertion(pin_channel, rp_id, **platform.authorization(token)).user == {"id": b"second", **names}

    def test_an_empty_allow_list_is_not_a_way_to_more_than_one_answer(self, channel, rp_id):
        make_accounts(channel, rp_id, "alice", "bob")
        status, members = channel.ctap2(GET_ASSERTION, get_assertion_request(rp_id, allow_list=[]))
        # the specification lets a key take an empty list for none at all or for a list without a match
        assert (status, members) == (NO_CREDENTIALS, {}) or (status == OK and members[5] == 2)


class TestGetNextAssertion:
    @pytest.fixture
    def asked(self, channel, rp_id):
        """A channel that was told of three accounts and has seen the first."""
        make_accounts(channel, rp_id, "alice", "bob", "carol")
        assert get_assertion(channel, rp_id).members[5] == 3
        return channel

    def test_x_08_without_a_getAssertion_it_is_not_allowed(self, channel):
        assert channel.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED

    def test_x_08_another_command_in_between_ends_it(self, asked):
        get_info(asked)
        assert asked.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED

    def test_a_failed_getAssertion_in_between_ends_it(self, asked, rp_id):
        assert asked.ctap2(GET_ASSERTION, get_assertion_request("nobody." + rp_id))[0] == NO_CREDENTIALS
        assert asked.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED

    def test_it_belongs_to_the_channel_that_asked(self, asked, key):
        assert key.channel().ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED
        assert get_next_assertion(asked)

    def test_another_channels_commands_do_not_end_it(self, asked, key):
        other = key.channel()
        get_info(other)
        assert get_next_assertion(asked)

    def test_the_client_data_hash_is_that_of_the_getAssertion(self, channel, rp_id):
        first, _ = make_accounts(channel, rp_id, "alice", "bob")
        get_assertion(channel, rp_id, client_data_hash=b"h" * 32)
        get_next_assertion(channel).verify(first, b"h" * 32)

    @pytest.mark.slow
    def test_x_08_after_thirty_seconds_it_is_not_allowed(self, asked):
        assert get_next_assertion(asked)
        time.sleep(30.5)
        assert asked.ctap2(GET_NEXT_ASSERTION)[0] == NOT_ALLOWED


class TestAttestationFormatsPreference:
    """An assertion can be attested like a registration, for who asks (CTAP 2.3, 6.2)."""

    @staticmethod
    def verify(assertion):
        statement = assertion.members[10]
        assert statement.keys() == {"alg", "sig", "x5c"} and statement["alg"] == ES256
        certificate = x509.load_der_x509_certificate(statement["x5c"][0])
        signed = bytes(assertion.members[2]) + CLIENT_DATA_HASH
        certificate.public_key().verify(statement["sig"], signed, ec.ECDSA(hashes.SHA256()))

    def test_who_prefers_packed_gets_a_statement_over_this_assertion(self, channel, rp_id):
        made = make_credential(channel, rp_id)
        assertion = get_assertion(
            channel, rp_id, allow_list=[made.descriptor], attestation_formats_preference=["tpm", "packed"]
        )
        assertion.verify(made)
        assert assertion.members.keys() == {1, 2, 3, 10}
        self.verify(assertion)

    @pytest.mark.parametrize("preference", [None, [], ["none"], ["none", "packed"]], ids=str)
    def test_who_does_not_ask_or_prefers_none_gets_none(self, channel, rp_id, preference):
        made = make_credential(channel, rp_id)
        assertion = get_assertion(
            channel, rp_id, allow_list=[made.descriptor], attestation_formats_preference=preference
        )
        assert assertion.members.keys() == {1, 2, 3}

    def test_the_next_assertions_are_attested_too(self, channel, rp_id):
        made = {bytes(account.id): account for account in make_accounts(channel, rp_id, "alice", "bob")}
        first = get_assertion(channel, rp_id, attestation_formats_preference=["packed"])
        for assertion in (first, get_next_assertion(channel)):
            assertion.verify(made[bytes(assertion.id)])
            self.verify(assertion)
