import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

_logger = logging.getLogger(__name__)

# What the demo partners bought and sold: document type, days ago, untaxed amount
DEMO_BOOK = {
    "base.res_partner_1": [("out_invoice", 20, 12400), ("out_invoice", 55, 8600)],
    "base.res_partner_2": [("out_invoice", 12, 31500), ("out_refund", 5, 1500)],
    "base.res_partner_3": [("out_invoice", 33, 9900), ("in_invoice", 40, 7200)],
    "base.res_partner_4": [("out_invoice", 8, 16750), ("in_invoice", 16, 5400)],
    "base.res_partner_10": [("out_invoice", 70, 14200)],
    "base.res_partner_12": [("out_invoice", 25, 10300), ("out_refund", 3, 4300)],
    "base.res_partner_18": [("out_invoice", 15, 22800), ("in_invoice", 9, 18900)],
}
DEMO_RATINGS = {
    "base.res_partner_1": [(40, 5), (12, 5)],
    "base.res_partner_2": [(50, 3), (10, 1)],
    "base.res_partner_18": [(22, 4)],
}


class CrmSegmentation(models.Model):
    _inherit = "crm.segmentation"

    @api.model
    def _load_demo_book(self):
        """Post the invoices and the ratings that the demo segmentations look at.

        Without a chart of accounts there is nothing to post with: the demo then has
        segmentations without members.
        """
        company = self.env.ref("base.main_company")
        if not company.chart_template:
            return
        moves = (
            self.env["account.move"]
            .with_company(company)
            .create(
                [
                    self._prepare_demo_move(partner, *document)
                    for partner, documents in self._get_demo_partners(DEMO_BOOK)
                    for document in documents
                ]
            )
        )
        for move in moves:
            try:
                with self.env.cr.savepoint():
                    move.action_post()
            except (UserError, ValidationError):
                _logger.exception("Error while posting a demo invoice")
        self._load_demo_ratings()

    def _get_demo_partners(self, values):
        for xmlid, value in values.items():
            if partner := self.env.ref(xmlid, raise_if_not_found=False):
                yield partner, value

    def _prepare_demo_move(self, partner, move_type, days, amount):
        day = fields.Date.today() - timedelta(days=days)
        return {
            "move_type": move_type,
            "partner_id": partner.id,
            "invoice_date": day,
            "date": day,
            "invoice_line_ids": [
                Command.create(
                    {
                        "name": "Office furniture",
                        "quantity": 1,
                        "price_unit": amount,
                        "tax_ids": [Command.clear()],
                    }
                )
            ],
        }

    def _load_demo_ratings(self):
        now = fields.Datetime.now()
        for partner, ratings in self._get_demo_partners(DEMO_RATINGS):
            for days, stars in ratings:
                rating = self.env["rating.rating"].create(
                    {
                        "res_model_id": self.env["ir.model"]._get_id("res.partner"),
                        "res_id": partner.id,
                        "partner_id": partner.id,
                        "rating": stars,
                        "consumed": True,
                    }
                )
                rating.rated_on = now - timedelta(days=days)  # create() takes today

    @api.model
    def _run_demo(self):
        """Compute the demo segmentations, so that their members are there."""
        company = self.env.ref("base.main_company")
        if company.chart_template:
            self.search([("last_run", "=", False)]).process_start()

    @api.model
    def _load_demo_sizes(self):
        """Give the demo segmentations runs of the past weeks, for the graph."""
        now = fields.Datetime.now()
        self.env["crm.segmentation.run"].create(
            [
                {
                    "segmentation_id": segmentation.id,
                    "state": "done",
                    "started_on": now - timedelta(weeks=weeks),
                    "ended_on": now - timedelta(weeks=weeks),
                    "member_count": max(segmentation.member_count - weeks // 2, 0),
                }
                for segmentation in self.search([("last_run", "!=", False)], limit=10)
                for weeks in range(7, 0, -1)
            ]
        )
