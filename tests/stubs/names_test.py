"""The names that callers see: every field of more than one word keeps the upstream's name in JSON."""

import glob
import subprocess
import tempfile
import unittest

from tools.testing import report

# A descriptor set is read with protoc itself: no Python package is needed, and the text form is stable.
DESCRIPTOR = "google.protobuf.FileDescriptorSet"
PROTOS = sorted(glob.glob("proto/sparkgate/v1/*.proto"))


def descriptor_text():
    with tempfile.NamedTemporaryFile() as binary:
        subprocess.run(
            ["protoc", "-Iproto", f"--descriptor_set_out={binary.name}", *PROTOS], check=True
        )
        decoded = subprocess.run(
            ["protoc", f"--decode={DESCRIPTOR}", "google/protobuf/descriptor.proto", "-I/usr/include"],
            stdin=open(binary.name, "rb"),
            check=True,
            capture_output=True,
            text=True,
        )
    return decoded.stdout


def fields(text):
    """(message, field name, json name) of every field, by the nesting of the text form."""
    path, found, values = [], [], {}
    for line in text.splitlines():
        line = line.strip()
        if line.endswith("{"):
            path.append([line[:-1].strip(), None])
            values = {}
        elif line == "}":
            kind, _ = path.pop()
            if kind == "field":
                owner = ".".join(name for kind, name in path if kind in ("message_type", "nested_type"))
                found.append((owner, values["name"], values["json_name"]))
        elif line.startswith("name: ") and path:
            name = line[len("name: ") :].strip('"')
            if path[-1][1] is None:
                path[-1][1] = name
            values["name"] = name
        elif line.startswith("json_name: "):
            values["json_name"] = line[len("json_name: ") :].strip('"')
    return found


class NamesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fields = fields(descriptor_text())

    def test_the_fields_were_found(self):
        self.assertGreater(len(self.fields), 100)
        self.assertIn(("ChatMessage", "tool_call_id", "tool_call_id"), self.fields)

    def test_json_name_is_the_fields_own_name(self):
        wrong = [
            field
            for field in self.fields
            # Perf metrics have the names of the upstream's headers; map entries have only key and value.
            if field[0] != "PerfMetrics" and field[1] != field[2]
        ]
        self.assertEqual(wrong, [])

    def test_perf_metrics_have_the_upstreams_hyphens(self):
        metrics = [field for field in self.fields if field[0] == "PerfMetrics"]
        self.assertTrue(metrics)
        for _, name, json_name in metrics:
            self.assertIn(json_name, (name, name.replace("_", "-")))
        self.assertIn(
            ("PerfMetrics", "server_time_to_first_token", "server-time-to-first-token"), metrics
        )

    def test_comments_are_ascii(self):
        # They become Java sources, which a caller's javac reads in the encoding of his locale.
        for path in PROTOS:
            with open(path, "rb") as file:
                self.assertTrue(file.read().isascii(), path)

    def test_no_names_clash_in_java_or_python(self):
        # Two fields of a message that differ only in case or underscores become one accessor.
        accessors = [(owner, name.replace("_", "").lower()) for owner, name, _ in self.fields]
        double = {accessor for accessor in accessors if accessors.count(accessor) > 1}
        self.assertEqual(double, set())


if __name__ == "__main__":
    report.main()
