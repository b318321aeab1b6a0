"""A caller in Python: hundreds of calls at once, the loop that people have, and errors with details."""

import asyncio
import http.server
import json
import threading
import time
import unittest

import grpc
from google.rpc import error_details_pb2, status_pb2

from docs.examples import leave_stream
from tests.support.server_and_stubs import KEY, generate_stubs, start_server
from tools.testing import report

USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers right, but for models whose names say otherwise."""

    protocol_version = "HTTP/1.1"
    waiting = threading.Semaphore(0)
    go_on = threading.Event()
    left = threading.Semaphore(0)  # once for each endless stream whose reader has gone

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if body["model"] == "missing":
            self.answer(404, {"error": {"message": "Model not found", "code": "NOT_FOUND"}})
        elif body["model"] == "endless":
            self.stream_for_ever()
        elif body.get("stream"):
            self.stream(["Hel", "lo"])
        else:
            if body["model"] == "waits":
                self.waiting.release()
                self.go_on.wait(20)
            message = {"role": "assistant", "content": "Hello"}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self.answer(200, {"id": "c", "model": "m", "choices": [choice], "usage": USAGE})

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def begin_stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def stream_for_ever(self):
        self.begin_stream()
        self.close_connection = True
        event = {"id": "c", "choices": [{"index": 0, "delta": {"content": "word "}}]}
        text = f"data: {json.dumps(event)}\n\n".encode()
        try:
            while True:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
                time.sleep(0.005)  # the pace of a model
        except OSError:
            self.left.release()

    def stream(self, pieces):
        self.begin_stream()
        events = [{"id": "c", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        events.append({"id": "c", "choices": [last], "usage": USAGE})
        for data in [json.dumps(event) for event in events] + ["[DONE]"]:
            text = f"data: {data}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(text), text))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


class PythonClientTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        generate_stubs()
        from sparkgate.v1 import chat_service_pb2_grpc, error_reason_pb2, message_pb2, request_pb2

        cls.stub_class = chat_service_pb2_grpc.ChatServiceStub
        cls.request_class, cls.message_class = request_pb2.ChatRequest, message_pb2.ChatMessage
        cls.reasons = error_reason_pb2.ErrorReason
        cls.upstream = Server(("127.0.0.1", 0), Upstream)
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.process, cls.address = start_server(cls.upstream)

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        output, errors = cls.process.communicate(timeout=30)
        cls.upstream.shutdown()
        if cls.process.returncode != 0 or KEY in output + errors:
            raise AssertionError(f"exit code {cls.process.returncode}, or the key is in the log:\n{errors}")

    def request(self, model="m", **members):
        return self.request_class(
            model=model, messages=[self.message_class(role="user", content="Hello")], **members
        )

    async def test_two_hundred_calls_at_once(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub = self.stub_class(channel)
            calls = [asyncio.ensure_future(stub.Chat(self.request("waits"))) for _ in range(200)]
            loop = asyncio.get_running_loop()
            for _ in calls:  # all of them are upstream before one is answered
                there = await loop.run_in_executor(None, lambda: Upstream.waiting.acquire(timeout=20))
                self.assertTrue(there)
            Upstream.go_on.set()
            answers = await asyncio.gather(*calls)
        self.assertEqual({answer.choices[0].message.content for answer in answers}, {"Hello"})
        self.assertEqual(answers[0].usage.total_tokens, 7)

    async def test_the_loop_that_people_have(self):
        text = ""
        async with grpc.aio.insecure_channel(self.address) as channel:
            async for chunk in self.stub_class(channel).StreamChat(self.request()):
                if chunk.choices[0].delta.content:
                    text += chunk.choices[0].delta.content
                if chunk.choices[0].finish_reason:
                    self.assertEqual(chunk.usage.total_tokens, 7)
        self.assertEqual(text, "Hello")

    async def upstream_was_left(self):
        loop = asyncio.get_running_loop()
        self.assertTrue(await loop.run_in_executor(None, lambda: Upstream.left.acquire(timeout=10)))

    async def test_a_stream_that_is_left_in_the_safe_form_ends_upstream(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            stub = self.stub_class(channel)
            text = await leave_stream.first_text(stub, self.request("endless"))
            self.assertTrue(text.startswith("word "))
            await self.upstream_was_left()
            # Increments that wait for the reader are joined.
            text = await leave_stream.first_text(stub, self.request(), timeout=30)
            self.assertIn(text, ("Hel", "Hello"))

    async def test_a_loop_that_fails_in_the_safe_form_ends_upstream(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            call = self.stub_class(channel).StreamChat(self.request("endless"))
            with self.assertRaises(ZeroDivisionError):
                try:
                    async for _ in call:
                        raise ZeroDivisionError
                finally:
                    call.cancel()
            await self.upstream_was_left()

    async def test_a_task_that_is_cancelled_in_the_loop_ends_upstream(self):
        async def read_all(stub):
            async for _ in stub.StreamChat(self.request("endless")):
                pass

        async with grpc.aio.insecure_channel(self.address) as channel:
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(read_all(self.stub_class(channel)), timeout=0.5)
            await self.upstream_was_left()

    async def test_a_loop_that_blocks_in_the_safe_form_ends_upstream(self):
        with grpc.insecure_channel(self.address) as channel:
            stub = self.stub_class(channel)
            text = leave_stream.first_text_blocking(stub, self.request("endless"))
            self.assertTrue(text.startswith("word "))
            await self.upstream_was_left()

    async def test_a_deadline_ends_upstream(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            with self.assertRaises(grpc.aio.AioRpcError) as raised:
                async for _ in self.stub_class(channel).StreamChat(self.request("endless"), timeout=0.5):
                    pass
            self.assertEqual(raised.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
            await self.upstream_was_left()

    async def test_leaving_the_loop_alone_is_not_enough(self):
        """If this fails, grpc.aio has learnt it, and docs/examples.md may say so."""
        async with grpc.aio.insecure_channel(self.address) as channel:
            call = self.stub_class(channel).StreamChat(self.request("endless"))
            async for _ in call:
                break
            loop = asyncio.get_running_loop()
            left = await loop.run_in_executor(None, lambda: Upstream.left.acquire(timeout=1))
            self.assertFalse(left)
            call.cancel()
            await self.upstream_was_left()

    def details_of(self, error):
        trailers = dict(error.trailing_metadata())
        status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
        self.assertEqual(status.message, error.details())
        found = {}
        for detail in status.details:
            for kind in (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo):
                if detail.Is(kind.DESCRIPTOR):
                    found[kind] = kind()
                    detail.Unpack(found[kind])
        return found

    async def test_errors_have_details(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            with self.assertRaises(grpc.aio.AioRpcError) as raised:
                await self.stub_class(channel).Chat(self.request("missing"))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.NOT_FOUND)
        info = self.details_of(raised.exception)[error_details_pb2.ErrorInfo]
        self.assertEqual((info.domain, info.reason), ("sparkgate", "MODEL_NOT_FOUND"))
        self.assertIn("ERROR_REASON_" + info.reason, self.reasons.keys())
        self.assertEqual((info.metadata["http_status"], info.metadata["may_have_run"]), ("404", "false"))

    async def test_bad_requests_name_the_field(self):
        async with grpc.aio.insecure_channel(self.address) as channel:
            with self.assertRaises(grpc.aio.AioRpcError) as raised:
                await self.stub_class(channel).Chat(self.request(temperature=float("nan")))
        self.assertEqual(raised.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        violations = self.details_of(raised.exception)[error_details_pb2.BadRequest].field_violations
        self.assertEqual([violation.field for violation in violations], ["temperature"])


if __name__ == "__main__":
    report.main()
