"""Selenium's methods for virtual authenticators, by its names and with its classes, for every browser.

Selenium's own refuse Firefox and Safari before they send anything. These go to the daemon instead of the browser's driver, so they
need no driver that knows them:

    keys = VirtualAuthenticators(fauxkey)
    keys.add_virtual_authenticator(VirtualAuthenticatorOptions(protocol="ctap2_1", transport="usb"))
    driver.get("https://example.org")
    keys.get_credentials()
"""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .client import Fauxkey, Key
from .connection import FauxkeyError

if TYPE_CHECKING:
    from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions


class VirtualAuthenticators:
    """One virtual authenticator at a time, as Selenium's WebDriver has it. Leaving a with block removes it."""

    def __init__(self, fauxkey: Fauxkey):
        self._fauxkey = fauxkey
        self._session = f"python-{uuid.uuid4()}"
        self._key: Key | None = None

    def __enter__(self) -> VirtualAuthenticators:
        return self

    def __exit__(self, *_: object) -> None:
        if self._key is not None:
            self.remove_virtual_authenticator()

    def _ask(self, method: str, path: str = "", body: Any = None) -> Any:
        if self._key is None:
            raise FauxkeyError("There is no virtual authenticator yet: call add_virtual_authenticator first.")
        authenticator = f"/session/{self._session}/webauthn/authenticator/{quote(self._key.name, safe='')}"
        return self._fauxkey.connection.request(method, authenticator + path, body)["value"]

    @property
    def key(self) -> Key | None:
        """What more can be done with the authenticator than Selenium knows: faults, clocks, prompts."""
        return self._key

    @property
    def virtual_authenticator_id(self) -> str | None:
        return self._key.name if self._key is not None else None

    def add_virtual_authenticator(self, options: VirtualAuthenticatorOptions) -> None:
        self._key = self._fauxkey.add_virtual_authenticator(options.to_dict(), self._session)

    def remove_virtual_authenticator(self) -> None:
        self._ask("DELETE")
        self._key = None

    def add_credential(self, credential: Credential) -> None:
        self._ask("POST", "/credential", credential.to_dict())

    def get_credentials(self) -> list[Credential]:
        from selenium.webdriver.common.virtual_authenticator import Credential

        return [Credential.from_dict(one) for one in self._ask("GET", "/credentials")]

    def remove_credential(self, credential_id: str | bytes | bytearray) -> None:
        if not isinstance(credential_id, str):
            credential_id = base64.urlsafe_b64encode(credential_id).decode().rstrip("=")
        self._ask("DELETE", f"/credentials/{quote(credential_id, safe='')}")

    def remove_all_credentials(self) -> None:
        self._ask("DELETE", "/credentials")

    def set_user_verified(self, verified: bool) -> None:
        self._ask("POST", "/uv", {"isUserVerified": verified})
