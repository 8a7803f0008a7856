"""What web-platform-tests checks of virtual authenticators, in our own words, with USB keys that `fauxkey webdriver` plugs in.

    wpt_cases.py CHECKLIST    the page that must say what is found: docs/wpt-checklist.md; what is found goes to $OUT

Each row is carried out in real Chromium, and a row that comes out otherwise than web-platform-tests wants is checked for what must
come out instead. Chromium shows dialogs to a person where its own virtual authenticators have none, so there is one here.
"""

import base64
import http.client
import http.server
import json
import os
import re
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Callable

from chromium import BINARY, OPTIONS
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from desktop import Desktop
from expect import expect
from process import START_SECONDS, Program
from report import Report
from waiting import wait_until

CEREMONY_SECONDS = 60  # one or two, but on a busy machine many times that
POLL_SECONDS = 0.5
PATIENCE_SECONDS = 15
CLOSING_SECONDS = 2
CLOSING_TRIES = 8  # a dialog that has just come up takes no keys
# The steps of Chromium's dialog that pass by themselves; all others wait for a person.
PASSING_STEPS = {"kNotStarted", "kUsbInsertAndActivate", "kClientPinTapAgain", "kClosed"}

PAGE = b"""<!doctype html><title>Checklist</title><body><p>A page of a secure origin, and nothing else.</p><script>
var controller, kept;
const random = length => crypto.getRandomValues(new Uint8Array(length));
const bytes = buffer => new Uint8Array(buffer);
const base64url = buffer => btoa(String.fromCharCode(...bytes(buffer))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const sha256 = async data => base64url(await crypto.subtle.digest('SHA-256', data));
const text = string => new TextEncoder().encode(string);
const same = (one, other) => base64url(one) === base64url(other);
const user = changes => ({id: random(16), name: 'someone', displayName: 'Some One', ...changes});
const algorithms = (...numbers) => ({pubKeyCredParams: numbers.map(alg => ({type: 'public-key', alg}))});
const selection = changes => ({authenticatorSelection: changes});
const named = (...credentials) => ({allowCredentials: credentials.map(({rawId}) => ({type: 'public-key', id: rawId}))});
const results = credential => credential.getClientExtensionResults();

// Functions, so that frames of the same origin reach them.
function creation(changes) {
  return {rp: {name: 'Checklist'}, user: user(), challenge: random(16), ...algorithms(-7), timeout: 200000, ...changes};
}
function request(changes) {
  return {challenge: random(16), timeout: 200000, ...changes};
}
function create(changes, more) {
  return navigator.credentials.create({publicKey: creation(changes), signal: controller?.signal, ...more});
}
function get(changes, more) {
  return navigator.credentials.get({publicKey: request(changes), signal: controller?.signal, ...more});
}
async function held(changes) {
  return kept ??= await create(changes);
}
function isWhole(credential, Response, ...parts) {
  return credential instanceof PublicKeyCredential && credential.type === 'public-key' && credential.id === base64url(credential.rawId)
    && credential.response instanceof Response && parts.every(part => credential.response[part] instanceof ArrayBuffer);
}
async function made(changes) {
  return isWhole(await create(changes), AuthenticatorAttestationResponse, 'clientDataJSON', 'attestationObject');
}
async function found(changes) {
  const assertion = await get({...named(await held()), ...changes});
  return isWhole(assertion, AuthenticatorAssertionResponse, 'clientDataJSON', 'authenticatorData', 'signature');
}

const authenticatorData = response => response.authenticatorData ?? response.getAuthenticatorData();
const flags = response => bytes(authenticatorData(response))[32];
const counter = response => new DataView(authenticatorData(response)).getUint32(33);
const clientData = response => new TextDecoder().decode(response.clientDataJSON);
async function answers(credential, type, challenge, wantedFlags) {
  const said = JSON.parse(clientData(credential.response));
  return said.type === type && said.challenge === base64url(challenge) && said.origin === location.origin
    && await sha256(text('localhost')) === base64url(authenticatorData(credential.response).slice(0, 32))
    && flags(credential.response) === wantedFlags && Object.keys(results(credential)).length === 0;
}
async function isSigned(registration, {response}) {
  const key = await crypto.subtle.importKey(
    'spki', registration.response.getPublicKey(), {name: 'ECDSA', namedCurve: 'P-256'}, false, ['verify']);
  const der = bytes(response.signature), middle = 4 + der[3];
  const word = integer => [...new Uint8Array(32), ...integer].slice(-32);
  const signature = bytes([...word(der.slice(4, middle)), ...word(der.slice(middle + 2))]);
  const hash = await crypto.subtle.digest('SHA-256', response.clientDataJSON);
  return crypto.subtle.verify(
    {name: 'ECDSA', hash: 'SHA-256'}, key, signature, bytes([...bytes(response.authenticatorData), ...bytes(hash)]));
}
function inJson({id, rawId, type, authenticatorAttachment, response}, more, ...parts) {
  for (const part of parts) more[part] = base64url(response[part]);
  return {id, rawId: base64url(rawId), type, authenticatorAttachment, response: more};
}
const says = (json, wanted) => Object.entries(wanted).every(([name, value]) =>
  typeof value === 'object' ? says(json[name], value) : json[name] === value);

async function frame(attributes) {
  const element = Object.assign(document.createElement('iframe'), attributes);
  const loaded = new Promise(resolve => element.onload = resolve);
  document.body.append(element);
  await loaded;
  return element.contentWindow;
}
async function inFrame(attributes, start, ceremony) {
  const inner = await frame(attributes);
  const told = new Promise(resolve => addEventListener('message', event => resolve(event.data), {once: true}));
  start(inner, `navigator.credentials.${ceremony}.then(() => 'done', e => e.name).then(told => parent.postMessage(told, '*')); void 0`);
  return await told === 'done';
}
const byUrl = (inner, code) => inner.location = 'javascript:' + encodeURIComponent(code);
const byEval = (inner, code) => inner.eval(code);
const byWriting = (inner, code) => inner.document.write('<scr' + 'ipt>' + code + '</scr' + 'ipt>');
const CREATE = 'create({publicKey: parent.creation()})';
const GET = "get({publicKey: parent.request({...parent.named(parent.kept), userVerification: 'discouraged'})})";
</script>"""
# what the rows of frames use of it by parent.…
PAGE = PAGE.replace(b"const named = ", b"var named = ")

# --- the rows of webauthn/

U2F = {"protocol": "ctap1/u2f"}
DENYING = {"protocol": "ctap1/u2f", "isUserConsenting": False}
VERIFIES = {"hasUserVerification": True, "isUserVerified": True}
CTAP20 = {"protocol": "ctap2"}
CTAP20_VERIFIES = {"protocol": "ctap2", **VERIFIES}
CTAP20_RESIDENT = {"protocol": "ctap2", "hasResidentKey": True, **VERIFIES}
CTAP21 = {"protocol": "ctap2_1"}
CTAP21_VERIFIES = {"protocol": "ctap2_1", **VERIFIES}
CTAP21_RESIDENT = {"protocol": "ctap2_1", "hasResidentKey": True, **VERIFIES}
CTAP20_UNVERIFIED = {"protocol": "ctap2", "hasUserVerification": True}

OWN = "the browser's own, no key is asked"
TRANSPORT = "the key is on USB, and browsers take it for nothing else: *unsupported operation*"
ALWAYS = "every key here has the extension, asked for or not: it is there"
SIGNAL = "browsers tell signals to the keepers of passkeys in themselves and the system, never to a security key: all stays as it is"


NO_TIMEOUT = "where Chromium shows dialogs, a person has more time than a site gives: the NotAllowedError comes when the person gives up"


@dataclass
class Row:
    """`script`: the body of an async function in the page, which is to return true or, where `outcome` names an error, to throw that.
    `person`: the key by which somebody answers the dialog in which it ends, or after `patience` seconds anyhow. `otherwise`: why the
    outcome is not the one that web-platform-tests wants. Without a script it is not carried out, and `otherwise` says why."""

    file: str
    case: str
    key: dict | None = None
    script: str = ""
    outcome: str = "true"
    person: str = ""
    note: str = ""
    otherwise: str = ""
    before: Callable | None = None
    after: Callable | None = None
    patience: float = CEREMONY_SECONDS


def not_run(file, case, why):
    return Row(file, case, otherwise=why)


def makes(file, key, cases):
    """Cases that differ in what create() is given, and must all give a credential."""
    return [Row(file, case, key, f"return made({{{changes}}})") for case, changes in cases.items()]


def finds(file, key, cases):
    return [Row(file, case, key, f"return found({{{changes}}})") for case, changes in cases.items()]


def refuses(file, case, key, script, outcome="NotAllowedError", **more):
    """A case in which the browser asks the person what to do, who gives up."""
    return Row(file, case, key, script, outcome, person="Escape", **more)


def aborts():
    reasons = {"no reason": ("", "AbortError"), "a text": ("'CustomError'", "CustomError"), "an Error": ("new Error('e')", "Error")}
    for name, (reason, outcome) in reasons.items():
        for when, order in (("before it begins", (1, 0)), ("while it runs", (0, 1))):
            steps = ("const made = create({}, {signal: aborter.signal});", f"aborter.abort({reason});")
            body = f"const aborter = new AbortController(); {' '.join(steps[i] for i in order)} return made"
            yield Row("createcredential-abort", f"aborted {when}, with {name}", DENYING, body, outcome)


def resident_keys():
    keys = (
        ("U2F", U2F, (False, False, None)),
        ("CTAP 2.0 without discoverable credentials", CTAP20_VERIFIES, (False, False, None)),
        ("CTAP 2.0 with them", CTAP20_RESIDENT, ("none", True, True)),
        ("CTAP 2.1 without discoverable credentials", CTAP21_VERIFIES, (False, False, None)),
        ("CTAP 2.1 with them", CTAP21_RESIDENT, (False, True, True)),
    )
    for name, key, told in keys:
        for wish, rk in zip(("discouraged", "preferred", "required"), told, strict=True):
            script = f"""const {{credProps}} = results(await create({{...selection({{residentKey: '{wish}'}}), extensions: {{credProps: true}}}}));
                return credProps.rk === {json.dumps(rk) if rk != 'none' else 'undefined'}"""
            case = f"{name}, residentKey {wish}: " + ("refused" if rk is None else "no rk" if rk == "none" else f"rk {str(rk).lower()}")
            file = "createcredential-resident-key"
            yield refuses(file, case, key, script) if rk is None else Row(file, case, key, script)


def buffers(prefix, names):
    return {f"{prefix} in {'an' if name[0] in 'AI' else 'a'} {name}": value for name, value in names.items()}


HINTS = (
    "'twice', 'unknown', 'twice'", "'security-key', 'security-key'", "'client-device', 'client-device'", "'hybrid', 'hybrid'",
    "'security-key', 'client-device', 'security-key'", "'client-device', 'hybrid', 'security-key', 'client-device', 'hybrid', 'security-key'",
    "'unknown', 'security-key', 'unknown', 'security-key'",
)
DISCOVERABLE = "create({...selection({residentKey: 'required'}), user: user({id: bytes([1, 2, 3, 4]), name: 'first', displayName: 'First'})})"
SIGNALLED = f"kept = await {DISCOVERABLE}; await found(); await PublicKeyCredential."
OWNER = "rpId: 'localhost', userId: base64url([1, 2, 3, 4])"
STRANGER = "rpId: 'localhost', userId: base64url([5, 6, 7, 8])"
PRF = "const one = bytes([1, 2, 3, 4]).buffer, other = bytes([1, 2, 3, 5]).buffer; kept ??= await create({extensions: {prf: {}}});"
PRF_RESULTS = "const {first, second} = results(await get({...named(kept), extensions: {prf: %s}})).prf.results;"
ONE_RESULT = " return first.byteLength === 32 && second === undefined"
SAME_RESULTS = " return first.byteLength === 32 && same(first, second)"
BLOB = "kept ??= await create({...selection({requireResidentKey: true}), extensions: {largeBlob: {support: 'required'}}});"
LARGE_BLOB = "const {largeBlob} = results(await get({...named(kept), extensions: {largeBlob: %s}}));"


def large_blob_creations(file, more):
    for case, asked in (("preferred", "{support: 'preferred'}"), ("not said", "{}"), ("required", "{support: 'required'}")):
        script = f"""const {{largeBlob}} = results(await create({{...selection({{requireResidentKey: true}}), extensions: {{largeBlob: {asked}}}}}));
            return largeBlob.supported === true && !('blob' in largeBlob) && !('written' in largeBlob)"""
        yield Row(file, f"support {case}", CTAP21_RESIDENT, script, **more)


def nested(file, key, ceremony, setup=""):
    for case, attributes, start in (
        ("in a frame, by a javascript: URL", "{}", "byUrl"), ("in a frame of srcdoc", "{srcdoc: ''}", "byEval"),
        ("in a frame of about:blank", "{src: 'about:blank'}", "byWriting"),
    ):
        yield Row(file, case, key, f"{setup} return inFrame({attributes}, {start}, {ceremony})")


def foreign_frame(allow, touched):
    """The row's script runs in a frame of another origin, which may or may not make credentials, after a click somewhere."""

    def enter(browser, other_origin):
        browser.run("document.querySelectorAll('iframe').forEach(each => each.remove())")
        browser.run("const [src, allow] = arguments; return frame({src, allow}).then(() => null)", other_origin, allow)
        if touched == "page":
            browser.click()
        browser.call("POST", "/frame", {"id": 0})
        if touched == "frame":
            browser.click()

    return enter


def creation_rows():
    passing = "createcredential-passing"
    yield from aborts()
    file = "createcredential-attachment"
    yield Row(file, "usb: cross-platform", CTAP20, "return (await create()).authenticatorAttachment === 'cross-platform'")
    yield not_run(file, "ble, nfc: cross-platform; internal: platform (3 cases)", TRANSPORT)
    file = "createcredential-badargs-authnrselection"
    yield not_run(file, "authenticatorSelection is text (2 cases)", OWN)
    for case, wish in (
        ("platform, where there is none", "authenticatorAttachment: 'platform'"),
        ("a resident key of a key that has none", "authenticatorAttachment: 'cross-platform', requireResidentKey: true"),
        ("verification by a key that has none", "authenticatorAttachment: 'cross-platform', userVerification: 'required'"),
    ):
        yield refuses(file, case, U2F, f"return made(selection({{{wish}}}))")
    yield not_run("createcredential-badargs-challenge", "the challenge is missing or no buffer (5 cases)", OWN)
    yield not_run("createcredential-badargs-rp", "rp, its id or its name is missing or not what it must be (9 cases)", OWN)
    yield not_run("createcredential-badargs-sharedarraybuffer", "shared buffers (6 cases)", OWN)
    yield not_run("createcredential-badargs-user", "user, its id or its names are missing or not what they must be (16 cases)", OWN)
    yield Row(
        "createcredential-clientdata", "the client data are serialized as the specification says", U2F,
        """const said = clientData((await create({challenge: bytes([255])})).response);
           return said.startsWith(`{"type":"webauthn.create","challenge":"_w","origin":"${location.origin}","crossOrigin":false`)""",
    )
    file = "createcredential-cross-origin-iframe"
    for case, allow, touched, outcome in (
        ("without the permissions policy", "", "frame", "NotAllowedError"),
        ("with it, and no click", "publickey-credentials-create", "", "NotAllowedError"),
        ("with it and a click", "publickey-credentials-create", "frame", "true"),
        ("with it and a click on the main frame alone", "publickey-credentials-create", "page", "NotAllowedError"),
    ):
        yield Row(file, case, U2F, "return made()", outcome, before=foreign_frame(allow, touched))
    file = "createcredential-excludecredentials"
    yield not_run(file, "excludeCredentials is no list (2 cases)", OWN)
    yield from makes(file, U2F, {"missing": "excludeCredentials: undefined", "empty": "excludeCredentials: []"})
    yield refuses(
        file, "a credential of the key", U2F, "return made({excludeCredentials: named(await held()).allowCredentials})", "InvalidStateError")
    yield from makes(file, U2F, {"a credential of nobody": "excludeCredentials: named({rawId: random(162)}).allowCredentials"})
    file = "createcredential-extensions"
    yield not_run(file, "extensions are text; appid, which is for logins (4 cases)", OWN)
    yield from makes(file, U2F, {"an unknown one": "extensions: {foo: 'bar'}"})
    yield Row(file, "prf, which the key has not", U2F, "return results(await create({extensions: {prf: {}}})).prf.enabled === false")
    yield Row(
        "createcredential-getpublickey", "the public key and the authenticator data are those of the attestation object", U2F,
        """const {response} = await create(), data = bytes(response.getAuthenticatorData());
           const [x, y] = [data.slice(-67, -35), data.slice(-32)];
           return response.getPublicKeyAlgorithm() === -7 && same(bytes(response.attestationObject).slice(-data.length), data)
             && same(bytes(response.getPublicKey()).slice(-64), [...x, ...y])""",
    )
    yield from makes("createcredential-hints", U2F, {f"hints {hints.replace(chr(39), '')}": f"hints: [{hints}]" for hints in HINTS})
    file = "createcredential-large-blob-not-supported"
    yield not_run(file, "read or write in create() (2 cases)", OWN)
    yield from large_blob_creations(file, {"otherwise": ALWAYS})
    yield from large_blob_creations("createcredential-large-blob-supported", {})
    yield Row(
        "createcredential-minpinlength", "the key tells how long a PIN must be", CTAP21,
        """const {response} = await create({extensions: {minPinLength: true}});
           return !String.fromCharCode(...bytes(response.getAuthenticatorData())).includes('minPinLength')""",
        otherwise="a key tells that to the sites alone that its owner named (CTAP 2.3, 12.5), and WebDriver has no command to name any: it is silent",
    )
    file = "createcredential-nested-frame"
    yield from nested(file, CTAP21_VERIFIES, "CREATE")
    yield Row(file, "in a frame of the same origin, without a click", CTAP21_VERIFIES, "return (await frame({src: '/'})).made()")
    yield from makes(passing, U2F, {
        "as it is by default": "", "rp.id": "rp: {name: 'Checklist', id: location.hostname}",
        "a user id of one byte": "user: user({id: new ArrayBuffer(1)})",
        "a user id of 64 bytes": "user: user({id: new ArrayBuffer(64)})",
        **buffers("a user id", {
            "Uint8Array": "user: user({id: new Uint8Array(64)})", "Int8Array": "user: user({id: new Int8Array(64)})",
            "Int16Array": "user: user({id: new Int16Array(32)})", "Int32Array": "user: user({id: new Int32Array(16)})",
            "Float32Array": "user: user({id: new Float32Array(16)})", "DataView": "user: user({id: new DataView(new ArrayBuffer(16))})",
        }),
        **buffers("a challenge", {
            "Int16Array": "challenge: new Int16Array(33)", "Int32Array": "challenge: new Int32Array(17)",
            "Float32Array": "challenge: new Float32Array(17)", "Float64Array": "challenge: new Float64Array(9)",
            "DataView": "challenge: new DataView(new ArrayBuffer(65))",
        }),
        "a challenge of 8192 bytes": "challenge: new ArrayBuffer(8192)", "pubKeyCredParams empty": "pubKeyCredParams: []",
        "pubKeyCredParams ES256": "...algorithms(-7)", "pubKeyCredParams ES512 and ES256": "...algorithms(-36, -7)",
    })
    unknown = "pubKeyCredParams: [{type: 'unknown', alg: -7}, {type: 'public-key', alg: -7}]"
    yield from makes(passing, U2F, {"pubKeyCredParams of an unknown type and ES256": unknown})
    wishes = {"attachment": "authenticatorAttachment", "verification": "userVerification"}
    odd = {"undefined": "undefined", "an empty text": "''", "an object": "{}", "null": "null", "an unknown text": "'unknown'"}
    usual = "authenticatorAttachment: 'cross-platform', requireResidentKey: false, userVerification: 'preferred'"
    yield from makes(passing, U2F, {
        "no timeout": "timeout: undefined", "authenticatorSelection undefined": "authenticatorSelection: undefined",
        "authenticatorSelection empty": "authenticatorSelection: {}",
        "authenticatorSelection with all its members": f"authenticatorSelection: {{{usual}}}",
        **{
            f"{name} {value}": f"authenticatorSelection: {{{usual}, {member}: {code}}}"
            for name, member in wishes.items() for value, code in odd.items()
        },
        "verification discouraged": f"authenticatorSelection: {{{usual}, userVerification: 'discouraged'}}",
        "requireResidentKey undefined": f"authenticatorSelection: {{{usual}, requireResidentKey: undefined}}",
        "requireResidentKey false": f"authenticatorSelection: {{{usual}, requireResidentKey: false}}", "attestation none": "attestation: 'none'",
    })
    for kind in ("indirect", "direct"):
        yield Row(passing, f"attestation {kind}", U2F, f"return made({{attestation: '{kind}'}})", person="Return")
    yield from makes(passing, U2F, {
        **{f"attestation {value}": f"attestation: {code}" for value, code in {**odd, "an empty list": "[]"}.items()},
        "extensions undefined": "extensions: undefined", "extensions empty": "extensions: {}", "unknown extensions": "extensions: {one: '', two: ''}",
    })
    file = "createcredential-prf"
    yield Row(file, "asked for", CTAP21, "return results(await create({extensions: {prf: {}}})).prf.enabled === true")
    yield Row(
        file, "evalByCredential, which is for logins", CTAP21,
        "return made({extensions: {prf: {evalByCredential: {Zm9v: {first: bytes([1]).buffer}}}}})", "NotSupportedError",
    )
    yield Row(
        file, "a result at once", CTAP21,
        """const {prf} = results(await create({extensions: {prf: {eval: {first: bytes([1, 2, 3, 4]).buffer}}}}));
           return prf.enabled && prf.results.first.byteLength === 32""",
    )
    file = "createcredential-pubkeycredparams"
    yield not_run(file, "undefined, null or text (3 cases)", OWN)
    for kind, code in (("unknown", "'something-else'"), ("an empty text", "''"), ("null", "null"), ("an object", "{}")):
        script = f"return made({{pubKeyCredParams: [{{type: {code}, alg: -36}}]}})"
        yield Row(file, f"a type that is {kind}", U2F, script, "NotSupportedError")
    for algorithm in (42, 0):
        yield refuses(file, f"the unknown algorithm {algorithm} alone", U2F, f"return made(algorithms({algorithm}))")
    yield from resident_keys()
    more = {"patience": PATIENCE_SECONDS, "otherwise": NO_TIMEOUT}
    yield refuses("createcredential-timeout", "a user who does nothing", DENYING, "return made({timeout: 1})", **more)
    yield Row(
        "credblob-not-supported", "a key without credBlob", CTAP21,
        "return results(await create({extensions: {credBlob: random(16)}})).credBlob === false", note="as the credential is not discoverable",
    )
    file = "credblob-supported"
    yield Row(
        file, "a credential without a blob", CTAP21,
        """const made = await create(), {getCredBlob} = results(await get({...named(made), extensions: {getCredBlob: true}}));
           return !('credBlob' in results(made)) && getCredBlob.byteLength === 0""",
    )
    yield Row(
        file, "a credential with one", CTAP21,
        "return results(await create({extensions: {credBlob: random(16)}})).credBlob === false",
        otherwise="a key keeps the blobs of discoverable credentials alone (CTAP 2.3, 12.2), and this one is not: false",
    )


def login_rows():
    file = "getcredential-abort"
    yield not_run(file, "aborted before it begins and while it runs (6 cases)", OWN)
    file = "getcredential-allowcredentials"
    yield from finds(file, CTAP21_RESIDENT, {"a credential of the key": ""})
    yield refuses(file, "an empty list, and nothing discoverable", CTAP21_RESIDENT, "return found({allowCredentials: []})")
    strange = "{type: 'not-yet-supported', id: (await held()).rawId}"
    known = "...named(await held()).allowCredentials"
    yield refuses(file, "an unknown type alone", CTAP21_RESIDENT, f"return found({{allowCredentials: [{strange}]}})")
    for case, listed in (("first", f"{strange}, {known}"), ("last", f"{known}, {strange}")):
        yield from finds(file, CTAP21_RESIDENT, {f"an unknown type {case}": f"allowCredentials: [{listed}]"})
    file = "getcredential-attachment"
    yield Row(file, "usb: cross-platform", CTAP20, "return (await get(named(await held()))).authenticatorAttachment === 'cross-platform'")
    yield not_run(file, "ble, nfc: cross-platform; internal: platform (3 cases)", TRANSPORT)
    yield not_run("getcredential-badargs-rpid", "RP ids that are no domains or another's (6 cases)", OWN)
    yield not_run("getcredential-badargs-sharedarraybuffer", "shared buffers (4 cases)", OWN)
    yield refuses(
        "getcredential-badargs-userverification", "verification by a key that has none", U2F, "return found({userVerification: 'required'})")
    file = "getcredential-extensions"
    yield not_run(file, "extensions are text; credProps and payment, which are for registrations (3 cases)", OWN)
    yield from finds(file, U2F, {
        "null": "extensions: null", "an empty list": "extensions: []", "an empty buffer": "extensions: new ArrayBuffer(0)",
        "an unknown one": "extensions: {foo: {bar: true}}", "one of 65 letters": "extensions: {['x'.repeat(65)]: {bar: true}}",
    })
    yield Row(
        file, "prf, which the key has not", U2F,
        """const {prf} = results(await get({...named(await held()), extensions: {prf: {eval: {first: bytes([1, 2, 3, 4]).buffer}}}}));
           return !('results' in prf)""",
    )
    yield from finds("getcredential-hints", U2F, {"an unknown hint": "hints: ['unknown']"})
    file = "getcredential-large-blob-not-supported"
    yield not_run(file, "support in get(), read and write together (2 cases)", OWN)
    for case, asked, wanted in (
        ("read", "{read: true}", "Object.keys(largeBlob).length === 0"),
        ("write", "{write: bytes([1, 2, 3])}", "largeBlob.written === false && !('blob' in largeBlob)"),
    ):
        script = f"kept ??= await create(); {LARGE_BLOB % asked} return {wanted}"
        yield Row(file, case, CTAP21_RESIDENT, script, note="with a credential that has none")
    file = "getcredential-large-blob-supported"
    yield Row(file, "read where there is none", CTAP21_RESIDENT, BLOB + LARGE_BLOB % "{read: true}" + " return Object.keys(largeBlob).length === 0")
    yield Row(
        file, "write and read", CTAP21_RESIDENT,
        BLOB + """const blob = text('what the site keeps '.repeat(5));
            const {largeBlob: written} = results(await get({...named(kept), extensions: {largeBlob: {write: blob}}}));
            const {largeBlob: read} = results(await get({...named(kept), extensions: {largeBlob: {read: true}}}));
            return written.written === true && !('blob' in written) && same(read.blob, blob) && !('written' in read)""",
    )
    file = "getcredential-nested-frame"
    yield Row(file, "a credential to begin with", CTAP21, "kept = await create(); return true")
    yield from nested(file, CTAP21, "GET", "await held();")
    yield Row(
        file, "in a frame of the same origin, without a click", CTAP21,
        "await held(); return (await (await frame({src: '/'})).get(named(kept))).id === kept.id",
    )
    file = "getcredential-passing"
    odd = {"undefined": "undefined", "preferred": "'preferred'", "discouraged": "'discouraged'", "an empty text": "''", "an object": "{}",
           "an unknown text": "'unknown'", "null": "null"}
    yield from finds(file, U2F, {
        "as it is by default": "", "no timeout": "timeout: undefined", "rpId undefined": "rpId: undefined", "rpId": "rpId: location.hostname",
        **{f"verification {name}": f"userVerification: {code}" for name, code in odd.items()},
        "extensions undefined": "extensions: undefined", "extensions empty": "extensions: {}", "unknown extensions": "extensions: {one: '', two: ''}",
    })
    file = "getcredential-prf"
    for case, asked, wanted in (
        ("one result", "{eval: {first: one}}", ONE_RESULT),
        ("two of the same", "{eval: {first: one, second: one}}", SAME_RESULTS),
        ("two that differ", "{eval: {first: one, second: other}}", " return second.byteLength === 32 && !same(first, second)"),
        ("by credential, one", "{evalByCredential: {[kept.id]: {first: one}}}", ONE_RESULT),
        ("by credential, two", "{evalByCredential: {[kept.id]: {first: one, second: one}}}", SAME_RESULTS),
    ):
        yield Row(file, case, CTAP21_VERIFIES, PRF + PRF_RESULTS % asked + wanted)
    for case, asked, outcome in (
        ("by a credential that is not listed", "...named(kept), extensions: {prf: {evalByCredential: {Zm9v: {first: one}}}}", "SyntaxError"),
        ("by one, in a Uint8Array", "...named(kept), extensions: {prf: {evalByCredential: {Zm9v: {first: bytes(one)}}}}", "SyntaxError"),
        ("by what is no base64url", "...named(kept), extensions: {prf: {evalByCredential: {'Zm9v=': {first: one}}}}", "SyntaxError"),
        ("by credential, and none listed", "extensions: {prf: {evalByCredential: {Zm9v: {first: one}}}}", "NotSupportedError"),
    ):
        yield Row(file, case, CTAP21_VERIFIES, PRF + f"return found({{allowCredentials: undefined, {asked}}})", outcome)
    file = "getcredential-rk-passing"
    for case, listed in (("an empty list", "[]"), ("no list", "undefined")):
        yield Row(
            file, case, CTAP20_RESIDENT, f"await held(selection({{requireResidentKey: true}})); return found({{allowCredentials: {listed}}})")
    more = {"patience": PATIENCE_SECONDS, "otherwise": NO_TIMEOUT, "before": lambda browser, _: browser.put(credential(rpId="localhost"))}
    script = "return found({...named({rawId: text('one')}), timeout: 1})"
    yield refuses("getcredential-timeout", "a user who does nothing", DENYING, script, **more)


def names_are_the_first(browser):
    (listed,) = browser.credentials()
    names = listed["userName"], listed["userDisplayName"]
    expect(names == ("first", "First"), f"the names are {names}")


def other_rows():
    yield not_run("conditional-mediation", "is there, with an authenticator of transport internal", TRANSPORT)
    for file in ("getclientcapabilities", "idlharness", "public-key-credential-creation-options-from-json",
                 "public-key-credential-request-options-from-json", "securecontext"):
        yield not_run(file, "all", OWN)
    yield not_run("getcredential-ui-mode-immediate", "passkeys of transport internal, at once (6 cases)", TRANSPORT)
    file = "isuserverifyingplatformauthenticatoravailable"
    yield Row(
        file, "usb: there is none", CTAP20_UNVERIFIED,
        "return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable() === false",
    )
    yield not_run(file, "internal: as it verifies (2 cases)", TRANSPORT)
    yield Row(
        "public-key-credential-to-json", "a registration and a login", CTAP21,
        """const made = await create(), found = await get(named(made)), transports = {...made.response.getTransports()};
           return says(made.toJSON(), inJson(made, {transports}, 'clientDataJSON', 'attestationObject'))
             && says(found.toJSON(), inJson(found, {}, 'clientDataJSON', 'authenticatorData', 'signature'))""",
    )
    yield not_run("remote-desktop-client-override.tentative", "a site that may not (2 cases)", OWN)
    file = "signal-all-accepted-credentials"
    yield not_run(file, "another's RP id; ids that are no base64url (3 cases)", OWN)
    for case, told, removes in (
        ("another user has none", f"{STRANGER}, allAcceptedCredentialIds: []", False),
        ("the credential is among them", f"{OWNER}, allAcceptedCredentialIds: [kept.id]", False),
        ("there are none", f"{OWNER}, allAcceptedCredentialIds: []", True),
        ("another alone is among them", f"{OWNER}, allAcceptedCredentialIds: [base64url([1, 2, 3, 4])]", True),
        ("it and another are among them", f"{OWNER}, allAcceptedCredentialIds: [kept.id, base64url([1, 2, 3, 4])]", False),
    ):
        yield Row(
            file, f"{case}: the credential is {'gone' if removes else 'there'}", CTAP21_RESIDENT,
            f"{SIGNALLED}signalAllAcceptedCredentials({{{told}}}); return found()", otherwise=SIGNAL if removes else "",
        )
    file = "signal-current-user-details"
    yield not_run(file, "another's RP id; an id that is no base64url (2 cases)", OWN)
    for case, told, changes in (("another user", STRANGER, False), ("the credential's user", OWNER, True)):
        yield Row(
            file, f"{case}: the names are {'changed' if changes else 'as they were'}", CTAP21_RESIDENT,
            f"{SIGNALLED}signalCurrentUserDetails({{{told}, name: 'second', displayName: 'Second'}}); return true",
            otherwise=SIGNAL if changes else "", after=names_are_the_first,
        )
    file = "signal-unknown-credential"
    yield not_run(file, "another's RP id; an id that is no base64url (2 cases)", OWN)
    for case, told, removes in (
        ("another one: the credential is there", "base64url([1, 2, 3, 4])", False), ("it: the credential is gone", "kept.id", True),
    ):
        yield Row(
            file, case, CTAP21_RESIDENT, f"{SIGNALLED}signalUnknownCredential({{rpId: 'localhost', credentialId: {told}}}); return found()",
            otherwise=SIGNAL if removes else "",
        )
    yield Row(
        "storecredential", "store() of a public key credential", U2F,
        "return navigator.credentials.store(await get(named(await held())))", "NotSupportedError",
    )
    file = "webauthn-testdriver-basic"
    yield Row(
        file, "a registration is as a site must find it", U2F,
        "const challenge = random(16); kept = await create({challenge}); return answers(kept, 'webauthn.create', challenge, 0x41)",
    )
    yield Row(
        file, "so is a login, and its signature", U2F,
        """await held(); const challenge = random(16), login = await get({...named(kept), challenge, userVerification: 'discouraged'});
           return await answers(login, 'webauthn.get', challenge, 0x01) && isSigned(kept, login)""",
    )


# --- the rows of webdriver/tests/classic/external/webauthn/

KEY = base64.urlsafe_b64encode(
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
).decode().rstrip("=")
IDS = ("b25l", "dHdv", "dGhyZWU")  # "one", "two", "three"


def credential(**changes):
    return {"credentialId": IDS[0], "isResidentCredential": False, "rpId": "example.org", "privateKey": KEY, "signCount": 0, **changes}


def without(name):
    return {member: value for member, value in credential().items() if member != name}


@dataclass
class Command:
    """`check` is given the browser, with an authenticator that has no credentials yet."""

    file: str
    case: str
    check: Callable
    note: str = "with transport usb"
    otherwise: str = ""


def expect_refused(call, *bodies):
    for body in bodies:
        try:
            call(body)
        except WebDriverError as error:
            expect(error.word == "invalid argument", f"{body} is answered with {error}")
        else:
            raise AssertionError(f"{body} is taken")


def of_wrong_type(name, *values):
    return lambda browser: expect_refused(browser.put, *(credential(**{name: value}) for value in values))


def listed_as(put, **wanted):
    """A credential that is put in is listed with these members."""

    def check(browser):
        browser.put(put)
        (listed,) = browser.credentials()
        expect(wanted.items() <= listed.items(), f"listed as { {name: listed.get(name) for name in wanted} }, not as {wanted}")

    return check


def takes_a_blob_and_lists_none(put):
    def check(browser):
        browser.put(put)
        (listed,) = browser.credentials()
        expect("largeBlob" not in listed, "it is listed")

    return check


def set_to(name, *values):
    def check(browser):
        browser.put(credential(signCount=1))
        for value in values:
            browser.set(IDS[0], {name: value})
            (listed,) = browser.credentials()
            expect(listed[name] == value, f"{name} is {listed[name]}, not {value}")

    return check


def several_are_listed(browser):
    for name in IDS:
        browser.put(credential(credentialId=name))
    expect({each["credentialId"] for each in browser.credentials()} == set(IDS), "not all are listed")


def unset_properties(name, *values):
    def check(browser):
        browser.put(credential())
        expect_refused(lambda value: browser.set(IDS[0], {name: value}), *values)

    return check


def one_of_several_goes(browser):
    several_are_listed(browser)
    browser.take(IDS[1])
    expect({each["credentialId"] for each in browser.credentials()} == {IDS[0], IDS[2]}, "another one is gone")


def one_goes(browser):
    browser.put(credential())
    browser.take(IDS[0])
    expect(browser.credentials() == [], "it is still there")


def all_go(count):
    def check(browser):
        for name in IDS[:count]:
            browser.put(credential(credentialId=name))
        browser.take_all()
        expect(browser.credentials() == [], "some are left")

    return check


def all_are_set(browser):
    wanted = {"backupEligibility": True, "backupState": True, "signCount": 100}
    browser.put(credential(signCount=1))
    browser.set(IDS[0], wanted)
    (listed,) = browser.credentials()
    expect(wanted.items() <= listed.items(), f"they are {listed}")


def come_and_go(*options):
    def check(browser):
        for each in options:
            name = browser.add_authenticator(each)
            expect(isinstance(name, str), f"the id is {name}")
            browser.remove_authenticator(name)

    return check


def other_transports(browser):
    for transport in ("ble", "hybrid", "internal", "nfc", "smart-card"):
        try:
            browser.add_authenticator({"protocol": "ctap2", "transport": transport})
        except WebDriverError as error:
            expect(error.word == "unsupported operation", f"{transport}: {error}")
        else:
            raise AssertionError(f"{transport} is taken")


def no_authenticator(*call):
    """The command for the id of nobody."""
    method, path, body = call
    return lambda browser: expect_refused(lambda _: browser.call(method, f"/webauthn/authenticator/nobody{path}", body), "the id")


def wrong_options(name, *values):
    return lambda browser: expect_refused(browser.add_authenticator, *({"protocol": "ctap2", "transport": "usb", name: value} for value in values))


def uv(browser, value):
    browser.command("POST", "/uv", {"isUserVerified": value})


def command_rows():
    file = "add_credential/add.py"
    yield Command(file, "not resident", listed_as(credential(), credentialId=IDS[0], isResidentCredential=False, rpId="example.org", signCount=0))
    resident = credential(isResidentCredential=True, userHandle="dXNlcg")
    yield Command(file, "resident", listed_as(resident, credentialId=IDS[0], isResidentCredential=True, userHandle="dXNlcg"))
    yield Command(
        file, "with a large blob", takes_a_blob_and_lists_none({**resident, "largeBlob": "YmxvYg"}),
        otherwise="it is taken, for sites to read, but not listed: sites' blobs lie compressed on a key",
    )
    yield Command(file, "with a sign count", listed_as(credential(signCount=42), signCount=42))
    yield Command(file, "several", several_are_listed)
    file = "add_credential/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", "/credential", credential()), "")
    yield Command(file, "no parameters", lambda browser: expect_refused(browser.put, {}))
    for name in ("credentialId", "isResidentCredential", "rpId", "privateKey", "signCount"):
        yield Command(file, f"{name} is missing", lambda browser, name=name: expect_refused(browser.put, without(name)))
    no_text = (None, 123, True, [], {})
    for name in ("credentialId", "rpId", "privateKey"):
        yield Command(file, f"{name} is null, a number, true, a list, an object", of_wrong_type(name, *no_text))
    no_boolean = (None, "true", 123, [], {})
    yield Command(file, "isResidentCredential is null, text, a number, a list, an object", of_wrong_type("isResidentCredential", *no_boolean))
    yield Command(file, "signCount is null", of_wrong_type("signCount", None))
    yield Command(file, "signCount is text, true, a list, an object", of_wrong_type("signCount", "zero", True, [], {}))
    yield Command(file, "userHandle is a number, true, a list, an object", of_wrong_type("userHandle", 123, True, [], {}))
    file = "add_virtual_authenticator/add.py"
    yield Command(file, "each protocol", come_and_go(*({"protocol": name, "transport": "usb"} for name in ("ctap1/u2f", "ctap2", "ctap2_1"))))
    yield Command(file, "transport usb", come_and_go({"protocol": "ctap2", "transport": "usb"}), "")
    yield Command(file, "transport ble, hybrid, internal, nfc, smart-card", other_transports, "", TRANSPORT)
    file = "add_virtual_authenticator/invalid.py"
    for case, options in (("no parameters", {}), ("no protocol", {"transport": "usb"}), ("no transport", {"protocol": "ctap2"})):
        yield Command(file, case, lambda browser, options=options: expect_refused(browser.add_authenticator, options), "")
    for name in ("protocol", "transport"):
        yield Command(file, f"{name} is null, a number, true, a list, an object", wrong_options(name, *no_text), "")
        yield Command(file, f"{name} is unknown", wrong_options(name, "invalid"), "")
    for name in ("hasResidentKey", "hasUserVerification", "isUserConsenting", "isUserVerified"):
        yield Command(file, f"{name} is text, a number, a list, an object", wrong_options(name, "invalid", 123, [], {}))
    file = "get_credentials/get.py"
    yield Command(file, "none", lambda browser: expect(browser.credentials() == [], "there are some"))
    yield Command(file, "one", listed_as(credential(), credentialId=IDS[0], isResidentCredential=False, rpId="example.org", signCount=0))
    yield Command(file, "several", several_are_listed)
    nameless = credential(isResidentCredential=True, signCount=10)
    yield Command(
        file, "a resident one without a user handle", lambda browser: expect_refused(browser.put, nameless),
        otherwise="refused, as by Chromium's own authenticators: a discoverable credential without a user handle finds nobody",
    )
    yield Command("get_credentials/invalid.py", "the authenticator is nobody's", no_authenticator("GET", "/credentials", None), "")
    file = "remove_all_credentials/remove_all.py"
    for case, count in (("none", 0), ("one", 1), ("several", 3)):
        yield Command(file, case, all_go(count))
    yield Command("remove_all_credentials/invalid.py", "the authenticator is nobody's", no_authenticator("DELETE", "/credentials", None), "")
    yield Command("remove_credential/remove.py", "the only one", one_goes)
    yield Command("remove_credential/remove.py", "one of several", one_of_several_goes)
    file = "remove_credential/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("DELETE", f"/credentials/{IDS[0]}", None), "")
    yield Command(file, "the credential is nobody's", lambda browser: expect_refused(browser.take, "invalid"))
    yield Command("remove_virtual_authenticator/remove.py", "one that is there", come_and_go({"protocol": "ctap2", "transport": "usb"}))
    yield Command("remove_virtual_authenticator/invalid.py", "one that is nobody's", no_authenticator("DELETE", "", None), "")
    file = "set_credential_properties/set.py"
    yield Command(file, "backupEligibility true, false", set_to("backupEligibility", True, False))
    yield Command(file, "backupState false", set_to("backupState", False))
    yield Command(
        file, "backupState true, of a credential that is not eligible", unset_properties("backupState", True),
        otherwise="refused: no credential is backed up that may not be (WebAuthn Level 3, 6.1.3)",
    )
    yield Command(file, "signCount 0, 42, null", set_to("signCount", 0, 42, None))
    yield Command(file, "all of them", all_are_set)
    file = "set_credential_properties/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", f"/credentials/{IDS[0]}/props", {}), "")
    yield Command(file, "the credential is nobody's", lambda browser: expect_refused(lambda body: browser.set("invalid", body), {}))
    for name in ("backupEligibility", "backupState"):
        yield Command(file, f"{name} is text, a number, a list, an object, null", unset_properties(name, "true", 123, [], {}, None))
    no_counts = ("foo", True, [], {}, -1, 1.5, 2**32)
    yield Command(file, "signCount is text, true, a list, an object, -1, 1.5, 2^32", unset_properties("signCount", *no_counts))
    yield Command("set_user_verified/set.py", "true, false", lambda browser: [uv(browser, value) for value in (True, False)])
    file = "set_user_verified/invalid.py"
    yield Command(file, "the authenticator is nobody's", no_authenticator("POST", "/uv", {"isUserVerified": True}), "")
    yield Command(
        file, "null, text, a number, a list, an object", lambda browser: expect_refused(lambda value: uv(browser, value), *no_boolean))


# --- those who carry them out


class WebDriverError(Exception):
    def __init__(self, word, message):
        super().__init__(f"{word}: {message}")
        self.word = word


class Browser:
    """A session of Chromium behind `fauxkey webdriver`, with one authenticator at a time for the commands."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=600)
        self._session = ""
        self._authenticator = None
        options = {"binary": BINARY, "args": [option for option in OPTIONS if not option.startswith("--remote-debugging-port")]}
        capabilities = {"goog:chromeOptions": options, "timeouts": {"script": 300_000}}
        self._session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}) if method == "POST" else None
        self._connection.request(method, self._session + path, data, {"Content-Type": "application/json"})
        with self._connection.getresponse() as response:
            value = json.load(response)["value"]
            if response.status != 200:
                raise WebDriverError(value["error"], value["message"])
        return value

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": arguments})

    def wait(self, script, *arguments):
        return self.call("POST", "/execute/async", {"script": script, "args": arguments})

    def click(self):
        (element,) = self.call("POST", "/element", {"using": "css selector", "value": "p"}).values()
        self.call("POST", f"/element/{element}/click")

    def add_authenticator(self, options):
        return self.call("POST", "/webauthn/authenticator", options)

    def remove_authenticator(self, name):
        self.call("DELETE", f"/webauthn/authenticator/{name}")

    def use(self, options):
        """Plugs in another key instead of the one there is."""
        if self._authenticator:
            self.remove_authenticator(self._authenticator)
        self._authenticator = options and self.add_authenticator({"transport": "usb", **options})

    def command(self, method, path, body=None):
        return self.call(method, f"/webauthn/authenticator/{self._authenticator}{path}", body)

    def put(self, body):
        self.command("POST", "/credential", body)

    def credentials(self):
        return self.command("GET", "/credentials")

    def take(self, name):
        self.command("DELETE", f"/credentials/{name}")

    def take_all(self):
        self.command("DELETE", "/credentials")

    def set(self, name, properties):
        self.command("POST", f"/credentials/{name}/props", properties)

    def quit(self):
        self.use(None)
        self.call("DELETE", "")


BEGIN = """const [script, seconds] = [%s, arguments[0]], done = arguments[1];
    document.querySelectorAll('iframe').forEach(each => each.remove());
    controller = new AbortController();
    window.outcome = script().then(value => value === true ? 'true' : String(JSON.stringify(value)), error => error?.name ?? String(error));
    Promise.race([window.outcome, new Promise(resolve => setTimeout(resolve, 1000 * seconds, null))]).then(done);"""
GO_ON = "Promise.race([window.outcome, new Promise(resolve => setTimeout(resolve, 1000 * arguments[0], null))]).then(arguments[1]);"


class Dialog:
    """Chromium's dialog, of which its log tells."""

    def __init__(self, log_path, desktop):
        self._log_path = log_path
        self._desktop = desktop
        self._read_up_to = 0

    def forget(self):
        self._read_up_to = os.path.getsize(self._log_path)

    def step(self):
        """The step that waits for a person since the last forget(), or None."""
        with open(self._log_path, "rb") as log:
            log.seek(self._read_up_to)
            steps = [step.decode() for step in re.findall(rb"UI step: (\w+)\n", log.read())]
        return steps[-1] if steps and steps[-1] not in PASSING_STEPS else None

    def press(self, key):
        self._desktop.press(key)


class Checklist:
    def __init__(self, browser, dialog, desktop, report, origins):
        self._browser = browser
        self._dialog = dialog
        self._desktop = desktop
        self._report = report
        self._origin, self._other_origin = origins
        self._results = {}  # of rows and commands by what they are about

    def carry_out(self, rows, commands):
        self._open()
        keys = []
        for row in rows:
            if row.script and row.key not in keys:
                keys.append(row.key)
        for key in keys:
            with self._report.case(f"an authenticator with {', '.join(f'{name} {value}' for name, value in key.items())}"):
                self._browser.use(key)
            file = None
            for row in rows:
                if row.script and row.key == key:
                    self._begin_file(row.file != file)
                    file = row.file
                    self._try(row, lambda row=row: self._carry_out(row))
        with self._report.case("an authenticator for the commands"):
            self._browser.use({"protocol": "ctap2", "hasResidentKey": True})
        for command in commands:
            self._browser.take_all()
            self._try(command, lambda command=command: self._command(command))

    def _open(self):
        self._browser.call("POST", "/url", {"url": self._origin})

    def _begin_file(self, is_new):
        if is_new:
            self._browser.take_all()
            self._browser.run("kept = undefined")

    def _try(self, row, what):
        result = "failed"
        with self._report.case(f"{row.file}: {row.case}", lambda: self._desktop.screenshot("failed")):
            self._desktop.case = f"{len(self._results):03}"
            result = what()
        self._results[id(row)] = result

    def _command(self, command):
        command.check(self._browser)
        return command.otherwise or ", ".join(filter(None, ("pass", command.note)))

    def _carry_out(self, row):
        if row.before:
            row.before(self._browser, self._other_origin)
        try:
            outcome, step = self._outcome(row)
        finally:
            if row.before:
                self._browser.call("POST", "/frame", {"id": None})
        if row.after:
            row.after(self._browser)
        expect(outcome == row.outcome, f"{outcome} came out, not {row.outcome}{f', after {step}' if step else ''}")
        if step:
            note = f"where a person {'allows it' if row.person == 'Return' else 'gives up'} in Chromium's {step}"
        else:
            note = row.note
        return row.otherwise or ", ".join(filter(None, ("pass", note)))

    def _outcome(self, row):
        """What came out, and the step of the dialog in which a person had to do something, or None."""
        self._dialog.forget()
        outcome = self._browser.wait(BEGIN % f"async () => {{ {row.script} }}", POLL_SECONDS)
        deadline = time.monotonic() + row.patience
        while outcome is None:
            step = self._dialog.step()
            if step:
                outcome = self._answered(row.person or "Escape")
                expect(row.person, f"Chromium asked a person: {step}; then {outcome} came out")
                return outcome, step
            if time.monotonic() > deadline:
                outcome = self._answered("Escape")
                expect(row.patience < CEREMONY_SECONDS, f"nothing came out in {row.patience} s, then {outcome}")
                return outcome, None
            outcome = self._browser.wait(GO_ON, POLL_SECONDS)
        return outcome, None

    def _answered(self, key):
        for _ in range(CLOSING_TRIES):
            self._dialog.press(key)
            outcome = self._browser.wait(GO_ON, CLOSING_SECONDS)
            if outcome is not None:
                return outcome
        self._browser.run("controller.abort()")
        return self._browser.wait(GO_ON, CLOSING_SECONDS)

    def table(self, rows):
        lines = ["| file | case | result |", "| --- | --- | --- |"]
        return lines + [f"| {row.file} | {row.case} | {self._results.get(id(row), row.otherwise)} |" for row in rows]

    def page(self, rows, commands):
        results = [self._results.get(id(row), row.otherwise) for row in (*rows, *commands)]
        passed = sum(result.startswith("pass") for result in results)
        return "\n".join([HEAD, f"{len(results)} rows: {passed} pass, {len(results) - passed} have a reason.", "",
                          "## The commands: webdriver/tests/classic/external/webauthn", "", COMMANDS_HEAD, "", *self.table(commands), "",
                          "## The ceremonies: webauthn", "", *self.table(rows), ""])


HEAD = """# The webdriver cases of web-platform-tests

What web-platform-tests checks of virtual authenticators, in our words, and how it comes out in real Chromium behind `fauxkey webdriver`,
where each authenticator is a USB key. `tests/e2e/suites/wpt-chromium` carries the rows out, checks what stands instead of “pass” too where
a key is asked at all, and fails where this page does not say what it finds. With its own virtual authenticators Chromium shows no dialogs;
with real keys it does, so the result says where a person is needed.
"""
COMMANDS_HEAD = """These tests give most of their authenticators the transport internal, which is answered with *unsupported operation* here.
What they check does not depend on it, so they are carried out with usb."""


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


def serve():
    """The demo site forbids frames, so the page is one of our own; its origin. Each call makes another one."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://localhost:{server.server_port}"


def is_ready(address):
    """Through the proxy, which answers 500 as long as nobody is behind it."""
    try:
        urllib.request.urlopen(f"{address}/status", timeout=60).close()
    except OSError:
        return False
    return True


def main(checklist_path):
    out = os.environ["OUT"]
    report = Report()
    rows = sorted([*creation_rows(), *login_rows(), *other_rows()], key=lambda row: row.file)
    commands = list(command_rows())
    with Desktop(out) as desktop:
        options = ["--to", "http://127.0.0.1:9515", "--listen", "127.0.0.1:4445"]
        proxy = Program([os.environ["FAUXKEY"], "webdriver", *options], os.path.join(out, "proxy.log"))
        log = os.path.join(out, "driver.log")
        # Only when it is verbose, it lets through what the browser says.
        driver = Program(["/usr/bin/chromedriver", "--port=9515", "--verbose", f"--log-path={log}"], os.path.join(out, "driver-errors.log"))
        try:
            address = proxy.wait_for_line("webdriver: ", START_SECONDS)
            wait_until(lambda: is_ready(address), START_SECONDS, "chromedriver")
            browser = Browser(address)
            checklist = Checklist(browser, Dialog(log, desktop), desktop, report, (serve(), serve()))
            checklist.carry_out(rows, commands)
            browser.quit()
        finally:
            proxy.stop()
            driver.popen.terminate()
    found = checklist.page(rows, commands)
    with open(os.path.join(out, "wpt-checklist.md"), "w", encoding="utf-8") as file:
        file.write(found)
    with report.case("docs/wpt-checklist.md says what was found"):
        with open(checklist_path, encoding="utf-8") as file:
            expect(file.read() == found, "it does not; look at the differences from wpt-checklist.md in what the suite leaves, and copy that")
    return report.failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1]) else 0)
