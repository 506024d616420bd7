from odoo.tests import tagged

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
        self.assertLessEqual(queries, 50)

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
        self.assertLessEqual(max(costs[1:]), 45)
