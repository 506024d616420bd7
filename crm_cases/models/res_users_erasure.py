from odoo import models


class ResUsers(models.Model):
    """The portal account of an erased person can no longer be used."""

    _inherit = "res.users"

    def _erase_personal_data(self):
        for user in self:
            user.write({"active": False, "login": f"erased-{user.id}", "signature": ""})
        self.flush_recordset()
        # No word opens an account without a password.
        self.env.cr.execute(
            "UPDATE res_users SET password = NULL WHERE id = ANY(%s)", [self.ids]
        )
        self.env["res.users.apikeys"].search([("user_id", "in", self.ids)])._remove()
