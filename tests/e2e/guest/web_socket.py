"""A WebSocket client (RFC 6455) as far as a browser's debugging port needs one."""

import base64
import os
import socket
import struct

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    def __init__(self, host, port, path):
        self._socket = socket.create_connection((host, port), 30)
        nonce = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        self._stream = self._socket.makefile("rb")
        status = self._stream.readline()
        if b" 101 " not in status:
            raise ConnectionError(f"no WebSocket at {path}: {status!r}")
        while self._stream.readline().strip():
            pass

    def settimeout(self, seconds):
        self._socket.settimeout(seconds)

    def send(self, text):
        self._send_frame(TEXT, text.encode())

    def receive(self):
        """The next text message; ConnectionError when the other side is gone."""
        message = b""
        while True:
            final, opcode, payload = self._receive_frame()
            if opcode == CLOSE:
                raise ConnectionError("the browser closed its debugging connection")
            if opcode == PING:
                self._send_frame(PONG, payload)
            elif opcode != PONG:
                message += payload
                if final:
                    return message.decode()

    def close(self):
        self._stream.close()
        self._socket.close()

    def _send_frame(self, opcode, payload):
        length = len(payload)
        if length < 126:
            header = struct.pack(">BB", 0x80 | opcode, 0x80 | length)
        elif length < 65536:
            header = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            header = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, length)
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[index % 4] for index, byte in enumerate(payload))
        self._socket.sendall(header + mask + masked)

    def _receive_frame(self):
        first, second = self._read(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack(">H", self._read(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", self._read(8))
        return bool(first & 0x80), first & 0x0F, self._read(length)

    def _read(self, length):
        data = self._stream.read(length)
        if len(data) != length:
            raise ConnectionError("the browser's debugging connection broke")
        return data
