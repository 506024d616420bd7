from odoo import models

from .known_records import known


class IrUiMenu(models.Model):
    """*Convert from…* is there where there is something to convert from."""

    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        hidden = super()._load_menus_blacklist()
        menu = known(self.env, "crm_cases.crm_case_move_menu")
        sources = self.env["crm.case"]._get_move_sources()
        if menu and not any(model in self.env for model in sources):
            hidden.append(menu.id)
        return hidden
