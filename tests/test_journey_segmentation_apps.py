"""Criteria and events over the records of other apps, with these apps installed."""

import textwrap

from dev import Database, shell

INSTALL = """
import json
env["account.chart.template"].try_loading("generic_coa", company=env.company)
wanted = env["ir.module.module"].search([("name", "in", ["sale", "purchase", "crm"])])
wanted.button_immediate_install()
env.cr.commit()
print(json.dumps(sorted(wanted.mapped("state"))))
"""

ASK = """
import json
def partner(name):
    return env["res.partner"].create({"name": name})

ordered, supplied, complaining, won, lost, nobody = partners = [
    partner(n) for n in ("Ordered", "Supplied", "Complaining", "Won", "Lost", "Nobody")
]
product = env["product.product"].create({"name": "Bicycle", "type": "consu"})
order = env["sale.order"].create({
    "partner_id": ordered.id,
    "order_line": [(0, 0, {"product_id": product.id, "product_uom_qty": 2,
                           "price_unit": 300, "tax_ids": [(5,)]})],
})
order.action_confirm()
env["sale.order"].create({"partner_id": nobody.id})  # a quotation is no order
purchase = env["purchase.order"].create({
    "partner_id": supplied.id,
    "order_line": [(0, 0, {"product_id": product.id, "product_qty": 1,
                           "price_unit": 50, "tax_ids": [(5,)]})],
})
purchase.button_confirm()
cases = env["crm.case"].create([
    {"name": f"Case {n}", "partner_id": complaining.id} for n in range(3)
])
cases[0].action_close()
leads = env["crm.lead"].create([
    {"name": "A lead", "type": "opportunity", "partner_id": p.id} for p in (won, lost)
])
leads[0].action_set_won()
leads[1].action_set_lost()
env.cr.commit()

ids = {p.id: p.name for p in partners}
category = env["res.partner.category"].create({"name": "Apps"})

def match(kind, operator, value=0, **vals):
    segmentation = env["crm.segmentation"].create({
        "name": kind, "categ_id": category.id,
        "som_interval_max": 1,
        "segmentation_line": [(0, 0, {"expr_name": kind, "expr_operator": operator,
                                      "expr_value": value, **vals})],
    })
    segmentation.process_start()
    members = env["crm.segmentation.membership"].search(
        [("segmentation_id", "=", segmentation.id), ("left_on", "=", False)])
    return sorted(ids[m.partner_id.id] for m in members if m.partner_id.id in ids)

window = {"window_type": "last", "window_number": 1, "window_unit": "days"}
print(json.dumps({
    "sale_order_amount": match("sale_order_amount", "=", 600),
    "sale_order_count": match("sale_order_count", ">=", 1, **window),
    "purchase_order_amount": match("purchase_order_amount", "=", 50),
    "purchase_order_count": match("purchase_order_count", "set", **window),
    "case_open": match("case_open", "=", 2),
    "case_closed": match("case_closed", "=", 1),
    "event_last_won": match("event_last", "=", 9),
    "event_last_lost": match("event_last", "=", 3),
    "case_done": match("event_last", "=", 7),
    "som_won": match("som", "=", 7),
}))
"""

SCRIPTS = textwrap.dedent(INSTALL), textwrap.dedent(ASK)


def test_orders_cases_and_opportunities_count():
    with Database() as name:
        assert shell(name, SCRIPTS[0]) == ["installed"] * 3
        found = shell(name, SCRIPTS[1])
    assert found == {
        "sale_order_amount": ["Ordered"],
        "sale_order_count": ["Ordered"],
        "purchase_order_amount": ["Supplied"],
        "purchase_order_count": ["Supplied"],
        "case_open": ["Complaining"],
        "case_closed": ["Complaining"],
        "event_last_won": ["Won"],
        "event_last_lost": ["Lost"],
        "case_done": ["Complaining"],
        "som_won": ["Won"],
    }
