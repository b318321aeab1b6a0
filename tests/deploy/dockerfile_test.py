"""deploy/Dockerfile: its structure, and that it installs every library the program links to.

There is no engine here to build it with, so the file is read, and the built program is asked by ldd.
"""

import json
import os
import re
import subprocess
import unittest

from tools.testing import report

DOCKERFILE = "deploy/Dockerfile"
PROGRAM = "service/sparkgate"
# In every Debian image, or no package of its own.
ALWAYS_THERE = {"libc6", "libgcc-s1", "libstdc++6", "zlib1g"}


def instructions(text):
    """(instruction, arguments) with continued lines joined and comments gone."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(None, 1)) for line in joined.splitlines() if line.strip()]


def owners(libraries):
    """The packages of files; ldd and dpkg may disagree on /lib against /usr/lib."""
    packages = set()
    for library in libraries:
        for path in (library, os.path.realpath(library), "/usr" + library):
            found = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
            if found.returncode == 0:
                packages.add(found.stdout.split(":")[0])
                break
        else:
            raise AssertionError(f"no package owns {library}")
    return packages


class DockerfileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(DOCKERFILE, encoding="utf-8") as file:
            cls.all = instructions(file.read())
        starts = [i for i, (name, _) in enumerate(cls.all) if name == "FROM"]
        cls.builder = cls.all[starts[0] : starts[1]]
        cls.runtime = cls.all[starts[1] :]
        cls.stages = len(starts)

    def values(self, stage, name):
        return [arguments for instruction, arguments in stage if instruction == name]

    def test_two_stages_on_named_bases(self):
        self.assertEqual(self.stages, 2)
        bases = dict(value.split("=") for value in self.values(self.all, "ARG"))
        self.assertEqual(bases, {"BUILDER": "debian:12", "RUNTIME": "debian:12-slim"})

    def test_only_the_program_comes_over(self):
        self.assertEqual(
            self.values(self.runtime, "COPY"),
            ["--from=builder /out/sparkgate /usr/local/bin/sparkgate"],
        )
        self.assertEqual(self.values(self.all, "ADD"), [])

    def test_runs_as_a_number_that_is_no_root(self):
        users = self.values(self.runtime, "USER")
        self.assertEqual(len(users), 1)
        user, group = users[0].split(":")
        self.assertGreaterEqual(int(user), 10000)
        self.assertGreaterEqual(int(group), 10000)
        after = [name for name, _ in self.runtime[self.runtime.index(("USER", users[0])) :]]
        self.assertNotIn("RUN", after)

    def test_program_is_the_first_process_and_gets_the_signal(self):
        entry = json.loads(self.values(self.runtime, "ENTRYPOINT")[0])
        self.assertEqual(entry, ["/usr/local/bin/sparkgate"])
        self.assertEqual(self.values(self.runtime, "STOPSIGNAL"), ["SIGTERM"])
        self.assertTrue(all(arg.startswith("--") for arg in json.loads(self.values(self.runtime, "CMD")[0])))

    def test_no_secret_and_no_environment(self):
        self.assertEqual(self.values(self.all, "ENV"), [])
        for _, arguments in self.all:
            self.assertNotIn("FIREWORKS_API_KEY", arguments)

    def test_package_lists_do_not_stay(self):
        for run in self.values(self.all, "RUN"):
            if "apt-get" in run or "install_dependencies" in run:
                self.assertIn("rm -rf /var/lib/apt/lists/*", run)
        self.assertIn("--no-install-recommends", self.values(self.runtime, "RUN")[0])

    def test_installs_every_library_that_the_program_links_to(self):
        run = self.values(self.runtime, "RUN")[0]
        installed = set(run.split("--no-install-recommends")[1].split("&&")[0].split())
        listing = subprocess.run(["ldd", PROGRAM], check=True, capture_output=True, text=True).stdout
        self.assertNotIn("not found", listing)
        linked = subprocess.run(
            ["readelf", "-d", PROGRAM], check=True, capture_output=True, text=True
        ).stdout
        # Libraries of libraries come with their packages; ours are those that the program names itself.
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", linked))
        paths = [
            match[2] for match in re.finditer(r"(\S+) => (\S+)", listing) if match[1] in needed
        ]
        self.assertTrue(paths)
        self.assertEqual(owners(paths) - ALWAYS_THERE - installed, set())
        self.assertIn("ca-certificates", installed)

    def test_context_has_what_the_build_needs(self):
        with open("deploy/Dockerfile.dockerignore", encoding="utf-8") as file:
            lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
        self.assertEqual(lines[0], "*")
        for needed in ("base", "proto", "service", "third_party", "WORKSPACE", ".bazelrc"):
            self.assertIn(f"!{needed}", lines)


if __name__ == "__main__":
    report.main()
