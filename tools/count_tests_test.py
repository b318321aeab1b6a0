"""Tests of count_tests.py over made-up runs."""

import io
import json
import os
import tempfile
import unittest

from tools import count_tests
from tools.testing import report


def suites(*cases, extra=""):
    return f"<testsuites><testsuite name='s'>{''.join(cases)}{extra}</testsuite></testsuites>"


def case(name, inside="", attributes="status='run' result='completed'"):
    return f"<testcase classname='Suite' name='{name}' {attributes}>{inside}</testcase>"


class CountTestsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.events = []

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def result(self, label, xml, shard=1, attempt=1):
        name = {"label": label, "run": 1, "shard": shard, "attempt": attempt}
        outputs = []
        if xml is not None:
            path = self.write(f"{len(self.events)}.xml", xml)
            outputs = [{"name": "test.log", "uri": "file:///x"}, {"name": "test.xml", "uri": f"file://{path}"}]
        self.events.append({"id": {"testResult": name}, "testResult": {"testActionOutput": outputs}})

    def summary(self, label, status="PASSED"):
        self.events.append(
            {"id": {"testSummary": {"label": label}}, "testSummary": {"overallStatus": status}}
        )

    def run_count(self, exit_code=0, xml=(), environment=None):
        path = self.write("events.json", "\n".join(json.dumps(event) for event in self.events))
        out = io.StringIO()
        arguments = [part for file in xml for part in ("--xml", file)] + [f"opt={path}:{exit_code}"]
        code = count_tests.main(arguments, environment or {}, out)
        return code, out.getvalue().splitlines()

    def test_counts_cases_of_every_shard(self):
        self.result("//a:t", suites(case("One"), case("Two")), shard=1)
        self.result("//a:t", suites(case("Three")), shard=2)
        self.summary("//a:t")
        self.assertEqual(self.run_count(), (0, ["3 passed, 0 failed"]))

    def test_names_what_failed(self):
        self.result("//a:t", suites(case("Good"), case("Bad", "<failure message='m'/>")))
        self.summary("//a:t", "FAILED")
        self.assertEqual(
            self.run_count(3), (1, ["FAILED: opt //a:t Suite.Bad", "1 passed, 1 failed"])
        )

    def test_skipped_case_is_named_and_fails_only_in_ci(self):
        self.result("//a:t", suites(case("Ran"), case("Left", "<skipped/>", "result='skipped'")))
        self.summary("//a:t")
        name = "skipped: opt //a:t Suite.Left"
        self.assertEqual(self.run_count(), (0, [name, "1 passed, 0 failed"]))
        self.assertEqual(
            self.run_count(environment={"CI": "true"}), (1, [name, "1 passed, 1 failed"])
        )

    def test_disabled_case_counts_as_skipped(self):
        disabled = case("DISABLED_X", "", "status='notrun' result='suppressed'")
        self.result("//a:t", suites(case("Ran"), disabled))
        self.summary("//a:t")
        self.assertEqual(self.run_count()[1][0], "skipped: opt //a:t Suite.DISABLED_X")

    def test_only_the_last_attempt_counts(self):
        self.result("//a:t", suites(case("X", "<failure/>")), attempt=1)
        self.result("//a:t", suites(case("X")), attempt=2)
        self.summary("//a:t", "FLAKY")
        self.assertEqual(self.run_count(), (0, ["1 passed, 0 failed"]))

    def test_program_that_fails_after_its_cases_is_a_failure(self):
        self.result("//a:t", suites(case("X")))
        self.summary("//a:t", "FAILED")
        code, lines = self.run_count(3)
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed"))
        self.assertIn("//a:t: failed outside its cases", lines[0])

    def test_bazels_own_report_of_a_script_that_failed(self):
        self.result("//a:sh", suites(case("a/sh"), extra="<error message='exited with 1'/>"))
        self.summary("//a:sh", "FAILED")
        self.assertEqual(self.run_count(3)[1][-1], "0 passed, 1 failed")

    def test_time_limit_without_a_report(self):
        self.result("//a:t", None)
        self.summary("//a:t", "TIMEOUT")
        code, lines = self.run_count(3)
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))
        self.assertIn("no report", lines[0])

    def test_report_that_breaks_off(self):
        self.result("//a:t", "<testsuites><testsuite>")
        self.summary("//a:t", "FAILED")
        self.assertEqual(self.run_count(3)[1][-1], "0 passed, 1 failed")

    def test_target_that_does_not_build(self):
        self.events.append({"id": {"targetCompleted": {"label": "//a:t"}}, "completed": {}})
        self.summary("//a:t", "FAILED_TO_BUILD")
        self.assertEqual(
            self.run_count(1), (1, ["FAILED: opt //a:t: does not build", "0 passed, 1 failed"])
        )

    def test_target_that_cannot_be_analysed(self):
        self.events.append(
            {"id": {"targetCompleted": {"label": "//a:t"}}, "aborted": {"reason": "ANALYSIS_FAILURE"}}
        )
        self.assertEqual(self.run_count(1)[0], 1)

    def test_bazel_that_fails_by_itself(self):
        self.result("//a:t", suites(case("X")))
        self.summary("//a:t")
        self.assertEqual(
            self.run_count(37), (1, ["FAILED: opt: bazel ended with 37", "1 passed, 1 failed"])
        )

    def test_no_events(self):
        out = io.StringIO()
        code = count_tests.main([f"opt={self.folder}/absent:1"], {}, out)
        self.assertEqual(code, 1)
        self.assertTrue(out.getvalue().endswith("0 passed, 1 failed\n"))

    def test_nothing_ran_is_no_success(self):
        self.assertEqual(self.run_count(4), (1, ["0 passed, 0 failed"]))

    def test_report_made_without_bazel(self):
        path = self.write("own.xml", suites(case("MakeRun")))
        self.assertEqual(self.run_count(4, xml=[path]), (0, ["1 passed, 0 failed"]))

    def test_several_runs_are_summed(self):
        self.result("//a:t", suites(case("X")))
        self.summary("//a:t")
        path = self.write("events.json", "\n".join(json.dumps(event) for event in self.events))
        out = io.StringIO()
        self.assertEqual(count_tests.main([f"opt={path}:0", f"asan={path}:0"], {}, out), 0)
        self.assertEqual(out.getvalue(), "2 passed, 0 failed\n")


if __name__ == "__main__":
    report.main()
