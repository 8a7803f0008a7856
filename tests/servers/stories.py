"""What tutorials on passkeys tell, at each of the servers: counters, clones, replays, phishing, lost keys, synced passkeys."""

import pytest
from control import Key
from fido2.client import ClientError, DefaultClientDataCollector
from fido2.ctap import CtapError
from fido2.utils import websafe_decode
from sites import ORIGIN, Refused

PIN = "2468"


@pytest.fixture
def fork(control):
    """Another key that holds the same, from now on for itself."""
    keys = []

    def make(key, name):
        key.post("/fork", {"name": name})
        keys.append(KeyNamed(control, name))
        return keys[-1]

    yield make
    for key in keys:
        key.close()


class KeyNamed(Key):
    """A key that is plugged in already."""

    def __init__(self, control, name):
        self.control = control
        self.path = f"/v1/keys/{name}"
        self._opened = []


def with_key(visitor, key, **options):
    """The same person, with another key."""
    return type(visitor)(visitor.server, key, visitor.account, **options)


def test_the_signature_counter_goes_up_with_each_login(key, visitor):
    person = visitor(key)
    counters = [person.register()["counter"]] + [person.log_in()["counter"] for _ in range(3)]
    assert counters == sorted(set(counters)), counters
    assert person.server.credentials(person.account)[0]["counter"] == counters[-1]


def test_the_tutorials_flow_logs_a_verified_person_in_without_a_name(plug_in, visitor):
    """residentKey and userVerification “required”, then allowCredentials empty."""
    person = visitor(plug_in(pin=PIN), pin=PIN)
    registered = person.register(resident="required", verification="required", algorithms=("ES256", "RS256"))
    assert registered["flags"]["UV"] and registered["algorithm"] == "ES256"
    outcome = person.log_in(usernameless=True, verification="required")
    assert outcome["account"] == person.account and outcome["flags"]["UV"]
    assert outcome["counter"] > outcome["previousCounter"] == registered["counter"]


def test_a_clone_is_found_out_when_both_have_been_used(key, visitor, fork):
    owner = visitor(key)
    owner.register()
    owner.log_in()
    thief = with_key(owner, fork(key, "clone"))
    for _ in range(2):
        owner.log_in()
    known = owner.server.credentials(owner.account)[0]["counter"]
    with pytest.raises(Refused) as refused:
        thief.log_in()
    words = {"simplewebauthn": "counter value", "py_webauthn": "sign count", "webauthn4j": "Cloned authenticators exist in parallel"}
    assert words[owner.server.name] in str(refused.value)
    assert owner.server.credentials(owner.account)[0]["counter"] == known, "a clone's counter is not taken over"


def test_an_assertion_is_good_once(key, visitor):
    person = visitor(key)
    person.register()
    person.log_in()
    path, said = person.last
    with pytest.raises(Refused, match="answered before"):
        person.server.call(path, said)
    fresh = person.answer_login()
    with pytest.raises(Refused, match="(?i)challenge"):
        person.server.call(path, {"ceremony": fresh["ceremony"], "response": said["response"]})
    with pytest.raises(Refused, match="answered before"):  # and that challenge is gone, too
        person.server.call(path, fresh)
    assert person.log_in()["counter"] > said_counter(said)


def said_counter(body):
    return int.from_bytes(websafe_decode(body["response"]["response"]["authenticatorData"])[33:37], "big")


def test_a_registration_is_good_once(key, visitor):
    person = visitor(key)
    person.register()
    path, said = person.last
    with pytest.raises(Refused, match="answered before"):
        person.server.call(path, said)


def test_a_browser_at_another_site_does_not_ask_for_this_sites_credential(key, visitor):
    person = visitor(key)
    person.register()
    before = person.server.credentials(person.account)
    person.go_to(DefaultClientDataCollector("https://evil.test"))
    with pytest.raises(ClientError) as error:  # evil.test hands on what example.test asks for
        person.answer_login()
    assert error.value.code == ClientError.ERR.BAD_REQUEST
    with pytest.raises(ClientError) as error:  # and under its own name the key has nothing
        person.answer_login(rp_id="evil.test")
    assert error.value.code == ClientError.ERR.DEVICE_INELIGIBLE
    assert error.value.cause.code == CtapError.ERR.NO_CREDENTIALS
    assert person.server.credentials(person.account) == before
    person.go_to(DefaultClientDataCollector(ORIGIN))
    assert person.log_in()["account"] == person.account


def test_what_a_browser_without_that_rule_signs_is_refused_for_its_origin(key, visitor):
    person = visitor(key)
    person.register()
    person.go_to(DefaultClientDataCollector("https://evil.test", verify=lambda rp_id, origin: True))
    with pytest.raises(Refused, match="(?i)origin"):
        person.log_in()


def test_another_site_gets_a_credential_of_its_own_which_is_of_no_use_here(key, visitor):
    person = visitor(key)
    registered = person.register()
    person.go_to(Relaying("https://evil.test", "evil.test"))
    answer = person.answer_registration()
    assert answer["response"]["id"] != registered["credentialId"]
    with pytest.raises(Refused, match="(?i)origin|rp ?id"):
        person.send("/api/register/verify", answer)


class Relaying(DefaultClientDataCollector):
    """At a site that takes another's options for its own."""

    def __init__(self, origin, rp_id):
        super().__init__(origin)
        self._rp_id = rp_id

    def get_rp_id(self, options, origin):
        return self._rp_id


def test_an_answer_for_another_relying_party_is_refused(key, visitor):
    person = visitor(key)
    person.register()
    key.post("/faults", {"match": {"command": "getAssertion"}, "action": {"type": "rpIdHash", "rpId": "evil.test"}, "times": 4})
    with pytest.raises(Refused, match="(?i)rp ?id"):
        person.log_in()


def test_who_loses_a_key_logs_in_with_the_second(plug_in, control, visitor):
    first, second = plug_in(), plug_in()
    person = visitor(first)
    person.register()
    with_second = with_key(person, second)
    with_second.register()
    assert len(person.server.credentials(person.account)) == 2
    for registered_already in (person, with_second):
        with pytest.raises(ClientError) as error:  # excludeCredentials
            registered_already.register()
        assert error.value.code == ClientError.ERR.DEVICE_INELIGIBLE
        assert error.value.cause.code == CtapError.ERR.CREDENTIAL_EXCLUDED == 0x19
    control.delete(first.path)
    assert with_second.log_in()["account"] == person.account


def test_a_lost_keys_credential_is_removed_and_a_new_key_takes_its_place(plug_in, visitor):
    lost, found_at_home, new = plug_in(), plug_in(), plug_in()
    person = visitor(lost)
    lost_id = person.register(resident="required")["credentialId"]
    at_home = with_key(person, found_at_home)
    at_home.register()
    at_home.log_in()
    person.server.call("/api/credentials/remove", {"account": person.account, "credentialId": lost_id})
    with pytest.raises(ClientError) as error:  # the site no longer asks for it
        person.log_in()
    assert error.value.code == ClientError.ERR.DEVICE_INELIGIBLE
    with pytest.raises(Refused, match="no account has this credential"):
        person.log_in(usernameless=True)
    replaced = with_key(person, new)
    replaced.register()
    assert replaced.log_in()["account"] == at_home.log_in()["account"] == person.account
    assert lost_id not in [each["id"] for each in person.server.credentials(person.account)]


def test_a_synced_passkey_logs_in_from_both_devices(plug_in, visitor, fork):
    phone = plug_in(persona="synced-passkey")
    on_phone = visitor(phone)
    registered = on_phone.register(resident="required")
    assert registered["flags"]["BE"] and registered["flags"]["BS"]
    on_laptop = with_key(on_phone, fork(phone, "laptop"))
    for device in (on_laptop, on_phone, on_phone, on_laptop, on_laptop, on_phone):
        outcome = device.log_in(usernameless=True)
        assert outcome["counter"] == 0 and outcome["flags"]["BE"] and outcome["flags"]["BS"]
        assert outcome["account"] == on_phone.account


def test_a_synced_passkey_gives_both_devices_the_same_prf(plug_in, visitor, fork):
    phone = plug_in(persona="synced-passkey")
    on_phone = visitor(phone)
    on_phone.register(resident="required", extensions={"prf": {}})
    on_laptop = with_key(on_phone, fork(phone, "laptop"))
    evaluated = {salt: {prf(device, salt) for device in (on_phone, on_laptop)} for salt in (b"vault", b"notes")}
    assert all(len(values) == 1 for values in evaluated.values()), evaluated
    assert evaluated[b"vault"] != evaluated[b"notes"]


def prf(person, salt):
    answer = person.answer_login(extensions={"prf": {"eval": {"first": salt}}})
    result = answer["response"]["clientExtensionResults"]["prf"]["results"]["first"]
    person.send("/api/login/verify", answer)
    return result


@pytest.mark.parametrize("command", ["makeCredential", "getAssertion"])
def test_a_site_that_requires_verification_refuses_who_is_not_verified(plug_in, visitor, command):
    key = plug_in(pin=PIN)
    person = visitor(key, pin=PIN)
    fault = {"match": {"command": command}, "action": {"type": "flag", "flag": "UV", "set": False}, "times": None}
    if command == "getAssertion":
        person.register(verification="required")
        key.post("/faults", fault)
        with pytest.raises(Refused, match="(?i)not.*verified"):
            person.log_in(verification="required")
        assert person.log_in(verification="discouraged")["flags"]["UV"] is False
    else:
        key.post("/faults", fault)
        with pytest.raises(Refused, match="(?i)not.*verified"):
            person.register(verification="required")
        assert person.register(verification="discouraged")["flags"]["UV"] is False
