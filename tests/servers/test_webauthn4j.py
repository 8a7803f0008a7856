"""Keys as webauthn4j judges them."""

from matrix import *
from metadata import *
from stories import *

SERVER = "webauthn4j"
