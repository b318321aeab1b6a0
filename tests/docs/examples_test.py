"""Every command of docs/examples.md, as it stands there, against the real server and the simulator: it works,
prints what the page says, and makes the same call upstream as its neighbour in the other program."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.request

from tools.testing import report

PAGE = pathlib.Path("docs/examples.md").read_text(encoding="utf-8")
# What the page says, where a test has free ports.
SERVER, SIMULATOR = "127.0.0.1:50051", "127.0.0.1:8089"
FLAGS = ("--tools", "--image", "--schema", "--reasoning", "--logprobs", "--explain", " models")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND_SECONDS = 60


def sections():
    """Title to [(command, what it prints), (the same with grpcurl)]."""
    found = {}
    for section in PAGE.split("\n## ")[1:]:
        title = section.split("\n", 1)[0]
        blocks = BLOCK.findall(section)
        kinds = [kind for kind, _ in blocks]
        if kinds != ["sh", "text", "sh", "text"]:
            raise ValueError(f"{title}: a command, what it prints, and both for grpcurl are expected: {kinds}")
        texts = [text for _, text in blocks]
        found[title] = [(texts[0], texts[1]), (texts[2], texts[3])]
    return found


def pattern(expected):
    """A regular expression for the whole output: a line `…` is any lines, `…` within one any text."""
    parts = []
    for line in expected.splitlines():
        parts.append(r"(?:[^\n]*\n)*?" if line == "…" else re.escape(line).replace("…", "[^\n]*") + r"\n")
    return re.compile("".join(parts))


def start(arguments, environment=None):
    """(process, HOST:PORT), once it says where it listens."""
    process = subprocess.Popen(
        arguments, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE, text=True
    )
    found = re.search(r"listening on (\S+:\d+)", process.stdout.readline())
    if not found:
        process.kill()
        raise AssertionError(f"{arguments[0]} does not say where it listens")
    return process, found.group(1)


class ExamplesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.simulator = cls.run_program(["simulator/sparkgate-sim", "--listen=127.0.0.1:0", "--first_token_delay=0ms"])
        cls.server = cls.run_program(
            [
                "service/sparkgate",
                "--listen=127.0.0.1:0",
                f"--upstream_url=http://{cls.simulator}/inference/v1",
                "--debug_service",
            ],
            {"FIREWORKS_API_KEY": "made-up-key-for-the-simulator"},
        )
        # A root as the reader's: programs, tools and files where the page says.
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="sparkgate-examples-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        (cls.root / "bin").mkdir()
        (cls.root / "bin/sparkgate-chat").symlink_to(pathlib.Path("client/sparkgate-chat").resolve())
        (cls.root / ".tools").mkdir()
        (cls.root / ".tools/bin").symlink_to(os.environ["SPARKGATE_TEST_TOOLS"])
        (cls.root / "docs").symlink_to(pathlib.Path("docs").resolve())

    @classmethod
    def run_program(cls, arguments, environment=None):
        process, address = start(arguments, environment)

        def stop():
            process.kill()
            process.communicate()

        cls.addClassCleanup(stop)
        return address

    def shell(self, command):
        """What the command prints, both outputs as a terminal would mix them."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.root), "SPARKGATE_SERVER": self.server}
        result = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace(SERVER, self.server)],
            cwd=self.root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        self.assertEqual(result.returncode, 0, result.stdout)
        return result.stdout.replace(self.simulator, SIMULATOR)

    def ask_simulator(self, path):
        with urllib.request.urlopen(f"http://{self.simulator}/_sim/{path}", timeout=10) as answer:
            return json.load(answer)

    def last_call(self):
        """What the upstream got last: (target, body)."""
        target = self.ask_simulator("status?limit=1")["recent_requests"][0]["target"]
        body = self.ask_simulator("requests?limit=1")["requests"][0]["body"]
        return target, json.loads(body) if body else None

    def run_section(self, chat, grpcurl):
        self.assertIn("bin/sparkgate-chat", chat[0])
        self.assertIn(".tools/bin/grpcurl", grpcurl[0])
        printed, calls, counts = [], [], []
        for command, expected in (chat, grpcurl):
            before = self.ask_simulator("status?limit=1")["requests"]
            printed.append(self.shell(command))
            self.assertRegex(expected, r"[^\s…]", "an example that shows nothing proves nothing")
            self.assertTrue(
                pattern(expected).fullmatch(printed[-1]), f"{command}\nprints\n{printed[-1]}\nnot\n{expected}"
            )
            counts.append(self.ask_simulator("status?limit=1")["requests"] - before)
            calls.append(self.last_call() if counts[-1] else None)
        if "--explain" in chat[0]:
            self.assertEqual(counts, [0, 0], "nobody is called")
            self.same_explanation(*printed)
        else:
            self.assertGreater(min(counts), 0)
            self.assertEqual(*calls)

    def same_explanation(self, text, answer):
        explained = json.loads(answer)
        head, body = text.split("\n\n")
        self.assertEqual(body, explained["stream_body_json"] + "\n")
        self.assertEqual(head.splitlines()[0], f"{explained['method']} {explained['url']}")
        self.assertEqual(
            {line.split(": ")[0] for line in head.splitlines()[1:]}, set(explained["headers"])
        )

    def test_the_page_shows_every_flag(self):
        commands = "".join(chat for (chat, _), _ in sections().values())
        for flag in FLAGS:
            self.assertIn(flag, commands)


def case(title, examples):
    def test(self):
        self.run_section(*examples)

    name = "test_" + re.sub(r"\W+", "_", title.lower()).strip("_")
    test.__name__ = name
    if hasattr(ExamplesTest, name):
        raise ValueError(f"two sections are called {title}")
    setattr(ExamplesTest, name, test)


for title_, examples_ in sections().items():
    case(title_, examples_)

if __name__ == "__main__":
    report.main()
