"""Runs a unittest module and writes a JUnit report, so that Bazel's reports name its cases.

    if __name__ == "__main__":
        report.main()
"""

import os
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree


class _Result(unittest.TextTestResult):
    """Remembers every case with its outcome and time."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.cases = []
        self._problems = None

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._problems = []

    def stopTest(self, test):
        super().stopTest(test)
        self.cases.append((test.id(), time.monotonic() - self._started, self._problems))
        self._problems = None

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._problems.append(("failure", self.failures[-1][1]))

    def addError(self, test, err):
        super().addError(test, err)
        if self._problems is not None:
            self._problems.append(("error", self.errors[-1][1]))
        else:  # setUpClass or setUpModule: no case has started.
            self.cases.append((str(test), 0.0, [("error", self.errors[-1][1])]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._problems.append(("failure", f"{subtest}\n{self._exc_info_to_string(err, test)}"))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        if self._problems is not None:
            self._problems.append(("skipped", reason))
        else:
            self.cases.append((str(test), 0.0, [("skipped", reason)]))


def _write(cases, path):
    suite = ElementTree.Element("testsuite", name="unittest", tests=str(len(cases)))
    for name, seconds, problems in cases:
        class_name, _, method = name.rpartition(".")
        case = ElementTree.SubElement(
            suite, "testcase", classname=class_name, name=method, time=f"{seconds:.3f}"
        )
        for kind, text in problems:
            ElementTree.SubElement(case, kind, message=text.strip().splitlines()[-1]).text = text
    ElementTree.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def main(module="__main__"):
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[module])
    runner = unittest.TextTestRunner(resultclass=_Result, verbosity=2)
    result = runner.run(suite)
    if os.environ.get("XML_OUTPUT_FILE"):
        _write(result.cases, os.environ["XML_OUTPUT_FILE"])
    if result.testsRun == 0:
        print("no test was run", file=sys.stderr)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
