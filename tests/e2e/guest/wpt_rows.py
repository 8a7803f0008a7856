"""What web-platform-tests checks in webauthn/, as rows for wpt_cases.py: what to ask the page, and what must come out."""

import json
from dataclasses import dataclass
from typing import Callable

from expect import expect
from wpt_commands import TRANSPORT, credential

CEREMONY_SECONDS = 60  # one or two, but on a busy machine many times that
PATIENCE_SECONDS = 15

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
