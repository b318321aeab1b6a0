#!/usr/bin/env python3
"""Asks a real upstream what its documentation leaves open, and prints the answers.

    FIREWORKS_API_KEY=... tools/live_checks.py [--url URL] [--model MODEL]

A handful of small calls that cost a few hundred tokens; no load, and nothing is provoked on purpose but
two refused requests. Without a key it says what is missing and calls nobody. Prints no key. The answers
belong into an issue or an ADR with their date: the upstream may change them any day.
"""

import argparse
import http.client
import json
import os
import socket
import struct
import sys
import time
import urllib.parse

QUESTION = [{"role": "user", "content": "Count from one to twenty in words."}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class Upstream:
    def __init__(self, url, key, model):
        self.url = urllib.parse.urlsplit(url)
        self.key = key
        self.model = model

    def connect(self):
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        return kind(self.url.hostname, self.url.port, timeout=60)

    def post(self, body):
        """The connection and the response of one call."""
        connection = self.connect()
        headers = {"content-type": "application/json", "authorization": "Bearer " + self.key}
        body = {"model": self.model, "messages": QUESTION, "max_tokens": 40, **body}
        body = {name: value for name, value in body.items() if value is not None}
        connection.request("POST", self.url.path + "/chat/completions", json.dumps(body), headers)
        return connection, connection.getresponse()

    def whole(self, body):
        connection, response = self.post(body)
        text = response.read().decode("utf-8", "replace")
        connection.close()
        return response, text

    def chunks(self, body):
        """Status, headers, the events' data and the comment lines of one stream."""
        response, text = self.whole({"stream": True, **body})
        lines = text.splitlines()
        data = [line[5:].strip() for line in lines if line.startswith("data:")]
        comments = [line for line in lines if line.startswith(":")]
        parsed = [json.loads(item) for item in data if item not in ("", "[DONE]")]
        return response, parsed, comments, data[-1:] == ["[DONE]"]


def say(question, answer):
    print(f"{question}\n    {answer}")


def usage_place(chunks):
    places = []
    for chunk in chunks:
        if not chunk.get("usage"):
            continue
        choices = chunk.get("choices") or []
        if not choices:
            places.append("a trailing chunk without choices")
        elif choices[0].get("finish_reason"):
            places.append("the finish chunk")
        else:
            places.append("another chunk")
    return ", ".join(places) or "no chunk"


def stream_options(upstream):
    for options in (None, {"include_usage": True}):
        response, chunks, comments, done = upstream.chunks({"stream_options": options})
        say(f"stream_options {json.dumps(options)}: accepted, and where is usage?",
            f"HTTP {response.status}; usage on {usage_place(chunks)}; {len(chunks)} chunks, "
            f"{len(comments)} comments, [DONE] {'came' if done else 'did not come'}")


def refusals(upstream):
    for name, body in (("a wrong type", {"temperature": "hot"}), ("an unknown field", {"no_such_field": 1})):
        response, text = upstream.whole(body)
        say(f"{name}: which status and shape?", f"HTTP {response.status}; {text[:300]}")
    retry = [name for name, _ in response.getheaders() if "retry" in name.lower()]
    say("retry headers on a refusal?", ", ".join(retry) or "none (a 429 or 503 was not provoked)")


def tool_deltas(upstream):
    body = {"messages": [{"role": "user", "content": "What is the weather in Paris?"}], "tools": [WEATHER],
            "tool_choice": "required", "max_tokens": 200}
    response, chunks, _, _ = upstream.chunks(body)
    fragments = [call for chunk in chunks for choice in chunk.get("choices") or []
                 for call in choice.get("delta", {}).get("tool_calls") or []]
    keys = sorted({key for fragment in fragments for key in fragment})
    say("tool-call deltas: which members?",
        f"HTTP {response.status}; {len(fragments)} fragments with {', '.join(keys) or 'none'}")


def perf_metrics(upstream):
    response, chunks, _, _ = upstream.chunks({"perf_metrics_in_response": True})
    metrics = {}
    for chunk in chunks:
        metrics.update(chunk.get("perf_metrics") or {})
    types = ", ".join(f"{name}: {type(value).__name__}" for name, value in sorted(metrics.items()))
    say("perf_metrics in a stream: which JSON types?", f"HTTP {response.status}; {types or 'none'}")
    names = [name.lower() for name, _ in response.getheaders()]
    say("metrics and limits in a stream's headers?",
        ", ".join(n for n in names if n.startswith(("fireworks-", "x-ratelimit-", "x-request-id"))) or "none")


def default_max_tokens(upstream):
    response, text = upstream.whole({"max_tokens": None, "messages": [
        {"role": "user", "content": "Write the word tick three thousand times, separated by spaces."}]})
    try:
        answer = json.loads(text)
        choice = answer["choices"][0]
        result = f"{choice['finish_reason']} after {answer['usage']['completion_tokens']} tokens"
    except (ValueError, KeyError, IndexError):
        result = text[:200]
    say("max_tokens absent: where does it end?", f"HTTP {response.status}; {result}")


def abort(upstream):
    connection, response = upstream.post({"stream": True, "max_tokens": 400})
    response.read(200)
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    response.close()  # it shares the socket: the last of the two to close resets
    connection.close()
    say("a stream was reset after its first bytes",
        f"at {time.strftime('%H:%M:%S')}; compare the account's usage page: up to 400 tokens, or a few?")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--url", default="https://api.fireworks.ai/inference/v1")
    parser.add_argument("--model", default="accounts/fireworks/models/deepseek-v3p1")
    parser.add_argument("--long", action="store_true", help="also the check that generates thousands of tokens")
    arguments = parser.parse_args()
    key = os.environ.get("FIREWORKS_API_KEY", "")
    if not key:
        print("FIREWORKS_API_KEY is not set: nothing was checked.")
        return 2
    upstream = Upstream(arguments.url, key, arguments.model)
    for check in (stream_options, refusals, tool_deltas, perf_metrics, abort):
        check(upstream)
    if arguments.long:
        default_max_tokens(upstream)
    return 0


if __name__ == "__main__":
    sys.exit(main())
