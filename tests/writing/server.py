"""A small real server that speaks the chat completions of OpenAI, and does on request what such servers do at their worst."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def completion(text: Any, ended: str = "stop") -> bytes:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": ended}
    return json.dumps({"object": "chat.completion", "choices": [choice]}).encode()


def said(*sentences: tuple[str, list[int]]) -> bytes:
    return completion(
        json.dumps({"sentences": [{"text": text, "from": numbers} for text, numbers in sentences]})
    )


class Writer:
    """What the server answers next, and what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.status = 200
        self.body = said(("The pumps are loud.", [1]))
        self.location = ""
        self.length: int | None = None
        self.drip = 0.0
        self.address = ""

    @property
    def data(self) -> str:
        """The whole of what the last question held."""
        return json.dumps(self.asked[-1], ensure_ascii=False)


def _handler(writer: Writer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            writer.paths.append(self.path)
            writer.headers.append(dict(self.headers))
            writer.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(writer.status)
            if writer.location:
                self.send_header("Location", writer.location)
            self.send_header("Content-Type", "application/json")
            length = len(writer.body) if writer.length is None else writer.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            try:
                if writer.drip:
                    for byte in writer.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(writer.drip)
                else:
                    self.wfile.write(writer.body)
            except OSError:
                pass

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def writing_server() -> Iterator[Writer]:
    writer = Writer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(writer))
    writer.address = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield writer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
