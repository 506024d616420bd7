"""Posted invoices in the real accounting app decide who carries a category."""

import textwrap

from dev import Database, shell

BOOKS = """
import json
env["account.chart.template"].try_loading("generic_coa", company=env.company)
env.cr.commit()

def partner(name, parent=None):
    vals = {"name": name, "is_company": parent is None}
    return env["res.partner"].create(dict(vals, parent_id=parent and parent.id))

def invoice(partner, amount, move_type="out_invoice", post=True):
    line = {"name": "A bicycle", "quantity": 1, "price_unit": amount, "tax_ids": []}
    move = env["account.move"].create({
        "move_type": move_type,
        "partner_id": partner.id,
        "invoice_date": "2026-03-02",
        "invoice_line_ids": [(0, 0, line)],
    })
    if post:
        move.action_post()
    return move
"""

SALES = """
big, small, refunded, drafted, group = map(
    partner, ["Big", "Small", "Refunded", "Drafted", "Group"]
)
contact = partner("Contact of Group", group)
invoice(big, 600)
invoice(big, 600)
invoice(small, 999)
invoice(refunded, 1500)
invoice(refunded, 700, "out_refund")
invoice(drafted, 5000, post=False)
cancelled = invoice(drafted, 5000)
cancelled.button_draft()
cancelled.button_cancel()
invoice(contact, 1001)
bought_from = partner("Supplier")
invoice(bought_from, 9000, "in_invoice")

category = env["res.partner.category"].create({"name": "Gold"})
segmentation = env["crm.segmentation"].create({
    "name": "Gold customers",
    "categ_id": category.id,
    "exclusif": True,
    "segmentation_line": [(0, 0, {
        "name": "Bought for more than 1,000",
        "expr_name": "sale",
        "expr_operator": ">",
        "expr_value": 1000,
        "operator": "and",
    })],
})
env.cr.commit()
segmentation.process_start()
"""

COUNT_CHANGES = """
def changes():
    '''Rows ever written, as PostgreSQL counts them.'''
    env.cr.commit()
    env.cr.execute("SELECT pg_stat_force_next_flush()")
    env.cr.commit()
    tables = ("res_partner_res_partner_category_rel", "crm_segmentation_membership")
    env.cr.execute(
        "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del), sum(n_dead_tup)"
        "  FROM pg_stat_user_tables WHERE relname IN %s", (tables,)
    )
    return [int(number) for number in env.cr.fetchone()]

first = changes()
segmentation.process_start()
second = changes()
invoice(big, 600, "out_refund")
segmentation.process_start()
later = sorted(category.partner_ids.mapped("name"))
print(json.dumps({"first": first, "second": second, "later": later, "tagged": tagged}))
"""


def test_posted_invoices_decide_and_a_second_run_writes_nothing():
    script = textwrap.dedent(BOOKS) + SALES
    script += "tagged = sorted(category.partner_ids.mapped('name'))\n" + COUNT_CHANGES
    with Database() as name:
        figures = shell(name, script)
    assert figures["tagged"] == ["Big", "Group"]
    assert figures["first"][0] > 0, "the first run must be seen by the counters"
    assert figures["second"] == figures["first"]
    assert figures["later"] == ["Group"], "a credit note takes Big below the limit"
