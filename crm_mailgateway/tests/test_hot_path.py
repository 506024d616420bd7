from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from odoo.addons.base.models.ir_qweb import IrQweb

from .common import GatewayCommon, compose


@tagged("post_install", "-at_install")
class TestHotPath(GatewayCommon):
    """What a mail may ask the database, with nothing in the cache."""

    def cost(self, content):
        """Return the number of queries of one mail, and its row."""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        row = self.receive(content)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before, row

    def test_a_new_mail(self):
        self.receive(compose("Warm up"))
        queries, row = self.cost(compose("Measured"))
        self.assertEqual((row.state, row.ack_state), ("processed", "pending"))
        self.assertLessEqual(queries, 39)

    def assertFetchesFew(self, content, *tables):
        """Check that no wide table is read as a whole for this mail."""
        queries = []
        execute = Cursor.execute

        def listen(cr, query, *args, **options):
            queries.append(getattr(query, "code", query))
            return execute(cr, query, *args, **options)

        with patch.object(Cursor, "execute", listen):
            self.cost(content)
        for table in tables:
            read = [
                query.count(f'"{table}".')
                for query in queries
                if f'FROM "{table}"' in query and query.startswith("SELECT")
            ]
            self.assertTrue(read, f"{table} is not read at all")
            self.assertLess(max(read), 40, table)

    def test_few_columns_are_read(self):
        """A company has ninety columns, a case as many: a mail needs some of them."""
        first = self.receive(compose("Narrow"))
        self.assertFetchesFew(compose("Narrow, too"), "res_company")
        answer = {"In_Reply_To": first.message_id, "References": first.message_id}
        self.receive(compose("Re: Narrow", "Warm up", **answer))
        self.assertFetchesFew(
            compose("Re: Narrow", "Measured", **answer), "res_company", "crm_case"
        )

    def test_an_answer_costs_the_same_in_a_long_conversation(self):
        first = self.receive(compose("A long story"))
        costs = []
        for number in range(15):
            answer = compose(
                "Re: A long story",
                f"Chapter {number}",
                In_Reply_To=first.message_id,
                References=first.message_id,
            )
            queries, row = self.cost(answer)
            self.assertEqual(row.case_id, first.case_id)
            costs.append(queries)
        # What Odoo keeps for all mails may be asked for anew by one of them.
        self.assertLessEqual(min(costs[-5:]), min(costs[:5]))
        self.assertLessEqual(min(costs), 34)
        self.assertLessEqual(max(costs[1:]), 40)

    def test_thanks_cost_little_more_for_many(self):
        def thank(count):
            rows = [self.receive(compose(f"{count}.{n}")) for n in range(count)]
            found = [("journal_id", "in", [row.id for row in rows])]
            results = self.env["crm.mailgateway.result"].search(found)
            # The sender of all of them is thanked a few times an hour only.
            results.write({"ack_state": "pending", "ack_terms": False})
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            with patch.object(
                IrQweb,
                "_generate_code_uncached",
                autospec=True,
                side_effect=IrQweb._generate_code_uncached,
            ) as compiled:
                results._acknowledge()
                self.env.flush_all()
            self.assertEqual(set(results.mapped("ack_state")), {"queued"})
            return self.env.cr.sql_log_count - before, compiled.call_count

        thank(1)
        (few, texts), (many, same) = thank(2), thank(12)
        self.assertEqual((texts, same), (1, 1), "the text is compiled once")
        self.assertLessEqual(many - few, 0, "each asks for nothing more")
