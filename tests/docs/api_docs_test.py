"""docs/api.md is what tools/api_docs.py makes of the .proto files, and every field has its proof."""

import re
import unittest

from tools import api_docs
from tools.testing import report

class ApiDocsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.docs = api_docs.Docs()
        cls.text = cls.docs.text()

    def test_the_document_is_up_to_date(self):
        with open(api_docs.OUTPUT) as file:
            self.assertEqual(file.read(), self.text, "run `make docs`")

    def test_no_row_is_open(self):
        self.assertEqual(self.docs.open_rows, [])
        self.assertNotIn("**open**", self.text)

    def test_a_field_without_a_proof_is_found(self):
        docs = api_docs.Docs()
        for message in ("ChatRequest", "ChatResponse", "Model", "ExplainChatResponse"):
            field = api_docs.FIELD(name="made_up", json_name="made_up")
            self.assertIn("**open**", docs.proof(message, field))
        self.assertEqual(
            docs.open_rows,
            ["ChatRequest.made_up", "ChatResponse.made_up", "Model.made_up", "ExplainChatResponse.made_up"],
        )

    def test_every_field_has_a_comment(self):
        for row in self.rows():
            self.assertTrue(row[3], row)

    def test_every_field_is_there_once(self):
        fields = sum(len(message.field) for message in self.docs.messages.values())
        self.assertGreater(fields, 150)
        self.assertEqual(len(self.rows()), fields)

    def test_keys_are_the_upstreams(self):
        keys = {}
        section = ""
        for line in self.text.splitlines():
            if line.startswith("## "):
                section = line[3:]
            elif cells := self.cells(line):
                keys[f"{section}.{cells[0].strip('`')}"] = cells[2]
        for field, key in {
            "ChatRequest.top_k": "`top_k`",
            "ChatRequest.logprobs_count": "`logprobs`",
            "ChatMessage.content_parts": "`content`",
            "ContentPart.image_data": "`image_url`",
            "ResponseFormat.schema_json": "`schema`",
            "ResponseFormat.json_schema_json": "`json_schema`",
            "PerfMetrics.prompt_tokens": "`prompt-tokens`",
            "Usage.prompt_tokens": "`prompt_tokens`",
            "Choice.extra_json": "its members",
            "Model.owned_by": "`owned_by`",
            "ExplainChatResponse.url": "",
        }.items():
            self.assertEqual(keys[field], key, field)

    @staticmethod
    def cells(line):
        """The five cells of a field's row; nothing for other lines."""
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)][1:-1]
        return cells if len(cells) == 5 and cells[0].startswith("`") else []

    def rows(self):
        return [cells for line in self.text.splitlines() if (cells := self.cells(line))]


if __name__ == "__main__":
    report.main()
