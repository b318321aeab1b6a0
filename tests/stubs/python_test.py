"""Python: generates the stubs with grpcio-tools, imports them and writes what a caller writes."""

import glob
import importlib
import os
import unittest

import grpc
from google.protobuf import json_format

from tests.support.server_and_stubs import generate_stubs
from tools.testing import report

MODULES = ("message", "request", "response", "error_reason", "chat_service", "debug_service", "model", "model_service")


class PythonStubsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        generate_stubs("--pyi_out={folder}")

    def module(self, name):
        return importlib.import_module(f"sparkgate.v1.{name}")

    def test_every_module_imports(self):
        found = {os.path.basename(path)[: -len(".proto")] for path in glob.glob("proto/sparkgate/v1/*.proto")}
        self.assertEqual(found, set(MODULES))
        for name in MODULES:
            self.module(f"{name}_pb2")
            self.module(f"{name}_pb2_grpc")

    def test_request_prints_the_upstreams_names(self):
        message = self.module("message_pb2").ChatMessage
        request = self.module("request_pb2").ChatRequest(
            model="sim/echo",
            max_tokens=5,
            messages=[message(role="system", content=""), message(role="tool", tool_call_id="call_1")],
        )
        body = json_format.MessageToDict(request)
        self.assertEqual(body["max_tokens"], 5)
        self.assertEqual(body["messages"][0], {"role": "system", "content": ""})
        self.assertEqual(body["messages"][1]["tool_call_id"], "call_1")

    def test_an_http_body_is_a_request(self):
        body = '{"model":"m","messages":[{"role":"user","content":"Hi"}],"top_p":0.5,"stop":["END"]}'
        request = json_format.Parse(body, self.module("request_pb2").ChatRequest())
        self.assertEqual((request.top_p, list(request.stop)), (0.5, ["END"]))

    def test_the_loop_that_people_have(self):
        text = '{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}'
        chunk = json_format.Parse(text, self.module("response_pb2").StreamChatResponse())
        self.assertEqual(chunk.choices[0].delta.content, "Hi")
        self.assertEqual(chunk.choices[0].finish_reason, "stop")

    def test_client_stub_and_servicer(self):
        services = self.module("chat_service_pb2_grpc")
        with grpc.insecure_channel("127.0.0.1:1") as channel:
            stub = services.ChatServiceStub(channel)
            self.assertTrue(callable(stub.Chat) and callable(stub.StreamChat))
        self.assertTrue(hasattr(services.ChatServiceServicer, "StreamChat"))


if __name__ == "__main__":
    report.main()
