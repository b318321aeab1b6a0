#!/usr/bin/env python3
"""Counts test cases, not targets, over several runs of `bazel test`.

    count_tests.py [--xml FILE]... NAME=EVENTS_FILE:EXIT_CODE...

Each argument is one run: its name (the configuration), the file of --build_event_json_file and Bazel's
exit code. The events name the XML report of every test that was asked for, also when its result came out
of the cache, so reports of other runs are never counted. --xml adds a report that was made without Bazel.

Prints what failed and what was skipped, by name, and last `N passed, N failed`. A skipped case counts as
failed if CI is set. The exit code is 0 only if at least one case passed and none failed.
"""

import argparse
import collections
import json
import os
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ElementTree

# What `bazel test` may exit with when the build itself was fine: all passed; some failed; no tests.
HANDLED_EXIT_CODES = (0, 3, 4)

Target = collections.namedtuple("Target", "label passed reports")


class Count:
    """Names of the cases that failed or were skipped, and how many passed."""

    def __init__(self):
        self.passed = 0
        self.failed = []
        self.skipped = []

    def add(self, outcome, name):
        if outcome == "passed":
            self.passed += 1
        else:
            getattr(self, outcome).append(name)


def read_events(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def path_of(uri):
    return urllib.request.url2pathname(urllib.parse.urlsplit(uri).path)


def report_of(event):
    for output in event["testResult"].get("testActionOutput", []):
        if output["name"] == "test.xml":
            return path_of(output["uri"])
    return None


def targets_of(events):
    """Every test target of one run, with the reports of its shards (the last attempt of each)."""
    reports = collections.defaultdict(dict)
    passed = {}
    for event in events:
        if "testResult" in event:
            name = event["id"]["testResult"]
            where = (name.get("run", 1), name.get("shard", 1))
            attempts = reports[name["label"]]
            if where not in attempts or attempts[where][0] < name.get("attempt", 1):
                attempts[where] = (name.get("attempt", 1), report_of(event))
        elif "testSummary" in event:
            label = event["id"]["testSummary"]["label"]
            passed[label] = event["testSummary"]["overallStatus"] in ("PASSED", "FLAKY")
    return [
        Target(label, ok, [path for _, (_, path) in sorted(reports[label].items())])
        for label, ok in sorted(passed.items())
    ]


def unbuilt_targets(events):
    """Labels that could not be built or analysed, tests or not."""
    labels = set()
    for event in events:
        name = event.get("id", {}).get("targetCompleted")
        if name and not event.get("completed", {}).get("success", False):
            labels.add(name["label"])
    return sorted(labels)


def outcome_of(case):
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    # GoogleTest says notrun of a disabled case, and skipped of one that left early.
    if case.find("skipped") is not None or case.get("status") == "notrun":
        return "skipped"
    return "skipped" if case.get("result") == "skipped" else "passed"


def cases_of(path):
    """(outcome, name) of every case of one report; raises if it is no whole report."""
    cases = []
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        suite_failed = suite.find("error") is not None or suite.find("failure") is not None
        for case in suite.findall("testcase"):
            name = ".".join(filter(None, [case.get("classname"), case.get("name")]))
            # Bazel's own report of a test without one puts the error beside its single case.
            cases.append(("failed" if suite_failed else outcome_of(case), name))
    return cases


def count_target(count, run, target):
    failed_before = len(count.failed)
    for report in target.reports:
        try:
            cases = cases_of(report)
        except (OSError, TypeError, ElementTree.ParseError) as error:
            count.add("failed", f"{run} {target.label}: no report ({error})")
            continue
        for outcome, name in cases:
            count.add(outcome, f"{run} {target.label} {name}")
    if not target.passed and len(count.failed) == failed_before:
        # All cases are fine, the program is not: a leak report, a crash at exit, a time limit.
        count.add("failed", f"{run} {target.label}: failed outside its cases, see its log")


def count_run(count, argument):
    run, _, rest = argument.partition("=")
    path, _, exit_code = rest.rpartition(":")
    try:
        events = read_events(path)
    except (OSError, ValueError) as error:
        count.add("failed", f"{run}: no events of the run ({error})")
        return
    failed_before = len(count.failed)
    unbuilt = unbuilt_targets(events)
    for label in unbuilt:
        count.add("failed", f"{run} {label}: does not build")
    for target in targets_of(events):
        if target.label not in unbuilt:
            count_target(count, run, target)
    if int(exit_code) not in HANDLED_EXIT_CODES and len(count.failed) == failed_before:
        count.add("failed", f"{run}: bazel ended with {exit_code}")


def count_report(count, path):
    try:
        for outcome, name in cases_of(path):
            count.add(outcome, name)
    except (OSError, ElementTree.ParseError) as error:
        count.add("failed", f"{path}: no report ({error})")


def main(arguments, environment=os.environ, out=sys.stdout):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--xml", action="append", default=[])
    parser.add_argument("runs", nargs="*")
    options = parser.parse_args(arguments)

    count = Count()
    for run in options.runs:
        count_run(count, run)
    for report in options.xml:
        count_report(count, report)

    for name in count.skipped:
        print(f"skipped: {name}", file=out)
    for name in count.failed:
        print(f"FAILED: {name}", file=out)
    failed = len(count.failed) + (len(count.skipped) if environment.get("CI") else 0)
    print(f"{count.passed} passed, {failed} failed", file=out)
    return 0 if failed == 0 and count.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
