"""Whatever a client sends that the OpenAPI file allows, or does not: schemathesis makes it up, and no answer is a 5xx or other than the
file says."""

import os
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_made_up_requests_get_the_answers_of_the_file(starter, tmp_path):
    daemon = starter.start("--keyless", control="127.0.0.1:0")
    control = daemon.control
    for name in ("k1", "k2"):
        control.plug_in(name=name)
    schema = tmp_path / "openapi.yaml"
    schema.write_text(control.request("GET", "/v1/openapi.yaml").text)
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", schema, "--url", control.url,
         "--header", f"Authorization: Bearer {control.token}",
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
         "--phases", "examples,coverage,fuzzing", "--max-examples", os.environ.get("FAUXKEY_SCHEMA_EXAMPLES", "12"),
         # Those that wait have a test each; WebDriver has "unsupported operation" be a 500.
         "--exclude-path", "/v1/events", "--exclude-path", "/v1/events/batch", "--exclude-path", "/v1/prompts",
         "--exclude-path", "/session/{session}/webauthn/authenticator", "--request-timeout", "40", "--seed", "1", "--no-color"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )
    daemon.assert_alive()
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
