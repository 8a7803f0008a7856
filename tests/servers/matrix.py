"""What each server makes of each kind of key: personas, attestation formats, algorithms, user verification, discoverable or not.

The tables hold what was found. Where a server says no, they have its own words.
"""

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from fido2.ctap import CtapError
from fido2.ctap2 import ClientPin, Ctap2
from sites import ALGORITHMS, PORTABLE, verdict

PERSONAS = ("fauxkey", "yubikey-5", "yubikey-bio", "solo-2", "titan-2", "u2f-only", "fido-2.0", "fido-2.1", "synced-passkey",
            "platform-tpm", "platform-apple", "platform-android")
FORMATS = ("packed", "self", "none", "fido-u2f", "tpm", "android-key", "apple", "compound")
CERTIFIED = ("packed", "fido-u2f", "tpm", "android-key", "apple")
FAULTY = ("none", "missing", "self", "expired", "notYetValid", "wrongRoot", "wrongKey", "wrongAaguid", "revoked")
PIN = "2468"


def algorithms_of(key):
    """COSE's numbers, as the key's getInfo has them; U2F has one."""
    try:
        info = Ctap2(key.fido2_device()).get_info()
    except (ValueError, CtapError):
        return [-7]
    return [each["alg"] for each in info.algorithms or []] or [-7]


def names_of(numbers):
    names = {number: name for name, number in ALGORITHMS.items()}
    return [names[number] for number in numbers if names[number] in PORTABLE]


def set_pin_where_it_may_have_one(key):
    try:
        ctap = Ctap2(key.fido2_device())
    except (ValueError, CtapError):
        return
    if ctap.info.options.get("clientPin") is False:
        ClientPin(ctap).set_pin(PIN)


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_persona_is_judged_as_the_table_says(server, plug_in, visitor, found, persona):
    """With each of its algorithms, user verification asked for or not, discoverable or not."""

    def judge(key, verification, resident):
        set_pin_where_it_may_have_one(key)
        return {f"{name}, UV {verification}, rk {resident}": verdict(
            visitor(key, pin=PIN), verification=verification, resident=resident, algorithms=[name]) for name in names_of(algorithms_of(key))}

    # Personas take their time, as keys do: a key for each, side by side.
    asked = list(itertools.product(("discouraged", "required"), repeat=2))
    keys = [plug_in(persona=persona) for _ in asked]
    server.trusting  # starts it
    with ThreadPoolExecutor(len(asked)) as threads:
        cells = {}
        for row in threads.map(lambda key, options: judge(key, *options), keys, asked):
            cells.update(row)
    found("personas", persona, cells)


@pytest.mark.parametrize("format", FORMATS)
def test_an_attestation_format_is_judged_as_the_table_says(server, plug_in, visitor, found, format):
    cells = {}
    key = plug_in(attestation=format)
    for name in PORTABLE:
        cells[name] = verdict(visitor(key), algorithms=[name])
    found("formats", format, cells)


@pytest.mark.parametrize("format", ["packed", "tpm", "android-key", "apple"])
def test_a_chain_of_two_certificates_is_judged_as_the_table_says(server, plug_in, visitor, found, format):
    key = plug_in(attestation=format, attestationChain=2)
    found("chains of two", format, {"ES256": verdict(visitor(key))})


@pytest.mark.parametrize("statement", FAULTY)
def test_an_attestation_with_one_thing_wrong_is_judged_as_the_table_says(server, plug_in, visitor, found, statement):
    cells = {}
    for format in CERTIFIED if statement not in ("none", "missing", "self") else ["packed"]:
        key = plug_in(attestation=format)
        action = {"type": "attestation", "statement": statement}
        key.post("/faults", {"match": {"command": "makeCredential"}, "action": action, "times": None})
        cells[format] = verdict(visitor(key))
    found("faulty attestations", statement, cells)


def test_without_roots_any_certificate_will_do(server, plug_in, visitor, found):
    key = plug_in()
    found("without roots", "packed", {"ES256": verdict(visitor(key, server.plain))})


def test_a_site_that_requires_trust_takes_what_leads_to_its_root_and_nothing_else(server, daemon, plug_in, visitor, found):
    strict = server["--attestation-root", daemon.attestation_root, "--require-trust"]
    cells = {format: verdict(visitor(plug_in(attestation=format), strict)) for format in ("packed", "self", "none")}
    found("where trust is required", "ES256", cells)


def test_the_table_is_of_this_version(key, visitor, found):
    found("library", "version", {"name": visitor(key).register()["verifiedBy"]})
