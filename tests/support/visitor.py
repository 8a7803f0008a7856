"""A relying party and its visitor's browser, by python-fido2's server and client."""

from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.server import Fido2Server
from fido2.webauthn import AuthenticatorData


class Person(UserInteraction):
    def __init__(self, pin=None):
        self.pin = pin
        self.asked_for_pin = 0

    def request_pin(self, permissions, rp_id):
        self.asked_for_pin += 1
        return self.pin


class Site:
    """A relying party and its visitor's browser."""

    def __init__(self, key, rp_id, pin=None):
        self.person = Person(pin)
        self.server = Fido2Server({"id": rp_id, "name": "Site"})
        self.client = Fido2Client(key.fido2_device(), DefaultClientDataCollector(f"https://{rp_id}"), self.person)
        self.accounts = []

    def verification(self, options):
        """python-fido2's client takes “preferred” for “required” where no PIN is set."""
        return {"user_verification": "preferred" if self.person.pin else "discouraged", **options}

    def register(self, name="alice", **options):
        user = {"id": name.encode(), "name": name, "displayName": name.title()}
        request, state = self.server.register_begin(user, **self.verification(options))
        response = self.client.make_credential(request.public_key)
        data = self.server.register_complete(state, response)
        self.accounts.append(data.credential_data)
        return data

    def log_in(self, usernameless=False, choose=0, **options):
        credentials = None if usernameless else self.accounts
        request, state = self.server.authenticate_begin(credentials, **self.verification(options))
        selection = self.client.get_assertion(request.public_key)
        response = selection.get_response(choose)
        self.server.authenticate_complete(state, self.accounts, response)
        return AuthenticatorData(response.response.authenticator_data), response, selection
