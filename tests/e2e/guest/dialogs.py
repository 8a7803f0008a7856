"""What a browser may ask a person during a ceremony, and how a case answers it. Each browser maps its own dialogs to these."""

from dataclasses import dataclass


@dataclass
class EnterPin:
    """The browser wants the key's PIN. After a wrong one it asks again, which is another EnterPin."""

    pin: str = ""


@dataclass
class SetPin:
    """The key has no PIN and the browser offers to set one."""

    pin: str = ""


@dataclass
class ChooseAccount:
    """The key has several accounts for this site; it lists the newest first, which is row 0."""

    name: str = ""
    row: int = 0


@dataclass
class AllowAttestation:
    """The site wants to know what made the key."""


@dataclass
class AlreadyRegistered:
    """The key holds a credential that the site excluded; there is nothing but to close this."""
