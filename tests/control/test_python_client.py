"""The Python client of clients/python: every method of it, its fixtures, and the wheel that people install."""

import asyncio
import os
import subprocess
import sys
import threading
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from daemon import REPOSITORY
from fauxkey import AsyncFauxkey, Fauxkey, FauxkeyError
from fauxkey.selenium import VirtualAuthenticators
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from hid import open_fido2_device
from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions
from test_keys import credential

CLIENT = os.path.join(REPOSITORY, "clients/python")


@pytest.fixture(scope="module")
def program(request):
    return os.path.abspath(request.config.getoption("--fauxkey"))


@pytest.fixture(scope="module")
def faux(program):
    with Fauxkey.start(program, "--transport", "unix", "--debug") as daemon:
        yield daemon


@pytest.fixture
def key(faux):
    key = faux.plug_in(transports=["unix"])
    yield key
    if key.name in [left.name for left in faux.keys()]:
        key.remove()


def touch(key):
    device = open_fido2_device(key.address)
    try:
        Ctap2(device).selection()
    finally:
        device.close()


def test_keys_come_and_go(faux):
    key = faux.plug_in(transports=["unix"], name="mine", pin="1234")
    assert faux.key("mine").state["pin"]["set"] and [one.name for one in faux.keys()] == ["mine"]
    key.unplug()
    with pytest.raises(FauxkeyError, match="plug it in"):
        _ = key.address
    key.plug_in()
    key.power_cycle()
    key.reset()
    assert not key.state["pin"]["set"]
    copy = key.fork("copy")
    assert copy.state["serial"] == key.state["serial"]
    for one in (key, copy):
        one.remove()
    assert faux.keys() == [] and faux.status()["keys"] == 0


def test_refusals_are_errors_that_say_what_to_do(faux):
    with pytest.raises(FauxkeyError, match="pinn") as error:
        faux.plug_in(transports=["unix"], pinn="1234")
    assert error.value.status == 400
    with pytest.raises(FauxkeyError, match="no key of this name"):
        faux.key("nobody")
    with pytest.raises(FauxkeyError, match="start one with fauxkey run"):
        Fauxkey.connect("unix:/nowhere.sock")


def test_the_user_is_directed(key):
    assert key.user(presence="deny")["presence"] == "deny"
    with pytest.raises(CtapError):
        touch(key)
    key.next_answer(presence="approve")
    touch(key)


def test_prompts_are_answered(faux, key):
    key.user(presence="ask")
    thread = threading.Thread(target=touch, args=(key,))
    thread.start()
    (prompt,) = key.prompts(wait=10)
    faux.answer(prompt["id"], "approve")
    thread.join(20)
    assert not thread.is_alive()


def test_time_pin_and_fingers(faux):
    key = faux.plug_in(transports=["unix"], userVerification="fingerprint")
    frozen = key.clock(frozen=True)
    key.advance(90)
    assert key.state["clock"]["now"] == pytest.approx(frozen["now"] + 90)
    assert key.set_pin("1234", retries=3)["retries"] == 3
    key.enroll(2, "thumb")
    assert key.state["fingers"] == [{"name": "thumb", "finger": 2}]
    key.remove()


def test_credentials(key):
    _, data = credential("example.org")
    key.add_credential(data)
    assert [one["rpId"] for one in key.credentials()] == ["example.org"] and key.credentials("other.example") == []
    assert key.change_credential(data["credentialId"], userName="bob")["userName"] == "bob"
    assert key.credential(data["credentialId"])["userName"] == "bob"
    key.delete_credential(data["credentialId"])
    key.add_credential(data)
    key.delete_credentials("example.org")
    assert key.credentials() == []


def test_snapshots(key):
    key.save("empty")
    _, data = credential("example.org")
    key.add_credential(data)
    key.save("one")
    assert [(one["name"], one["discoverableCredentials"]) for one in key.snapshots()] == [("empty", 0), ("one", 1)]
    key.restore("empty")
    assert key.credentials() == []
    copy = key.fork(snapshot="one")
    assert [one["rpId"] for one in copy.credentials()] == ["example.org"]
    copy.remove()
    key.delete_snapshot("empty")
    with pytest.raises(FauxkeyError, match="no snapshot of this name"):
        key.restore("empty")


def test_faults(key):
    rule = key.add_fault({"match": {"command": "selection"}, "action": {"type": "status", "status": "OPERATION_DENIED"}})
    assert [one["id"] for one in key.faults()] == [rule]
    with pytest.raises(CtapError):
        touch(key)
    assert key.faults()[0]["hits"] == 1
    key.remove_fault(rule)
    key.add_fault({"action": {"type": "delay", "milliseconds": 1}, "times": None})
    key.clear_faults()
    assert key.faults() == []
    with pytest.raises(FauxkeyError, match="action"):
        key.add_fault({"action": {"type": "explode"}})


def test_events(faux, key):
    events = key.events(types="key.*")
    key.power_cycle()
    assert [next(events).type for _ in range(2)] == ["key.unplugged", "key.plugged-in"]
    events.close()


def test_other_protocols_names(faux):
    options = {"protocol": "ctap2", "transport": "usb", "hasResidentKey": True}
    key = faux.add_virtual_authenticator(options)
    assert key.state["state"] == "plugged-in"
    made = faux.cdp("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]
    faux.cdp("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": made})
    with pytest.raises(FauxkeyError, match="wasn't found"):
        faux.cdp("WebAuthn.makeCoffee")
    key.remove()


def test_the_same_for_asyncio(program):
    async def work():
        async with await AsyncFauxkey.start(program, "--debug") as faux:
            key = await faux.plug_in(transports=["unix"])
            assert (await key.state())["state"] == "plugged-in"
            assert (await key.user(presence="deny"))["presence"] == "deny"
            assert [one.name for one in await faux.keys()] == [key.name]
            await key.save("empty")
            await key.restore("empty")
            assert [one["name"] for one in await key.snapshots()] == ["empty"]
            with pytest.raises(AttributeError):
                _ = key.nonsense
            events = key.events(after=0, types="key.*")
            assert (await anext(events)).type == "key.plugged-in"
            await key.remove()

    asyncio.run(work())


def test_selenium_calls_need_no_driver_that_knows_them(faux):
    made = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    options = VirtualAuthenticatorOptions(protocol="ctap2_1", transport="usb", has_resident_key=True, has_user_verification=True)
    with VirtualAuthenticators(faux) as keys:
        with pytest.raises(FauxkeyError, match="add_virtual_authenticator first"):
            keys.get_credentials()
        keys.add_virtual_authenticator(options)
        assert keys.virtual_authenticator_id == keys.key.name in [one.name for one in faux.keys()]
        for number in range(3):
            keys.add_credential(Credential.create_resident_credential(bytes([number] * 16), "example.org", b"user %d" % number, made, 5))
        keys.remove_credential(bytes(16))
        keys.remove_credential(keys.get_credentials()[0].id)
        (left,) = keys.get_credentials()
        assert (left.rp_id, left.sign_count, left.is_resident_credential) == ("example.org", 5, True)
        with pytest.raises(FauxkeyError, match="^The authenticator has no credential of this id"):
            keys.remove_credential(bytes(16))
        keys.set_user_verified(True)
        assert keys.key.user()["verified"]
        keys.remove_all_credentials()
        assert keys.get_credentials() == []
    assert faux.keys() == []


def test_the_wheel_is_what_people_install(tmp_path, program):
    """Built, installed on its own, and used by a test through its fixtures."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", tmp_path, CLIENT], check=True)
    (wheel,) = tmp_path.glob("fauxkey-*.whl")
    assert {"fauxkey/py.typed", "fauxkey/pytest_plugin.py"} <= set(zipfile.ZipFile(wheel).namelist())
    target = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", target, wheel], check=True)
    test = tmp_path / "test_site.py"
    test.write_text(
        "import pytest\n"
        "@pytest.mark.security_key(transports=['unix'], pin='1234')\n"
        "def test_mine(security_key):\n"
        "    assert security_key.state['pin']['set']\n"
        "def test_daemon(fauxkey):\n"
        "    assert fauxkey.keys() == []\n"
    )
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--strict-markers", test], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(target), "FAUXKEY": program}, cwd=tmp_path)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
