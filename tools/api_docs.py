#!/usr/bin/env python3
"""Writes docs/api.md from the comments of proto/: what each field is, and where it is proven.

    .tools/bin/python3 tools/api_docs.py            writes docs/api.md (run from the root; `make docs`)

Needs protoc and the protobuf package of tools/requirements.txt. tests/docs regenerates and compares.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

OUTPUT = "docs/api.md"
PACKAGE = ".sparkgate.v1."
FILES = (
    "chat_service",
    "request",
    "message",
    "response",
    "model_service",
    "model",
    "debug_service",
    "error_reason",
)
# Where the codec begins to walk, and the golden files that its walk has written.
ROOTS = {
    "request": ("ChatRequest", "json"),
    "chat": ("ChatResponse", "txt"),
    "stream": ("StreamChatResponse", "txt"),
    "models": ("ListModelsResponse", "txt"),
}
# Messages that the codec does not translate: the file with a test of this suite for each field, named as it.
TESTED = {"ExplainChatResponse": "tests/api/explain_test.cc"}

INTRODUCTION = """# The API, field by field

<!-- Made by tools/api_docs.py from the comments in proto/sparkgate/v1: change those, then `make docs`. -->

Names and values are the upstream's own. *Key* is the member of the upstream's JSON that a field is sent as or
read from; where two fields have the same key, they are the forms of one union, and at most one of them may be
set. *Proof* names the golden files below `tests/data/golden` that hold the exact translation: `request`, what a
request becomes; `chat`, `stream` and `models`, what an answer becomes; or it names the test of the field.

Every scalar of a request knows whether it is set: what is not set is not sent, and 0, false and "" are sent.
"""

TYPES = {
    value: name[len("TYPE_") :].lower()
    for name, value in descriptor_pb2.FieldDescriptorProto.Type.items()
}
FIELD = descriptor_pb2.FieldDescriptorProto


def descriptor_set():
    paths = [f"proto/sparkgate/v1/{name}.proto" for name in FILES]
    left = set(glob.glob("proto/sparkgate/v1/*.proto")) - set(paths)
    if left:
        raise SystemExit(f"tools/api_docs.py does not know {sorted(left)}: add them to FILES")
    with tempfile.NamedTemporaryFile() as binary:
        command = ["protoc", "-Iproto", "--include_source_info", f"--descriptor_set_out={binary.name}"]
        subprocess.run(command + paths, check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(binary.read()).file
    by_name = {os.path.basename(file.name)[: -len(".proto")]: file for file in files}
    return [by_name[name] for name in FILES]


def exceptions():
    """(message, field) -> (key, direction), of the codec's own table."""
    with open("service/translate/field_overrides.cc") as source:
        rows = re.findall(
            r'\{"(\w+)",\s*"(\w+)",\s*"(\w*)",\s*Form::\w+,\s*Direction::(\w+),', source.read()
        )
    if len(rows) < 15:
        raise SystemExit("the rows of service/translate/field_overrides.cc are not found: has their form changed?")
    return {(message, field): (key, direction) for message, field, key, direction in rows}


class Docs:
    def __init__(self):
        self.files = descriptor_set()
        self.exceptions = exceptions()
        self.messages = {message.name: message for file in self.files for message in file.message_type}
        self.walked = {folder: self._walk(folder, root) for folder, (root, _) in ROOTS.items()}
        self.open_rows = []  # "Message.field": what nothing proves

    def _walk(self, folder, root):
        """The messages that a root's translation meets."""
        met, waiting = set(), [root]
        while waiting:
            name = waiting.pop()
            if name in met:
                continue
            met.add(name)
            for field in self.messages[name].field:
                child = field.type_name.removeprefix(PACKAGE)
                if child in self.messages and self._goes(folder, name, field.name):
                    waiting.append(child)
        return met

    def _goes(self, folder, message, field):
        """Whether a field has a part in this direction. Requests walk all: what is not sent is proven, too."""
        direction = self.exceptions.get((message, field), ("", "kBoth"))[1]
        return folder == "request" or (direction != "kSentOnly" and field != "extra_body_json")

    def key(self, message, field):
        if not any(message in met for met in self.walked.values()):
            return ""
        if field.name in ("extra_body_json", "extra_json"):
            return "its members"
        if (message, field.name) == ("PerfMetrics", "other"):
            return "all others"
        key = self.exceptions.get((message, field.name), ("", ""))[0]
        if key:
            return f"`{key}`"
        if message == "ImageData":
            return "in the URL of `image_url`" if field.name != "detail" else "`detail`"
        return f"`{field.json_name.removesuffix('_json')}`"

    def proof(self, message, field):
        if message in TESTED:
            return self._test(message, field)
        wanted = [
            f"{folder}/{message}.{field.name}.{ROOTS[folder][1]}"
            for folder, met in self.walked.items()
            if message in met and self._goes(folder, message, field.name)
        ]
        missing = [name for name in wanted if not os.path.exists(f"tests/data/golden/{name}")]
        if missing or not wanted:
            self.open_rows.append(f"{message}.{field.name}")
        there = [name for name in wanted if name not in missing]
        links = [f"[{name.split('/')[0]}](../tests/data/golden/{name})" for name in there]
        return ", ".join(links + ["**open**"] * bool(missing or not wanted))

    def _test(self, message, field):
        with open(TESTED[message]) as source:
            if f"TEST_F({message}, {field.name})" in source.read():
                return f"[{field.name}](../{TESTED[message]})"
        self.open_rows.append(f"{message}.{field.name}")
        return "**open**"

    def type_of(self, message, field):
        def one(field):
            name = field.type_name.removeprefix(PACKAGE)
            if field.type == FIELD.TYPE_MESSAGE:
                return f"[{name}](#{name.lower()})"
            return name if field.type == FIELD.TYPE_ENUM else TYPES[field.type]

        for nested in message.nested_type:
            if field.type_name == f"{PACKAGE}{message.name}.{nested.name}":
                return f"map of {one(nested.field[0])} to {one(nested.field[1])}"
        return f"list of {one(field)}" if field.label == FIELD.LABEL_REPEATED else one(field)

    def text(self):
        parts = [INTRODUCTION]
        for file in self.files:
            comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
            for index, service in enumerate(file.service):
                parts += self._service(service, comments, (6, index))
            for index, message in enumerate(file.message_type):
                parts += self._message(message, comments, (4, index))
            for index, enum in enumerate(file.enum_type):
                parts += self._enum(enum, comments, (5, index))
        return "\n".join(parts)

    def _service(self, service, comments, path):
        rows = []
        for index, method in enumerate(service.method):
            request, answer = (name.removeprefix(PACKAGE) for name in (method.input_type, method.output_type))
            stream = "stream of " * method.server_streaming
            rows.append(
                f"| `{method.name}` | [{request}](#{request.lower()}) | {stream}[{answer}](#{answer.lower()}) "
                f"| {cell(comments.get(path + (2, index), ''))} |"
            )
        head = ["| RPC | Request | Answer | Meaning |", "|---|---|---|---|"]
        return [f"## {service.name}\n", paragraphs(comments.get(path, "")), *head, *rows, ""]

    def _message(self, message, comments, path):
        rows = [
            f"| `{field.name}` | {self.type_of(message, field)} | {self.key(message.name, field)} "
            f"| {cell(comments.get(path + (2, index), ''))} | {self.proof(message.name, field)} |"
            for index, field in enumerate(message.field)
        ]
        if rows:
            rows = ["| Field | Type | Key | Meaning | Proof |", "|---|---|---|---|---|"] + rows + [""]
        return [f"## {message.name}\n", paragraphs(comments.get(path, "")), *rows]

    def _enum(self, enum, comments, path):
        rows = [
            f"| `{value.name}` | {value.number} | {cell(comments.get(path + (2, index), ''))} |"
            for index, value in enumerate(enum.value)
        ]
        head = ["| Value | Number | Meaning |", "|---|---|---|"]
        return [f"## {enum.name}\n", paragraphs(comments.get(path, "")), *head, *rows, ""]


def paragraphs(comment):
    blocks = re.split(r"\n\s*\n", comment.strip())
    return "\n\n".join(" ".join(block.split()) for block in blocks) + "\n"


def cell(comment):
    return paragraphs(comment).strip().replace("|", "\\|").replace("\n\n", "<br>")


def main():
    docs = Docs()
    text = docs.text()
    with open(OUTPUT, "w") as output:
        output.write(text)
    for row in docs.open_rows:
        print(f"nothing proves {row}", file=sys.stderr)
    sys.exit(1 if docs.open_rows else 0)


if __name__ == "__main__":
    main()
