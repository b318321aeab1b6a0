"""The arguments in deploy/ are arguments that the built program takes."""

import json
import re
import subprocess
import tempfile
import unittest

import yaml

from tools.testing import report

PROGRAM = "service/sparkgate"


def manifest_arguments():
    with open("deploy/kubernetes.yaml", encoding="utf-8") as file:
        for document in yaml.safe_load_all(file):
            if document["kind"] == "Deployment":
                return document["spec"]["template"]["spec"]["containers"][0]["args"]
    raise AssertionError("no Deployment")


def image_arguments():
    with open("deploy/Dockerfile", encoding="utf-8") as file:
        return json.loads(re.search(r"^CMD (.*)$", file.read(), re.MULTILINE)[1])


class ArgumentsTest(unittest.TestCase):
    def check(self, arguments):
        """Lets the program check them; the key's path is the container's, so a file of ours stands in."""
        with tempfile.NamedTemporaryFile("w", suffix="-api-key") as key:
            key.write("made-up-key\n")
            key.flush()
            ours = [
                f"--api_key_file={key.name}" if arg.startswith("--api_key_file=") else arg
                for arg in arguments
            ]
            self.assertNotEqual(ours, arguments)
            return subprocess.run(
                [PROGRAM, "--check_config", *ours], capture_output=True, text=True, env={}, timeout=20
            )

    def test_the_manifests(self):
        result = self.check(manifest_arguments())
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_the_images(self):
        result = self.check(image_arguments())
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_an_unknown_one_is_refused(self):
        result = self.check(manifest_arguments() + ["--no_such_flag=1"])
        self.assertNotEqual(result.returncode, 0)


if __name__ == "__main__":
    report.main()
