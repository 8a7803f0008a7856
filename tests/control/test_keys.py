"""Keys that come and go, and what is put into them."""

import base64
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fido2.client import ClientError
from fido2.ctap2 import Ctap2
from fido2.webauthn import AttestedCredentialData
from fido2.cose import ES256
from visitor import Site
from workers import assert_alone, work


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def private_key():
    key = ec.generate_private_key(ec.SECP256R1())
    return key, b64(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))


def credential(rp_id, **more):
    key, encoded = private_key()
    data = {"credentialId": b64(os.urandom(32)), "isResidentCredential": True, "rpId": rp_id, "privateKey": encoded, "signCount": 7,
            "userHandle": b64(b"user-1"), "userName": "alice", **more}
    return key, data


def attested(key, data):
    raw = base64.urlsafe_b64decode(data["credentialId"] + "==")
    return AttestedCredentialData.create(bytes(16), raw, ES256.from_cryptography_key(key.public_key()))


def test_a_key_can_be_registered_with_and_logged_in_with(key):
    site = Site(key, "example.org")
    site.register()
    first, _, _ = site.log_in()
    second, _, _ = site.log_in()
    assert second.counter > first.counter > 0
    (listed,) = key.get("/credentials")["credentials"]
    assert listed["signCount"] == second.counter


def test_a_removed_key_is_gone_with_its_socket(control, key):
    path = key.address.removeprefix("unix:")
    assert os.path.exists(path)
    control.delete(key.path)
    assert not os.path.exists(path)
    assert control.request("GET", key.path).status == 404


def test_options_make_the_key_that_they_say(plug_in):
    info = Ctap2(plug_in(userVerification="fingerprint", alwaysUv=True, algorithms=["ES384"], ctapVersion="2.1").fido2_device()).info
    assert info.options["alwaysUv"] is True
    assert info.options["bioEnroll"] is False
    assert [algorithm["alg"] for algorithm in info.algorithms] == [-35]
    assert "FIDO_2_3" not in info.versions and "FIDO_2_1" in info.versions


def test_a_key_without_discoverable_credentials_and_pin_says_so(plug_in):
    info = Ctap2(plug_in(discoverable=False, clientPin=False).fido2_device()).info
    assert info.options["rk"] is False
    assert "clientPin" not in info.options


@pytest.mark.parametrize(
    "options, said",
    [
        ({"pinn": "1234"}, "pinn"),
        ({"pin": 1234}, "pin"),
        ({"pin": "123"}, "PIN"),
        ({"name": "../x"}, "name"),
        ({"transports": []}, "transports"),
        ({"transports": ["carrier-pigeon"]}, "carrier-pigeon"),
        ({"algorithms": ["ROT13"]}, "algorithms"),
        ({"user": {"presence": "perhaps"}}, "presence"),
        ({"backupState": True}, "backupEligible"),
        ({"seed": -1}, "seed"),
        ([], "object"),
    ],
)
def test_options_that_cannot_be_are_refused_and_leave_no_key(control, options, said):
    body = {"transports": ["unix"], **options} if isinstance(options, dict) else options
    answer = control.request("POST", "/v1/keys", body)
    assert answer.status == 400
    assert said in answer.json["error"]
    assert control.get("/v1/keys")["keys"] == []


def test_a_name_is_taken_once(plug_in, control):
    plug_in(name="mine")
    answer = control.request("POST", "/v1/keys", {"name": "mine", "transports": ["unix"]})
    assert answer.status == 409 and "mine" in answer.json["error"]


def test_sixty_keys_at_once_and_no_more(control):
    names = [control.plug_in()["name"] for _ in range(60)]
    assert len(set(names)) == 60
    answer = control.request("POST", "/v1/keys", {"transports": ["unix"]})
    assert answer.status == 409 and "60" in answer.json["error"]


def test_an_unplugged_key_keeps_what_it_holds(key):
    site = Site(key, "example.org")
    site.register()
    assert key.post("/unplug")["state"] == "unplugged"
    assert key.get()["addresses"] == []
    assert key.post("/plug-in")["state"] == "plugged-in"
    again = Site(key, "example.org")
    again.accounts = site.accounts
    again.log_in()


def test_a_reset_needs_neither_touch_nor_time(key):
    key.patch("/pin", {"pin": "1234"})
    site = Site(key, "example.org", "1234")
    site.register(resident_key_requirement="required")
    assert key.get()["discoverableCredentials"] == 1
    state = key.post("/reset")
    assert state["discoverableCredentials"] == 0 and not state["pin"]["set"]


def test_credentials_of_either_kind_are_listed_with_keys_that_sign_as_they_do(key):
    site = Site(key, "example.org")
    site.register("alice", resident_key_requirement="required")
    site.register("bob", resident_key_requirement="discouraged")
    listed = key.get("/credentials")["credentials"]
    assert sorted(one["isResidentCredential"] for one in listed) == [False, True]
    assert {one["credentialId"] for one in listed} == {b64(account.credential_id) for account in site.accounts}
    assert key.get("/credentials?rpId=other.example")["credentials"] == []


def test_a_credential_is_put_in_used_and_taken_out(key, control):
    secret, data = credential("example.org")
    added = key.post("/credentials", data)
    assert added["privateKey"] == data["privateKey"] and added["signCount"] == 7
    site = Site(key, "example.org")
    site.accounts = [attested(secret, data)]
    result, response, _ = site.log_in(usernameless=True)
    assert result.counter == 8
    assert response.response.user_handle == b"user-1"
    one = f"{key.path}/credentials/{data['credentialId']}"
    assert control.get(one)["signCount"] == 8
    control.delete(one)
    assert control.request("GET", one).status == 404
    with pytest.raises(ClientError):
        site.log_in(usernameless=True)


def test_properties_of_a_credential_change(key):
    secret, data = credential("example.org")
    key.post("/credentials", data)
    one = f"/credentials/{data['credentialId']}"
    changed = key.patch(one, {"backupEligibility": True, "backupState": True, "signCount": 2, "userName": "bob"})
    assert (changed["signCount"], changed["userName"], changed["backupState"]) == (2, "bob", True)
    site = Site(key, "example.org")
    site.accounts = [attested(secret, data)]
    result, _, _ = site.log_in()
    assert 2 < result.counter < 7 and result.flags & 0x18 == 0x18
    assert key.patch(one, {"signCount": None})["signCount"] is None
    result, _, _ = site.log_in()
    assert result.counter == 0


@pytest.mark.parametrize("change", [{"rpId": None}, {"privateKey": "AAAA"}, {"credentialId": "***"}, {"signCount": 2**32},
                                    {"userHandle": b64(bytes(65))}, {"isResidentCredential": "yes"}])
def test_a_credential_that_cannot_be_is_refused(key, control, change):
    _, data = credential("example.org", **change)
    answer = control.request("POST", key.path + "/credentials", data)
    assert answer.status == 400 and len(answer.json["error"]) > 20
    assert key.get("/credentials")["credentials"] == []


def test_a_fork_is_a_clone_whose_counter_gives_it_away(key):
    site = Site(key, "example.org")
    site.register()
    site.log_in()
    fork = type(key)(key.control, name="aside")  # only to have its class; the copy is what counts
    copy = key.post("/fork", {"name": "clone"})
    assert copy["name"] == "clone" and copy["serial"] == key.get()["serial"]
    fork.path = "/v1/keys/clone"
    counter = site.log_in()[0].counter
    cloned = Site(fork, "example.org")
    cloned.accounts = site.accounts
    assert cloned.log_in()[0].counter == counter, "the site sees the same count twice"
    fork.close()


def test_the_same_seed_makes_the_same_key(plug_in):
    info = [Ctap2(plug_in(seed=42).fido2_device()).info for _ in range(2)]
    assert info[0].aaguid == info[1].aaguid
    ids = []
    for _ in range(2):
        site = Site(plug_in(seed=43), "example.org")
        site.register()
        ids.append(bytes(site.accounts[0]))
    assert ids[0] == ids[1], "credential id and public key are those of the seed"


def test_ten_workers_with_a_key_each_see_nothing_of_one_another(control, plug_in):
    names = [f"worker{number}" for number in range(10)]
    addresses = [plug_in(name=name).address for name in names]
    with ThreadPoolExecutor(len(names)) as workers:
        told = list(workers.map(work, addresses, names))
    for name, counters in zip(names, told, strict=True):
        assert_alone(control, name, name, counters)


def test_credentials_come_a_page_at_a_time(key, control):
    wanted = []
    for number in range(7):
        _, data = credential(f"site{number}.example", userName=f"User{number}", isResidentCredential=number < 4,
                             userHandle=b64(bytes([number])))
        wanted.append(key.post("/credentials", data)["credentialId"])
    pages, query = [], ""
    while True:
        page = key.get(f"/credentials?limit=3&privateKeys=false{query}")
        assert page["total"] == 7 and not any("privateKey" in one for one in page["credentials"])
        pages.append([one["credentialId"] for one in page["credentials"]])
        if "next" not in page:
            break
        query = f"&cursor={page['next']}"
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == wanted, "in the order in which they came, those that are not discoverable last"
    assert [one["credentialId"] for one in key.get("/credentials?limit=2&offset=3")["credentials"]] == wanted[3:5]
    first = key.get("/credentials?limit=1")["next"]
    assert [one["credentialId"] for one in key.get(f"/credentials?limit=2&offset=2&cursor={first}")["credentials"]] == wanted[3:5]
    assert [one["credentialId"] for one in key.get("/credentials?search=USER5")["credentials"]] == [wanted[5]]
    assert [one["credentialId"] for one in key.get(f"/credentials?search={wanted[2][3:20]}")["credentials"]] == [wanted[2]]
    some = key.get("/credentials?search=example&limit=2")
    assert [one["credentialId"] for one in key.get(f"/credentials?search=example&limit=9&cursor={some['next']}")["credentials"]] == wanted[2:]


@pytest.mark.parametrize("query", ["limit=-1", "limit=1001", "offset=x", "cursor=", "cursor=x3", "cursor=d", "cursor=d1.100", "cursor=d1x", "cursor=d1.2.3",
                                   "privateKeys=no"])
def test_a_page_that_cannot_be_is_refused(key, control, query):
    answer = control.request("GET", f"{key.path}/credentials?{query}")
    assert answer.status == 400 and len(answer.json["error"]) > 20
