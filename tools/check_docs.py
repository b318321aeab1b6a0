#!/usr/bin/env python3
"""Checks that the documents name only what is there: files they link to, and the tests that docs/reliability.md names."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
# Not a file's name, such as `SECURITY.md`.
TEST = re.compile(r"`([A-Z]\w+)\.(?!md`)(\w+)`")


def tracked(*patterns):
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )
    return [ROOT / name for name in listing.stdout.splitlines()]


def dead_links(page):
    for target in LINK.findall(page.read_text()):
        if "://" not in target and not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)}: no file {target}"


def tests():
    """Suite.Test of C++, Class.test_name of Python."""
    names = set()
    for source in tracked("*.cc"):  # some tables of tests are shared by several programs
        names.update(re.findall(r"^TEST(?:_[FP])?\((\w+), (\w+)\)", source.read_text(), re.MULTILINE))
    for source in tracked("*_test.py"):
        suite = ""
        for line in source.read_text().splitlines():
            if found := re.match(r"class (\w+)", line):
                suite = found[1]
            elif found := re.match(r"    (?:async )?def (test_\w+)", line):
                names.add((suite, found[1]))
    return names


def missing_tests(page):
    there = tests()
    for name in TEST.findall(page.read_text()):
        if name not in there:
            yield f"{page.relative_to(ROOT)}: no test {'.'.join(name)}"


def main():
    faults = [fault for page in tracked("*.md") for fault in dead_links(page)]
    faults += missing_tests(ROOT / "docs/reliability.md")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
