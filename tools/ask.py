#!/usr/bin/env python3
"""Asks Sparkgate one question and prints the answer as it arrives.

    ask.py SERVER MODEL QUESTION

Needs the PyPI packages grpcio and grpcio-tools (`make tools`). The stubs are made from proto/ on the spot; a
program of your own generates them once.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "proto"))

import grpc  # noqa: E402  (the .proto files are looked for on sys.path)

request = grpc.protos("sparkgate/v1/request.proto")
message = grpc.protos("sparkgate/v1/message.proto")
services = grpc.services("sparkgate/v1/chat_service.proto")


def main(server, model, question):
    chat_request = request.ChatRequest(
        model=model, messages=[message.ChatMessage(role="user", content=question)]
    )
    with grpc.insecure_channel(server) as channel:
        stub = services.ChatServiceStub(channel)
        try:
            for chunk in stub.StreamChat(chat_request, timeout=60):
                print(chunk.choices[0].delta.content, end="", flush=True)
        except grpc.RpcError as error:
            sys.exit(f"\n{error.code().name}: {error.details()}")
    print()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
