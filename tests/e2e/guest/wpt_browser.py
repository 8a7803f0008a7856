"""WebDriver, as the rows of wpt_commands.py use it: without a client library between."""

import http.client
import json
import urllib.parse

from chromium import BINARY, OPTIONS


class WebDriverError(Exception):
    def __init__(self, word, message):
        super().__init__(f"{word}: {message}")
        self.word = word


class Browser:
    """A session of Chromium behind `fauxkey webdriver`, with one authenticator at a time for the commands."""

    def __init__(self, address):
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=600)
        self._session = ""
        self._authenticator = None
        options = {"binary": BINARY, "args": [option for option in OPTIONS if not option.startswith("--remote-debugging-port")]}
        capabilities = {"goog:chromeOptions": options, "timeouts": {"script": 300_000}}
        self._session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]

    def call(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}) if method == "POST" else None
        self._connection.request(method, self._session + path, data, {"Content-Type": "application/json"})
        with self._connection.getresponse() as response:
            value = json.load(response)["value"]
            if response.status != 200:
                raise WebDriverError(value["error"], value["message"])
        return value

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": arguments})

    def wait(self, script, *arguments):
        return self.call("POST", "/execute/async", {"script": script, "args": arguments})

    def click(self):
        (element,) = self.call("POST", "/element", {"using": "css selector", "value": "p"}).values()
        self.call("POST", f"/element/{element}/click")

    def add_authenticator(self, options):
        return self.call("POST", "/webauthn/authenticator", options)

    def remove_authenticator(self, name):
        self.call("DELETE", f"/webauthn/authenticator/{name}")

    def use(self, options):
        """Plugs in another key instead of the one there is."""
        if self._authenticator:
            self.remove_authenticator(self._authenticator)
        self._authenticator = options and self.add_authenticator({"transport": "usb", **options})

    def command(self, method, path, body=None):
        return self.call(method, f"/webauthn/authenticator/{self._authenticator}{path}", body)

    def put(self, body):
        self.command("POST", "/credential", body)

    def credentials(self):
        return self.command("GET", "/credentials")

    def take(self, name):
        self.command("DELETE", f"/credentials/{name}")

    def take_all(self):
        self.command("DELETE", "/credentials")

    def set(self, name, properties):
        self.command("POST", f"/credentials/{name}/props", properties)

    def quit(self):
        self.use(None)
        self.call("DELETE", "")
