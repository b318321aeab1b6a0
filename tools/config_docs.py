#!/usr/bin/env python3
"""Writes the list of settings in docs/configuration.md from the server's own --help.

    .tools/bin/python3 tools/config_docs.py bin/sparkgate      (run from the root; `make docs`)

tests/docs regenerates and compares.
"""

import re
import subprocess
import sys

OUTPUT = "docs/configuration.md"
BEGIN = "<!-- begin: written by tools/config_docs.py -->\n"
END = "<!-- end -->\n"


def settings(help_text):
    """Yields (name, default, words) for each flag of a --help text, in its order."""
    for block in re.split(r"\n\n(?=  --)", help_text)[1:]:
        first, *rest = block.strip("\n").splitlines()
        match = re.fullmatch(r"  --(\w+)(?:=(.*))?", first)
        words = " ".join(line.strip() for line in rest if line.startswith("      "))
        yield match.group(1), match.group(2) or "", words


def table(help_text):
    lines = ["| flag, or key of the file | default | |\n", "|---|---|---|\n"]
    for name, default, words in settings(help_text):
        shown = f"`{default}`" if default else ""
        words = words.replace("|", "\\|")
        lines.append(f"| `--{name}` | {shown} | {words} |\n")
    return "".join(lines)


def page(text, help_text):
    """`text`, the page, with the list made anew."""
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + table(help_text) + END + after


def help_of(program):
    return subprocess.run([program, "--help"], check=True, capture_output=True, text=True).stdout


def main():
    with open(OUTPUT) as file:
        text = file.read()
    text = page(text, help_of(sys.argv[1]))
    with open(OUTPUT, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
