"""A site on Flask and py_webauthn, with the routes and the JSON of tools/demo: what the tutorials' code is, with accounts around it.

py_webauthn has no metadata service: whom it trusts is told by certificates alone (pem_root_certs_bytes_by_fmt).
"""

import argparse
import json
import os
import secrets
import socket
import sys
import time
import uuid
from importlib.metadata import version

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from flask import Flask, Response, jsonify, request
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    decode_credential_public_key,
    parse_attestation_object,
    parse_authenticator_data,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AttestationFormat,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.serving import make_server

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../../tools/demo/page")
PAGE_FILES = {"/": ("index.html", "text/html"), "/style.css": ("style.css", "text/css"), "/page.js": ("page.js", "text/javascript")}
CEREMONY_SECONDS = 120
MAX_OPEN_CEREMONIES = 1000
MAX_BODY = 256 * 1024
ALGORITHM_NAMES = {-7: "ES256", -8: "EdDSA", -35: "ES384", -36: "ES512", -47: "ES256K", -48: "ML-DSA-44", -49: "ML-DSA-65",
                   -257: "RS256"}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Refused(Exception):
    """A mistake of the caller, or a response that does not verify: its message is for the page."""


def said(error):
    """What the library says, with what it says was the cause."""
    words = []
    while error is not None:
        text = str(error) or type(error).__name__
        if not any(text in each for each in words):
            words.append(text)
        error = error.__cause__ or error.__context__
    return ": ".join(words)


def checked(function, **arguments):
    try:
        return function(**arguments)
    except Exception as error:  # whatever it throws, the response is not taken
        raise Refused(said(error)) from error


def one_of(enumeration, value, what):
    try:
        return enumeration(value)
    except ValueError:
        raise Refused(f"{what} must be one of {', '.join(each.value for each in enumeration)}") from None


class RelyingParty:
    def __init__(self, rp_id, origin, roots, requires_trust):
        self.rp_id, self.origin, self.requires_trust = rp_id, origin, requires_trust
        self.roots = {fmt: list(roots) for fmt in AttestationFormat} if roots else None
        self.accounts = {}  # name: {name, userHandle, credentials: [stored credential]}
        self.ceremonies = {}  # what a response is checked against, until it arrives once

    # --- accounts and challenges

    def account_named(self, name):
        if not isinstance(name, str) or not name.strip() or len(name) > 64:
            raise Refused("an account needs a name of at most 64 characters")
        return self.accounts.get(name) or {"name": name, "userHandle": secrets.token_bytes(16), "credentials": []}

    def credential(self, credential_id):
        return next(((account, credential) for account in self.accounts.values() for credential in account["credentials"]
                     if credential["id"] == credential_id), (None, None))

    def open(self, options, **ceremony):
        if len(self.ceremonies) >= MAX_OPEN_CEREMONIES:
            del self.ceremonies[next(iter(self.ceremonies))]
        ceremony_id = str(uuid.uuid4())
        self.ceremonies[ceremony_id] = {"challenge": options.challenge, "until": time.monotonic() + CEREMONY_SECONDS, **ceremony}
        return {"ceremony": ceremony_id, "options": json.loads(options_to_json(options))}

    def close(self, ceremony_id, kind):
        """A challenge is good for one answer, right or wrong."""
        ceremony = self.ceremonies.pop(ceremony_id, None) if isinstance(ceremony_id, str) else None
        if not ceremony or ceremony["kind"] != kind:
            raise Refused("this challenge is not known, or was answered before")
        if time.monotonic() > ceremony["until"]:
            raise Refused("this challenge is too old")
        return ceremony

    def list_accounts(self, _):
        def shown(credential):
            return {"id": bytes_to_base64url(credential["id"]), "counter": credential["counter"], "aaguid": credential["aaguid"],
                    "algorithm": credential["algorithm"], "format": credential["format"]}

        return [{"name": account["name"], "userHandle": bytes_to_base64url(account["userHandle"]),
                 "credentials": [shown(credential) for credential in account["credentials"]]} for account in self.accounts.values()]

    def remove_credential(self, body):
        account = self.accounts.get(body.get("account"))
        kept = [each for each in account["credentials"] if bytes_to_base64url(each["id"]) != body.get("credentialId")] if account else []
        if not account or len(kept) == len(account["credentials"]):
            raise Refused("this account has no such credential")
        account["credentials"] = kept
        return {"account": account["name"], "credentials": len(kept)}

    # --- registration

    def registration_options(self, body):
        account = self.account_named(body.get("account"))
        algorithms = body.get("algorithms")
        if not isinstance(algorithms, list) or not algorithms or any(each not in ALGORITHM_NAMES for each in algorithms):
            raise Refused("choose at least one algorithm")
        try:
            supported = [COSEAlgorithmIdentifier(each) for each in algorithms]
        except ValueError as error:
            raise Refused(said(error)) from error
        verification = one_of(UserVerificationRequirement, body.get("userVerification"), "userVerification")
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name="fauxkey demo",
            user_id=account["userHandle"],
            user_name=account["name"],
            user_display_name=account["name"],
            timeout=CEREMONY_SECONDS * 1000,
            attestation=one_of(AttestationConveyancePreference, body.get("attestation"), "attestation"),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=one_of(ResidentKeyRequirement, body.get("residentKey"), "residentKey"),
                user_verification=verification,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=each["id"]) for each in account["credentials"]],
            supported_pub_key_algs=supported,
        )
        return self.open(options, kind="registration", account=account, verification=verification, algorithms=supported)

    def verify_registration(self, body):
        ceremony = self.close(body.get("ceremony"), "registration")
        verification = checked(
            verify_registration_response,
            credential=body.get("response"),
            expected_challenge=ceremony["challenge"],
            expected_origin=self.origin,
            expected_rp_id=self.rp_id,
            require_user_verification=ceremony["verification"] == UserVerificationRequirement.REQUIRED,
            supported_pub_key_algs=ceremony["algorithms"],
            pem_root_certs_bytes_by_fmt=self.roots,
        )
        if self.credential(verification.credential_id)[1]:
            raise Refused("this credential is registered already")
        attestation = parse_attestation_object(verification.attestation_object)
        trust, trusted = self.trust(attestation)
        if self.requires_trust and not trusted:
            raise Refused(f"this attestation is not trusted here ({attestation.fmt}: {trust})")
        credential = {
            "id": verification.credential_id,
            "public_key": verification.credential_public_key,
            "counter": verification.sign_count,
            "aaguid": verification.aaguid,
            "format": str(attestation.fmt),
            "algorithm": ALGORITHM_NAMES[int(decode_credential_public_key(verification.credential_public_key).alg)],
        }
        ceremony["account"]["credentials"].append(credential)
        self.accounts[ceremony["account"]["name"]] = ceremony["account"]  # an account begins with its first credential
        discoverable = (body["response"].get("clientExtensionResults") or {}).get("credProps", {}).get("rk")
        return {**self.outcome("registration", ceremony, credential, attestation.auth_data),
                "attestation": {"format": credential["format"], "trust": trust}, "discoverable": discoverable}

    def trust(self, attestation):
        if attestation.fmt == "none":
            return "none", False
        if not attestation.att_stmt.x5c:
            return "signed by the credential itself", False
        if self.roots:
            return "certificate chain leads to the given root", True
        return "certificate signature only, no root given", False

    # --- login

    def login_options(self, body):
        name = body.get("account")
        account = None if name is None else self.accounts.get(name)
        if name is not None and account is None:
            raise Refused(f"there is no account “{name}” yet: register it first")
        verification = one_of(UserVerificationRequirement, body.get("userVerification"), "userVerification")
        options = generate_authentication_options(
            rp_id=self.rp_id,
            timeout=CEREMONY_SECONDS * 1000,
            allow_credentials=account and [PublicKeyCredentialDescriptor(id=each["id"]) for each in account["credentials"]],
            user_verification=verification,
        )
        return self.open(options, kind="login", account=account, verification=verification)

    def verify_login(self, body):
        ceremony = self.close(body.get("ceremony"), "login")
        response = body.get("response") or {}
        account, credential = self.credential(base64url_to_bytes(str(response.get("id"))))
        if not credential:
            raise Refused("no account has this credential")
        if ceremony["account"] not in (None, account):
            raise Refused("this credential is of another account")
        user_handle = (response.get("response") or {}).get("userHandle")
        if (ceremony["account"] is None) if user_handle is None else user_handle != bytes_to_base64url(account["userHandle"]):
            raise Refused("the user handle is not that of the account")
        previous = credential["counter"]
        verification = checked(
            verify_authentication_response,
            credential=response,
            expected_challenge=ceremony["challenge"],
            expected_origin=self.origin,
            expected_rp_id=self.rp_id,
            credential_public_key=credential["public_key"],
            credential_current_sign_count=previous,
            require_user_verification=ceremony["verification"] == UserVerificationRequirement.REQUIRED,
        )
        credential["counter"] = verification.new_sign_count
        data = parse_authenticator_data(base64url_to_bytes(response["response"]["authenticatorData"]))
        return {**self.outcome("login", {**ceremony, "account": account}, credential, data), "previousCounter": previous,
                "userHandle": user_handle}

    def outcome(self, kind, ceremony, credential, data):
        return {
            "kind": kind,
            "verifiedBy": f"py_webauthn {version('webauthn')}",
            "account": ceremony["account"]["name"],
            "userVerification": ceremony["verification"].value,
            "credentialId": bytes_to_base64url(credential["id"]),
            "algorithm": credential["algorithm"],
            "flags": {"UP": data.flags.up, "UV": data.flags.uv, "BE": data.flags.be, "BS": data.flags.bs},
            "counter": data.sign_count,
            "aaguid": credential["aaguid"],
            "userHandle": bytes_to_base64url(ceremony["account"]["userHandle"]),
        }


def application(relying_party):
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    routes = {
        ("GET", "/api/accounts"): relying_party.list_accounts,
        ("POST", "/api/register/options"): relying_party.registration_options,
        ("POST", "/api/register/verify"): relying_party.verify_registration,
        ("POST", "/api/login/options"): relying_party.login_options,
        ("POST", "/api/login/verify"): relying_party.verify_login,
        ("POST", "/api/credentials/remove"): relying_party.remove_credential,
    }

    @app.after_request
    def add_headers(response):
        response.headers.update(HEADERS)
        return response

    def page_file():
        name, kind = PAGE_FILES[request.path]
        with open(os.path.join(PAGE, name), "rb") as file:
            return Response(file.read(), content_type=f"{kind}; charset=utf-8")

    def call():
        try:
            body = request.get_json(force=True, silent=True) if request.method == "POST" else {}
            if not isinstance(body, dict):
                raise Refused("the request is not JSON")
            return jsonify(routes[request.method, request.path](body))
        except Refused as error:
            return jsonify(error=str(error)), 400

    for path in PAGE_FILES:
        app.add_url_rule(path, path, page_file)
    for method, path in routes:
        app.add_url_rule(path, path, call, methods=[method])
    return app


def roots_in(path):
    with open(path, "rb") as file:
        return [each.public_bytes(Encoding.PEM) for each in x509.load_pem_x509_certificates(file.read())]


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--rp-id", default="localhost")
    options.add_argument("--origin")
    options.add_argument("--attestation-root")
    options.add_argument("--require-trust", action="store_true")
    options.add_argument("--metadata")
    options.add_argument("--metadata-root")
    given = options.parse_args()
    if given.metadata:
        sys.exit("py_webauthn has no metadata service: give --attestation-root")
    listener = socket.create_server(("127.0.0.1", given.port))
    origin = f"http://localhost:{listener.getsockname()[1]}"
    roots = roots_in(given.attestation_root) if given.attestation_root else []
    app = application(RelyingParty(given.rp_id, given.origin or origin, roots, given.require_trust))
    server = make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno())
    print(f"ready: {origin}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
