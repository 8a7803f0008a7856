"""Keys as py_webauthn judges them."""

import glob
import json
import os
import subprocess

from daemon import REPOSITORY
from matrix import *
from stories import *

SERVER = "py_webauthn"


def test_there_is_no_metadata_service(visitor, key, found):
    """It takes roots from its caller for each format, and looks no model up."""
    visitor(key).register()  # it is installed
    (python,) = glob.glob(os.path.join(REPOSITORY, "build/py_webauthn-*/bin/python"))
    script = "import json, pkgutil, webauthn; print(json.dumps([each.name for each in pkgutil.walk_packages(webauthn.__path__, 'webauthn.')]))"
    modules = json.loads(subprocess.run([python, "-c", script], check=True, capture_output=True, text=True, timeout=60).stdout)
    assert "webauthn.helpers.validate_certificate_chain" in modules
    services = [name for name in modules if "metadata" in name or "mds" in name]
    found("metadata", "of all kinds", {"modules": ", ".join(services) or "no metadata service"})
