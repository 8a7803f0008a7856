"""Firefox's Marionette protocol: messages are LENGTH:JSON, a command is [0, id, name, parameters]."""

import json
import socket

CALL_SECONDS = 600  # the first session can take half a minute under emulation, and many times that on a busy machine


class MarionetteError(RuntimeError):
    """The browser's answer was an error; `kind` is its WebDriver name."""

    def __init__(self, error):
        super().__init__(f"{error.get('error')}: {error.get('message')}")
        self.kind = error.get("error")


class Marionette:
    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), CALL_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._last_id = 0
        self._context = "content"
        self._receive()  # the browser speaks first

    def call(self, name, **parameters):
        self._last_id += 1
        message = json.dumps([0, self._last_id, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(message), message))
        _, _, error, result = self._receive()
        if error:
            raise MarionetteError(error)
        return result

    def run(self, context, script, *arguments):
        """What the script returns, run in the page ("content") or in the browser's own window ("chrome")."""
        if context != self._context:
            self.call("Marionette:SetContext", value=context)
            self._context = context
        sandbox = "system" if context == "chrome" else None
        result = self.call("WebDriver:ExecuteScript", script=script, args=list(arguments), sandbox=sandbox)
        return (result or {}).get("value")  # a prompt that opens meanwhile makes the answer empty

    def close(self):
        self._stream.close()
        self._socket.close()

    def _receive(self):
        length = b""
        while not length.endswith(b":"):
            byte = self._stream.read(1)
            if not byte:
                raise ConnectionError("Firefox closed its Marionette connection")
            length += byte
        return json.loads(self._stream.read(int(length[:-1])))
