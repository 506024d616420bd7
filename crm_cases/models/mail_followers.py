from odoo import models


class MailFollowers(models.Model):
    """Who follows a case may see it: the rule asks for all that somebody follows.

    Odoo has an index for each of these columns alone. With all three in one, the
    answer comes from the index without reading a row: 1 ms instead of 17 ms for
    somebody who follows 10,000 of 200,000 cases (``./dev bench cases``).
    """

    _inherit = "mail.followers"

    _partner_document_idx = models.Index("(partner_id, res_model, res_id)")
