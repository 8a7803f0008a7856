"""Keys as py_webauthn judges them."""

from matrix import *
from metadata import *
from stories import *

SERVER = "py_webauthn"
