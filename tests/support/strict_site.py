"""A site that judges registrations and logins step by step, as Web Authentication Level 3 numbers the steps (7.1, 7.2), on the demo site's
routes. Each check has a name; a site that is made with `holes` leaves those out, as a careless one would."""

import hashlib
import json
import secrets
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor
from fido2.cose import CoseKey

UP, UV, BE, BS, AT, ED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80
MODEL = x509.ObjectIdentifier("1.3.6.1.4.1.45724.1.1.4")  # id-fido-gen-ce-aaguid

# What can be left out, and what then gets through.
HOLES = ("response-class", "json", "type", "challenge", "single-use", "origin", "origin-prefix", "cross-origin", "top-origin", "authenticator-data", "rp-id",
         "present", "verified", "backup-flags", "backup-eligibility", "algorithm", "format", "format-case", "statement", "statement-algorithm", "certificate-model",
         "none-statement", "self-algorithm", "trust", "id-length", "id-known", "allowed", "owner", "user-handle", "signature", "counter", "counter-update",
         "everything", "nothing-at-all")


class Refused(Exception):
    pass


def encode(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    if not isinstance(text, str):
        raise Refused("a member that has to be base64url is missing")
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Data:
    """Authenticator data (6.1)."""

    def __init__(self, raw):
        if len(raw) < 37:
            raise Refused("the authenticator data are too short")
        self.raw, self.rp_id_hash, self.flags = raw, raw[:32], raw[32]
        self.counter = int.from_bytes(raw[33:37], "big")
        rest = raw[37:]
        self.credential_id = self.public_key = self.model = None
        if self.flags & AT:
            self.model, size = rest[:16], int.from_bytes(rest[16:18], "big")
            self.credential_id, rest = rest[18:18 + size], rest[18 + size:]
            try:
                self.public_key, rest = cbor.decode_from(rest)
            except Exception as error:
                raise Refused("the public key is no CBOR") from error
            self.public_key = CoseKey.parse(self.public_key)
            if len(self.public_key.get(-2, b"")) < 32 or (self.public_key[1] == 2 and len(self.public_key.get(-3, b"")) < 32):
                raise Refused("the public key is cut off")
        if self.flags & ED:
            try:
                _, rest = cbor.decode_from(rest)
            except Exception as error:
                raise Refused("there are no extensions") from error
        if rest:
            raise Refused("something follows the authenticator data")


class RelyingParty:
    def __init__(self, origin, holes=(), root=None, rp_id="localhost"):
        assert set(holes) <= set(HOLES), holes
        self.origin, self.holes, self.root, self.rp_id = origin, set(holes), root, rp_id
        self.accounts, self.credentials, self.ceremonies = {}, {}, {}
        self.asked = []  # accounts that were registered for

    def check(self, name, holds, what):
        if name not in self.holes and not holds:
            raise Refused(what)

    # --- options

    def open(self, kind, options, **known):
        name = secrets.token_hex(8)
        challenge = encode(secrets.token_bytes(32))
        self.ceremonies[name] = {"kind": kind, "challenge": challenge, "used": False, **known}
        return {"ceremony": name, "options": {"challenge": challenge, **options}}

    def registration_options(self, body):
        self.asked.append(body["account"])
        account = self.accounts.setdefault(body["account"], {"name": body["account"], "handle": secrets.token_bytes(16), "ids": []})
        return self.open("registration", {
            "rp": {"id": self.rp_id, "name": "a strict site"},
            "user": {"id": encode(account["handle"]), "name": body["account"], "displayName": body["account"]},
            "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in body["algorithms"]],
            "attestation": body["attestation"],
            "authenticatorSelection": {"residentKey": body["residentKey"], "userVerification": body["userVerification"]},
        }, account=account, verification=body["userVerification"], algorithms=body["algorithms"])

    def login_options(self, body):
        account = None
        options = {"rpId": self.rp_id, "userVerification": body["userVerification"]}
        if "account" in body:
            account = self.accounts.get(body["account"])
            if account is None:
                raise Refused("there is no such account")
            options["allowCredentials"] = [{"type": "public-key", "id": encode(each)} for each in account["ids"]]
        return self.open("login", options, account=account, verification=body["userVerification"])

    # --- what both ceremonies check

    def take(self, body, kind):
        ceremony = self.ceremonies.get(body.get("ceremony"))
        if not ceremony or ceremony["kind"] != kind:
            raise Refused("there is no such ceremony")
        self.check("single-use", not ceremony["used"], "the challenge was used")
        ceremony["used"] = True
        return ceremony

    def client_data(self, response, ceremony, kind):
        raw = decode(response.get("clientDataJSON"))
        try:
            text = raw.decode("utf-8-sig")
            data, end = json.JSONDecoder().raw_decode(text)
            self.check("json", end == len(text), "something follows the client data")
        except ValueError as error:
            raise Refused("the client data are no JSON") from error
        self.check("type", data.get("type") == kind, "type")
        self.check("challenge", data.get("challenge") == ceremony["challenge"], "challenge")
        origin = str(data.get("origin"))
        self.check("origin", origin == self.origin or ("origin-prefix" in self.holes and origin.startswith(self.origin)), "origin")
        self.check("cross-origin", data.get("crossOrigin") is not True or ("topOrigin" in data and "top-origin" in self.holes), "crossOrigin")
        self.check("top-origin", "topOrigin" not in data or (data.get("crossOrigin") is not True and "cross-origin" in self.holes), "topOrigin")
        return hashlib.sha256(raw).digest()

    def flags(self, data, ceremony):
        self.check("rp-id", data.rp_id_hash == hashlib.sha256(self.rp_id.encode()).digest(), "rpIdHash")
        self.check("present", data.flags & UP, "UP")
        self.check("verified", data.flags & UV or ceremony["verification"] != "required", "UV")
        self.check("backup-flags", data.flags & BE or not data.flags & BS, "BS without BE")

    # --- 7.1

    def verify_registration(self, body):
        ceremony = self.take(body, "registration")
        response = body["response"]["response"]
        self.check("response-class", "attestationObject" in response, "no attestation response")
        client_data_hash = self.client_data(response, ceremony, "webauthn.create")
        try:
            attestation = cbor.decode(decode(response.get("attestationObject")))
        except Refused:
            raise
        except Exception as error:
            raise Refused("the attestation object is no CBOR") from error
        data = Data(attestation["authData"])
        if data.credential_id is None:
            raise Refused("AT")
        self.flags(data, ceremony)
        self.check("algorithm", data.public_key[3] in ceremony["algorithms"], "the algorithm was not offered")
        self.statement(attestation, data, client_data_hash)
        self.check("id-length", len(data.credential_id) <= 1023, "the credential id is too long")
        self.check("id-known", data.credential_id not in self.credentials, "the credential id is known")
        account = ceremony["account"]
        self.credentials[data.credential_id] = {"account": account, "key": data.public_key, "counter": data.counter, "eligible": bool(data.flags & BE)}
        account["ids"].append(data.credential_id)
        return {"account": account["name"]}

    def statement(self, attestation, data, client_data_hash):
        name, statement = attestation["fmt"], attestation["attStmt"]
        name = name.lower() if "format-case" in self.holes else name
        if name == "none":
            self.check("none-statement", statement == {}, "none with a statement")
            return
        if name != "packed":
            self.check("format", False, f"the format {name} is not known")
            return
        signed = attestation["authData"] + client_data_hash
        try:
            if "x5c" not in statement:
                self.check("self-algorithm", statement.get("alg") == data.public_key[3], "alg is not the credential's")
                self.check("statement", "sig" in statement, "no signature")
                if "statement" not in self.holes:
                    data.public_key.verify(signed, statement["sig"])
                return
            self.check("statement", statement["x5c"], "no certificate")
            if not statement["x5c"]:
                return
            certificate = x509.load_der_x509_certificate(statement["x5c"][0])
            self.check("statement-algorithm", statement.get("alg") == -7, "alg is not the certificate's")
            if "statement" not in self.holes:
                certificate.public_key().verify(statement["sig"], signed, ec.ECDSA(SHA256()))
        except (InvalidSignature, KeyError, ValueError) as error:
            raise Refused("the statement does not verify") from error
        model = certificate.extensions.get_extension_for_oid(MODEL).value.value[2:]
        self.check("certificate-model", model == data.model, "the certificate is another model's")
        if self.root is None:
            return
        now = datetime.now(timezone.utc)
        self.check("trust", certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc, "the certificate is out of date")
        try:
            certificate.verify_directly_issued_by(self.root)
        except Exception as error:
            self.check("trust", False, f"the certificate is not by the root: {error}")

    # --- 7.2

    def verify_login(self, body):
        ceremony = self.take(body, "login")
        credential, response = body["response"], body["response"]["response"]
        self.check("response-class", "signature" in response, "no assertion response")
        known = self.credentials.get(decode(credential.get("rawId")))
        if known is None or decode(credential.get("id")) not in self.credentials:
            raise Refused("the credential is not known")
        self.check("owner", credential["id"].rstrip("=") == credential["rawId"].rstrip("="), "id and rawId are not the same")
        account = ceremony["account"]
        if account is not None:
            self.check("allowed", known["account"] is account, "the credential is another account's")
        handle = response.get("userHandle")
        if handle is None:
            self.check("user-handle", account is not None, "there is no user handle")
        else:
            self.check("user-handle", decode(handle) == known["account"]["handle"], "the user handle is another's")
        client_data_hash = self.client_data(response, ceremony, "webauthn.get")
        data = Data(decode(response.get("authenticatorData")))
        self.flags(data, ceremony)
        self.check("backup-eligibility", bool(data.flags & BE) == known["eligible"], "BE is not what it was")
        try:
            known["key"].verify(data.raw + client_data_hash, decode(response.get("signature")))
        except Exception as error:
            self.check("signature", False, f"the signature does not verify: {error}")
        if data.counter or known["counter"]:
            self.check("counter", data.counter > known["counter"], "the counter does not grow")
        if "counter-update" not in self.holes:
            known["counter"] = data.counter
        return {"account": known["account"]["name"]}


class StrictSite:
    """It, at an address of its own."""

    def __init__(self, holes=(), root=None):
        site = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                status, said = site.answer(self.path, body)
                data = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self._server.server_port}"
        self.relying_party = RelyingParty(self.origin, holes, root)
        self._lock = threading.Lock()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path, body):
        party = self.relying_party
        call = {"/api/register/options": party.registration_options, "/api/register/verify": party.verify_registration,
                "/api/login/options": party.login_options, "/api/login/verify": party.verify_login}.get(path)
        if call is None:
            return 404, {"error": "not here"}
        if "everything" in party.holes and path.endswith("verify"):
            return 400, {"error": "never"}
        with self._lock:
            try:
                return 200, call(body)
            except Refused as error:
                return (200 if "nothing-at-all" in party.holes else 400), {"error": str(error)}
            except Exception as error:  # what it did not think of is refused, too, if with another status
                return 500, {"error": f"{type(error).__name__}: {error}"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
