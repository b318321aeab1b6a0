"""`make run` from a clean clone: the ready line, every printed command as it is printed, Ctrl-C, and what is
left. Not run by Bazel, since it runs Bazel: .ci/run calls it and adds its report to the count.

    python3 tests/run/make_run_test.py        (from the root; committed files only are tested)
"""

import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tools.testing import report  # noqa: E402

BUILD_SECONDS = 1800
STOP_SECONDS = 40
READY = re.compile(r"Sparkgate is ready on (\S+:\d+), in front of (.*)\.$")
LAST_LINE = "Ctrl-C here ends everything"


class MakeRun:
    """One running `make run`, in a process group of its own as in a terminal."""

    def __init__(self, clone, **variables):
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("FIREWORKS_API_KEY", "UPSTREAM_URL", "LISTEN", "RUN_PORT", "MODEL", "XML_OUTPUT_FILE")
        }
        settings = [f"{name}={value}" for name, value in variables.items() if name in ("LISTEN", "RUN_PORT")]
        environment.update({k: v for k, v in variables.items() if k not in ("LISTEN", "RUN_PORT")})
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["make", "--no-print-directory", "run", *settings],
            cwd=clone,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines = []
        self.arrived = queue.Queue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self.arrived.put(line.rstrip("\n"))
        self.arrived.put(None)

    def wait_until_ready(self):
        """Returns (address, upstream, commands)."""
        end = time.monotonic() + BUILD_SECONDS
        while time.monotonic() < end:
            line = self.arrived.get(timeout=BUILD_SECONDS)
            if line is None:
                raise AssertionError("ended before it was ready:\n" + "\n".join(self.lines[-40:]))
            if line.startswith(LAST_LINE):
                break
        self.seconds = time.monotonic() - self.started
        ready = next(index for index, line in enumerate(self.lines) if READY.match(line))
        address, upstream = READY.match(self.lines[ready]).groups()
        commands = [line.strip() for line in self.lines[ready:] if line.startswith("    ")]
        return address, upstream, commands

    def stop(self, signal_number=signal.SIGINT):
        """What Ctrl-C in a terminal does: the signal goes to the whole foreground group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal_number)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        self.reader.join(STOP_SECONDS)


def running_from(folder):
    """Command lines of all processes whose program is in the folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            program = os.readlink(entry / "exe")
            if program.startswith(str(folder)):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # ended meanwhile, or a kernel thread
    return found


class MakeRunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="sparkgate-clone-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.clone = cls.folder / "sparkgate"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(cls.clone)], check=True)
        # Built by `make tools` of the tree that is tested; `make run` itself fetches none of them.
        if (ROOT / ".tools").is_dir():
            (cls.clone / ".tools").symlink_to(ROOT / ".tools")
        cls.addClassCleanup(cls.expunge)
        cls.run_ = MakeRun(cls.clone, LISTEN="127.0.0.1:0")
        cls.addClassCleanup(cls.run_.stop)
        cls.address, cls.upstream, cls.commands = cls.run_.wait_until_ready()
        print(f"first `make run` of a clean clone: ready after {cls.run_.seconds:.1f} s")

    @classmethod
    def expunge(cls):
        bazel = os.environ.get("BAZEL", "bazel").split()
        subprocess.run([*bazel, "clean", "--expunge"], cwd=cls.clone, capture_output=True, check=False)

    def shell(self, command, cwd=None):
        """A printed command as a newcomer pastes it: in a shell, from the folder of the clone."""
        return subprocess.run(
            command, shell=True, cwd=cwd or self.clone, capture_output=True, text=True, timeout=60, check=False
        )

    def printed(self, word):
        found = [command for command in self.commands if word in command]
        self.assertTrue(found, f"no command with {word} in {self.commands}")
        return found

    def test_1_says_where_it_listens_and_before_what(self):
        self.assertRegex(self.address, r"^127\.0\.0\.1:[1-9]\d*$")
        self.assertIn("simulator", self.upstream)

    def test_2_every_printed_command_works(self):
        self.assertGreaterEqual(len(self.commands), 2)
        for command in self.commands:
            with self.subTest(command=command):
                result = self.shell(command)
                self.assertEqual(result.returncode, 0, result.stderr + result.stdout)
                self.assertTrue(result.stdout.strip(), "it printed nothing")

    def test_2_the_terminal_client_is_among_them(self):
        result = self.shell(self.printed("bin/sparkgate-chat")[0])
        self.assertGreater(len(result.stdout.split()), 3, result.stdout)

    @unittest.skipUnless((ROOT / ".tools/bin/grpcurl").exists(), "no grpcurl: make tools")
    def test_2_grpcurl_prints_the_upstreams_names(self):
        for method, text in (
            ("ChatService/StreamChat", '"finish_reason": "stop"'),
            ("ChatService/Chat", '"finish_reason": "stop"'),
            ("ModelService/ListModels", '"supports_chat": true'),
            ("DebugService/ExplainChat", '"authorization": "redacted"'),
        ):
            (command,) = [command for command in self.printed("grpcurl") if command.endswith(method)]
            self.assertIn(text, self.shell(command).stdout)

    def test_3_simulator_has_seen_the_calls(self):
        status_url = self.printed("/_sim/status")[0].split()[-1]
        with urllib.request.urlopen(status_url, timeout=10) as answer:
            status = json.load(answer)
        self.assertGreaterEqual(status["finished"], 1, status)

    def test_4_a_port_that_is_taken_is_said_and_ends_it(self):
        second = MakeRun(self.clone, LISTEN=self.address)
        second.process.wait(BUILD_SECONDS)
        second.reader.join(STOP_SECONDS)
        self.assertNotEqual(second.process.returncode, 0)
        text = "\n".join(second.lines)
        self.assertIn(self.address, text)
        self.assertIn("make run RUN_PORT=", text)

    def test_5_another_upstream_by_its_url(self):
        simulator = subprocess.Popen(
            [self.clone / "bin/sparkgate-sim", "--listen=127.0.0.1:0"], stdout=subprocess.PIPE, text=True
        )
        try:
            address = simulator.stdout.readline().split()[-1]
            url = f"http://{address}/inference/v1"
            other = MakeRun(
                self.clone,
                LISTEN="127.0.0.1:0",
                UPSTREAM_URL=url,
                FIREWORKS_API_KEY="made-up-key",
                MODEL="sim/echo",
            )
            try:
                _, upstream, commands = other.wait_until_ready()
                print(f"second `make run`: ready after {other.seconds:.1f} s")
                self.assertEqual(upstream, f"{url}, with the key in FIREWORKS_API_KEY")
                self.assertFalse([command for command in commands if "_sim/status" in command])
                result = self.shell(commands[0])
                self.assertEqual(result.returncode, 0, result.stderr)
                self.assertIn("Hello", result.stdout)
            finally:
                other.stop()
        finally:
            simulator.kill()
            simulator.communicate()

    def test_6_leaves_nothing_in_the_tree(self):
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=self.clone, check=True, capture_output=True, text=True
        )
        # The link to the tools is this test's own; a folder would be ignored.
        self.assertEqual(status.stdout.replace("?? .tools\n", ""), "")

    def test_9_ctrl_c_ends_everything(self):
        self.assertTrue(running_from(self.clone))
        self.run_.stop()
        self.assertEqual(running_from(self.clone), [])
        self.assertIn("Stopping.", self.run_.lines)


if __name__ == "__main__":
    report.main()
