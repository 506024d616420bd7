from odoo import models
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _update_foreign_keys(self, src_partners, dst_partner):
        """Keep one open membership and one pin per segmentation.

        Two partners of the same segmentations are about to become one, and the
        generic merge does not see that a unique index forbids it.
        """
        partners = src_partners | dst_partner
        both_open = SQL("m.left_on IS NULL AND k.left_on IS NULL")
        for table, collide in (
            ("crm_segmentation_membership", both_open),
            ("crm_segmentation_pin", SQL("TRUE")),
        ):
            self._remove_twins(table, collide, partners, dst_partner)
        # The invoices get their new partner behind the back of the framework.
        self.env["crm.segmentation.dirty"]._add(partners.ids)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _remove_twins(self, table, collide, partners, survivor):
        """Delete the rows that would collide, the survivor's own and older ones last.

        :param SQL collide: which rows of ``m`` and ``k`` exclude each other
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM %(table)s m
                 USING %(table)s k
                 WHERE k.segmentation_id = m.segmentation_id AND %(collide)s
                   AND k.partner_id IN %(partners)s AND m.partner_id IN %(partners)s
                   AND (k.partner_id != %(survivor)s, k.id)
                     < (m.partner_id != %(survivor)s, m.id)
                """,
                table=SQL.identifier(table),
                collide=collide,
                partners=partners._ids,
                survivor=survivor.id,
            )
        )
