"""docs/configuration.md lists what the server's --help says, and all of it."""

import unittest

from tools import config_docs
from tools.testing import report

SERVER = "service/sparkgate"


class ConfigDocsTest(unittest.TestCase):
    def test_the_list_is_up_to_date(self):
        with open(config_docs.OUTPUT) as file:
            text = file.read()
        self.assertEqual(text, config_docs.page(text, config_docs.help_of(SERVER)), "run `make docs`")

    def test_every_flag_is_there(self):
        help_text = config_docs.help_of(SERVER)
        flags = [name for name, _, _ in config_docs.settings(help_text)]
        self.assertEqual(len(flags), sum(line.startswith("  --") for line in help_text.splitlines()))
        self.assertGreater(len(flags), 30)
        for name, _, words in config_docs.settings(help_text):
            self.assertTrue(words, name)


if __name__ == "__main__":
    report.main()
