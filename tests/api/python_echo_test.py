"""What an upstream sent in one turn, it finds in the next: the loop of docs/examples/join_deltas.py."""

import http.server
import json
import threading
import unittest

import grpc

from docs.examples import join_deltas
from tests.support.server_and_stubs import generate_stubs, start_server
from tools.testing import report

# Deltas, and the message that they are.
ANSWERS = [
    ([{"role": "assistant", "content": "He"}, {"content": "llo"}], {"content": "Hello"}),
    ([{"reasoning_content": ""}, {"content": ""}], {"content": "", "reasoning_content": ""}),
    (
        [
            {"reasoning": "h", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "h", "format": "f"}]},
            {"reasoning": "m", "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "m", "format": "f"}]},
            {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": "Zm9v", "format": "f"}]},
            {"reasoning_details": [{"type": "reasoning.encrypted", "index": 0, "data": "QQ"}], "content": "Yes", "n": 1.5},
        ],
        {
            "content": "Yes",
            "reasoning_content": "hm",
            "n": 1.5,
            "reasoning_details": [
                {"type": "reasoning.text", "index": 0, "text": "hm", "format": "f", "signature": "Zm9v"},
                {"type": "reasoning.encrypted", "index": 0, "data": "QQ"},
            ],
        },
    ),
    (
        [
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}]},
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "m"}], "closed": True}]},
            {"content": [{"type": "text", "text": "Hel"}]},
            {"content": "lo"},
        ],
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "closed": True},
                {"type": "text", "text": "Hello"},
            ]
        },
    ),
    (
        [
            {"tool_calls": [{"index": 0, "id": "A", "type": "function", "sig": {"s": "Q"}, "function": {"name": "f", "arguments": "{", "u": [1]}}]},
            {"tool_calls": [{"index": 0, "sig": {"s": "Q"}, "function": {"arguments": "}", "u": [2]}}]},
            {"tool_calls": [{"index": 1, "id": "B", "type": "custom", "custom": {"name": "g", "input": "x"}}], "sealed": ["QQ"]},
        ],
        {
            "sealed": ["QQ"],
            "tool_calls": [
                {"id": "A", "type": "function", "sig": {"s": "QQ"}, "function": {"name": "f", "arguments": "{}", "u": [1, 2]}},
                {"id": "B", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
    ),
]


class Upstream(http.server.BaseHTTPRequestHandler):
    """Answers with the deltas of the model's number."""

    protocol_version = "HTTP/1.1"
    bodies = []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        deltas, _ = ANSWERS[int(body["model"])]
        choices = [{"index": 0, "delta": delta} for delta in deltas]
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        for choice in choices:
            self.wfile.write(f"data: {json.dumps({'id': 'c', 'choices': [choice]})}\n\n".encode())
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def log_message(self, *arguments):
        pass


class PythonEchoTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        generate_stubs()
        from sparkgate.v1 import chat_service_pb2_grpc, message_pb2, request_pb2

        cls.request_class, cls.message_class = request_pb2.ChatRequest, message_pb2.ChatMessage
        cls.upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
        threading.Thread(target=cls.upstream.serve_forever, daemon=True).start()
        cls.process, address = start_server(cls.upstream, "--no_api_key")
        cls.channel = grpc.insecure_channel(address)
        cls.stub = chat_service_pb2_grpc.ChatServiceStub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.process.terminate()
        cls.process.communicate(timeout=30)
        cls.upstream.shutdown()

    def answer(self, request):
        message = self.message_class()
        for chunk in self.stub.StreamChat(request, timeout=30):
            join_deltas.add_delta(message, chunk.choices[0].delta)
        return message

    def test_an_upstream_finds_what_it_had_sent(self):
        for number, (_, message) in enumerate(ANSWERS):
            with self.subTest(message):
                request = self.request_class(model=str(number))
                request.messages.append(self.message_class(role="user", content="q"))
                for _ in range(2):
                    request.messages.append(self.answer(request))
                    request.messages.append(self.message_class(role="user", content="r"))
                self.answer(request)
                found = Upstream.bodies[-1]["messages"]
                expected = {"role": "assistant", **message}
                self.assertEqual([found[1], found[3]], [expected, expected])


if __name__ == "__main__":
    report.main()
