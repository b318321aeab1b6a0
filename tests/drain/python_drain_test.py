"""SIGTERM as a caller in Python sees it, with every kind of call open at once."""

import http.server
import json
import queue
import threading
import time
import unittest

import grpc

from tests.support.server_and_stubs import KEY, start_server
from tools.testing import report

WATCH = "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
SERVING, NOT_SERVING = b"\x08\x01", b"\x08\x02"
# file_containing_symbol: 16,000 letters, which the answer repeats. So few requests fill every window.
SYMBOL = b"\x22\x80\x7d" + 16000 * b"x"
# model: "m", messages: [{role: "user", content: "Hi"}]
REQUEST = b"\x0a\x01m\x12\x0a\x0a\x04user\x12\x02Hi"


class Upstream(http.server.BaseHTTPRequestHandler):
    """Begins a stream and ends it when told to; answers Chat then as well."""

    protocol_version = "HTTP/1.1"
    waiting = threading.Semaphore(0)
    go_on = threading.Event()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        stream = body.get("stream", False)
        if stream:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.event({"choices": [{"index": 0, "delta": {"content": "Hel"}}]})
        self.waiting.release()
        self.go_on.wait(60)
        if stream:
            self.event({"choices": [{"index": 0, "delta": {"content": "lo"}, "finish_reason": "stop"}]})
            self.wfile.write(b"data: [DONE]\n\n")
        else:
            message = {"role": "assistant", "content": "Hello"}
            text = json.dumps({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def event(self, chunk):
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, *arguments):
        pass


class PythonDrainTest(unittest.TestCase):
    def setUp(self):
        Upstream.go_on.clear()
        self.upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        self.upstream.daemon_threads = True
        threading.Thread(target=self.upstream.serve_forever, daemon=True).start()
        self.addCleanup(self.upstream.shutdown)

    def start(self, grace):
        self.server, address = start_server(self.upstream, f"--drain_grace={grace}")
        self.addCleanup(self.server.kill)
        # Without its own estimate of the bandwidth, the library takes 64 KiB and no more.
        channel = grpc.insecure_channel(address, options=[("grpc.http2.bdp_probe", 0)])
        self.addCleanup(channel.close)
        return channel

    def end(self):
        _, errors = self.server.communicate(timeout=60)
        self.assertEqual(self.server.returncode, 0, errors)
        self.assertNotIn(KEY, errors)

    def open_everything(self, channel):
        """A stream that has begun, a Chat that waits, a Watch, and a reflection stream whose handler is stuck."""
        chat = channel.unary_unary("/sparkgate.v1.ChatService/Chat").future(REQUEST)
        stream = channel.unary_stream("/sparkgate.v1.ChatService/StreamChat")(REQUEST)
        watch = channel.unary_stream(WATCH)(b"")
        self.assertEqual(next(watch), SERVING)
        # Requests without end, and nobody reads the answers: once they fill the window, the handler's
        # write blocks, then the requests do. The last one that was taken is long out of the queue.
        taken = queue.Queue(maxsize=1)
        stop = threading.Event()

        def ask():
            while not stop.is_set():
                yield SYMBOL
                try:
                    taken.put_nowait(None)
                except queue.Full:
                    pass

        self.reflection = channel.stream_stream(REFLECTION)(ask())
        self.addCleanup(stop.set)
        while True:
            try:
                taken.get(timeout=1)
            except queue.Empty:
                break
        for _ in range(2):
            self.assertTrue(Upstream.waiting.acquire(timeout=60))
        return chat, stream, watch

    def test_running_calls_finish_beside_a_stuck_handler_and_a_watch(self):
        chat, stream, watch = self.open_everything(self.start("60s"))
        begun = time.monotonic()
        self.server.terminate()
        self.assertEqual(next(watch), NOT_SERVING)
        Upstream.go_on.set()
        self.assertIn(b"Hello", chat.result(timeout=60))
        self.assertIn(b"lo", b"".join(stream))
        self.end()
        self.assertLess(time.monotonic() - begun, 30, "the handler or the Watch held it until the grace was over")
        with self.assertRaises(grpc.RpcError):
            list(self.reflection)

    def test_an_overrun_is_told(self):
        chat, stream, _ = self.open_everything(self.start("1s"))
        self.server.terminate()
        for call in (chat, stream):
            with self.assertRaises(grpc.RpcError) as raised:
                call.result(timeout=60) if call is chat else list(call)
            self.assertEqual(raised.exception.code(), grpc.StatusCode.ABORTED)
            trailers = dict(raised.exception.trailing_metadata())
            self.assertIn(b"DRAIN_CUT", trailers["grpc-status-details-bin"])
            self.assertEqual(trailers["grpc-retry-pushback-ms"], "-1")
        self.end()


if __name__ == "__main__":
    report.main()
