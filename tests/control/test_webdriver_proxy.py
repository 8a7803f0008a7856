"""`fauxkey webdriver`: between a test and a browser's WebDriver server. The server here is a stand-in that tells what reached it."""

import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from control import Control


class Upstream(BaseHTTPRequestHandler):
    """A WebDriver server that knows nothing of virtual authenticators."""

    protocol_version = "HTTP/1.1"

    def reply(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.command, self.path, dict(self.headers), body))
        if self.command == "POST" and self.path == "/session":
            answer = {"value": {"sessionId": "abc", "capabilities": {"browserName": "firefox", "acceptInsecureCerts": False}}}
        else:
            answer = {"value": {"echo": self.path}}
        data = json.dumps(answer).encode()
        self.send_response(418 if "teapot" in self.path else 200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("X-Driver", "upstream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_DELETE = reply

    def log_message(self, *_):
        pass


@pytest.fixture
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(request, upstream, starter):
    folder = starter.folder()
    program = os.path.abspath(request.config.getoption("--fauxkey"))
    options = getattr(request, "param", [])
    process = subprocess.Popen(
        [program, "webdriver", "--debug", "--to", f"http://127.0.0.1:{upstream.server_port}/", "--listen", "127.0.0.1:0", "--transport", "unix", *options],
        stdout=subprocess.PIPE, text=True, env={**os.environ, "XDG_RUNTIME_DIR": folder},
    )
    line = process.stdout.readline()
    assert line.startswith("webdriver: http://127.0.0.1:")
    yield Control(line.removeprefix("webdriver: ").strip())
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdout.close()


def test_all_else_passes_through_untouched(proxy, upstream):
    answer = proxy.request("POST", "/session/abc/url?x=%2F%20y", b'{"url" : "http://site"}', {"Content-Type": "application/json", "X-Test": "1"})
    assert answer.status == 200 and answer.json == {"value": {"echo": "/session/abc/url?x=%2F%20y"}}
    assert answer.headers["X-Driver"] == "upstream" and answer.headers["Content-Type"] == "application/json; charset=utf-8"
    method, path, headers, body = upstream.seen[-1]
    assert (method, path, body) == ("POST", "/session/abc/url?x=%2F%20y", b'{"url" : "http://site"}')
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["x-test"] == "1" and headers["content-type"] == "application/json"
    assert proxy.request("GET", "/teapot").status == 418
    big = b"x" * 900_000
    proxy.request("POST", "/session/abc/file", big)
    assert upstream.seen[-1][3] == big


def test_a_new_session_has_virtual_authenticators(proxy, upstream):
    wanted = {"capabilities": {"alwaysMatch": {"browserName": "firefox", "webauthn:virtualAuthenticators": True},
                               "firstMatch": [{"webauthn:extension:largeBlob": True, "moz:x": 1}]}}
    capabilities = proxy.post("/session", wanted)["value"]["capabilities"]
    assert capabilities["webauthn:virtualAuthenticators"] is True and capabilities["browserName"] == "firefox"
    assert json.loads(upstream.seen[-1][3]) == {"capabilities": {"alwaysMatch": {"browserName": "firefox"}, "firstMatch": [{"moz:x": 1}]}}


@pytest.mark.parametrize("proxy", [["--browser-name", "chrome"]], indirect=True)
def test_a_session_may_tell_another_browser(proxy):
    assert proxy.post("/session", {"capabilities": {}})["value"]["capabilities"]["browserName"] == "chrome"


def test_authenticators_are_keys_and_end_with_their_session(proxy, upstream):
    base = "/session/abc/webauthn/authenticator"
    name = proxy.post(base, {"protocol": "ctap2", "transport": "usb"})["value"]
    assert not [path for _, path, _, _ in upstream.seen if "webauthn" in path]
    assert proxy.get(f"{base}/{name}/credentials")["value"] == []
    assert proxy.request("GET", "/v1/keys").json == {"value": {"echo": "/v1/keys"}}, "only WebDriver is served here"
    proxy.delete("/session/abc")
    assert proxy.request("GET", f"{base}/{name}/credentials").status == 400


def test_a_server_that_is_not_there_is_an_error_in_webdrivers_words(proxy, upstream):
    upstream.shutdown()
    upstream.server_close()
    answer = proxy.request("GET", "/status")
    assert answer.status == 500 and "see that the program there runs" in answer.json["value"]["message"]


def test_a_web_page_cannot_drive(proxy, upstream):
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert proxy.request("POST", "/session", {}, headers).status == 403
    assert upstream.seen == []


def test_selenium_for_python_drives_authenticators(proxy):
    """Its own calls, unchanged; the browser is a stand-in here, and real in tests/e2e."""
    from selenium.webdriver.common.virtual_authenticator import Credential, VirtualAuthenticatorOptions
    from selenium.webdriver.remote.webdriver import WebDriver
    from selenium.webdriver.chrome.options import Options
    from test_keys import credential

    proxy_url = proxy.url
    driver = WebDriver(proxy_url, options=Options())
    driver.caps["browserName"] = "chrome"
    options = VirtualAuthenticatorOptions(protocol="ctap2", transport="usb", has_resident_key=True, has_user_verification=True, is_user_verified=True)
    driver.add_virtual_authenticator(options)
    _, data = credential("example.org")
    driver.add_credential(Credential.from_dict({**data, "signCount": 5}))
    (held,) = driver.get_credentials()
    assert held.rp_id == "example.org" and held.sign_count == 5 and held.id.rstrip("=") == data["credentialId"]
    driver.set_user_verified(False)
    driver.remove_credential(data["credentialId"])
    driver.remove_all_credentials()
    assert driver.get_credentials() == []
    driver.remove_virtual_authenticator()
