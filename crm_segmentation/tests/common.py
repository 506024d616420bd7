from odoo import fields
from odoo.fields import Command
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon


class SegmentationCommon(AccountTestInvoicingCommon):
    """A company with books, and short ways to write in them.

    The tests look at the partners they make; others of the database may match too.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.user.group_ids += cls.env.ref(
            "crm_segmentation.crm_segmentation_group_manager"
        )
        cls.category = cls.env["res.partner.category"].create({"name": "Gold"})

    @classmethod
    def _create_partner(cls, name="Customer", **vals):
        return cls.env["res.partner"].create({"name": name, **vals})

    @classmethod
    def _create_invoice(
        cls,
        partner,
        amount,
        move_type="out_invoice",
        *,
        post=True,
        day=None,
        company=None,
        **vals,
    ):
        """Return an invoice over one line without taxes, posted by default."""
        day = day or fields.Date.today()
        move = (
            cls.env["account.move"]
            .with_company(company or cls.env.company)
            .create(
                {
                    "move_type": move_type,
                    "partner_id": partner.id,
                    "invoice_date": day,
                    "date": day,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "name": "Goods",
                                "price_unit": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                    ],
                    **vals,
                }
            )
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def _create_segmentation(cls, *lines, **vals):
        """Return a segmentation with ``(variable, operator, value[, kind, vals])``."""
        return cls.env["crm.segmentation"].create(
            {
                "name": "Gold customers",
                "categ_id": cls.category.id,
                "segmentation_line": [
                    Command.create(
                        {
                            "expr_name": line[0],
                            "expr_operator": line[1],
                            "expr_value": line[2],
                            "operator": line[3] if len(line) > 3 else "and",
                            **(line[4] if len(line) > 4 else {}),
                        }
                    )
                    for line in lines
                ],
                **vals,
            }
        )

    @classmethod
    def _rate(cls, partner, stars, rated_on):
        """Return the answer of a customer who was asked for a rating."""
        rating = cls.env["rating.rating"].create(
            {
                "res_model_id": cls.env["ir.model"]._get_id("res.partner"),
                "res_id": partner.id,
                "partner_id": partner.id,
                "rating": stars,
                "consumed": True,
            }
        )
        rating.rated_on = rated_on  # create() takes the present
        return rating

    @classmethod
    def _copy_invoices(cls, source, partners):
        """Give each partner the invoices of another one, as headers without lines."""
        cls.env.flush_all()
        cls.env.cr.execute(
            """
            INSERT INTO account_move (name, date, invoice_date, state, move_type,
                   journal_id, company_id, currency_id, auto_post, partner_id,
                   commercial_partner_id, amount_untaxed_signed)
            SELECT m.name || '/' || p.id, m.date, m.invoice_date, m.state, m.move_type,
                   m.journal_id, m.company_id, m.currency_id, m.auto_post, p.id,
                   p.id, m.amount_untaxed_signed
              FROM account_move m, res_partner p
             WHERE m.partner_id = %s AND p.id IN %s
            """,
            [source.id, partners._ids],
        )

    def _get_members(self, segmentation):
        return (
            self.env["crm.segmentation.membership"]
            .search(
                [("segmentation_id", "=", segmentation.id), ("left_on", "=", False)]
            )
            .partner_id
        )

    def assertMember(self, segmentation, partner):
        self.assertIn(partner, self._get_members(segmentation))
        self.assertIn(segmentation.categ_id, partner.category_id)

    def assertNotMember(self, segmentation, partner):
        self.assertNotIn(partner, self._get_members(segmentation))

    def _get_row_versions(self):
        """Return where every row that a run may write lies; a written row moves."""
        self.env.flush_all()
        return {
            table: self.env.execute_query(
                SQL("SELECT ctid::text FROM %s ORDER BY 1", SQL.identifier(table))
            )
            for table in (
                "res_partner_res_partner_category_rel",
                "crm_segmentation_membership",
                "crm_segmentation_pin",
                "res_partner",
            )
        }
