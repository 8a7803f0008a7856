"""Keys as SimpleWebAuthn judges them."""

from matrix import *
from metadata import *
from stories import *

SERVER = "simplewebauthn"
