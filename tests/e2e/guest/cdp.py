"""Chrome DevTools Protocol, used to drive the page and nothing else: the WebAuthn domain is never enabled."""

import json
import urllib.request

from web_socket import WebSocket

CALL_SECONDS = 180  # far more than a call takes, but for a busy machine


class PageConnection:
    """The first tab of the browser that has its debugging port there."""

    def __init__(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=30) as response:
            targets = json.load(response)
        url = next(target["webSocketDebuggerUrl"] for target in targets if target["type"] == "page")
        self._socket = WebSocket("127.0.0.1", port, url.partition(f":{port}")[2])
        self._socket.settimeout(CALL_SECONDS)
        self._last_id = 0

    def call(self, method, **parameters):
        self._last_id += 1
        self._socket.send(json.dumps({"id": self._last_id, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.receive())
            if message.get("id") == self._last_id:
                break  # the others are events, which nobody here listens to
        if "error" in message:
            raise RuntimeError(f"{method}: {message['error']['message']}")
        return message["result"]

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page (awaited, if a promise), as if a person had caused it."""
        result = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"].get("exception", {}).get("description", expression))
        return result["result"].get("value")

    def close(self):
        self._socket.close()
