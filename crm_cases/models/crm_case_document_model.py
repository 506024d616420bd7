from odoo import api, fields, models, tools


class CrmCaseDocumentModel(models.Model):
    """A kind of document that cases may be linked to.

    Which there are is up to the manager; at installation, the usual ones of the apps
    that are there. A kind whose app was uninstalled disappears with its model.
    """

    _name = "crm.case.document.model"
    _description = "Kind of Linked Document"
    _inherit = ["mail.thread", "crm.case.cached.mixin"]
    _order = "sequence, id"
    _rec_name = "model_id"

    sequence = fields.Integer(default=10)
    model_id = fields.Many2one(
        "ir.model",
        string="Document",
        required=True,
        ondelete="cascade",
        domain="[('transient', '=', False), ('abstract', '=', False), "
        "('access_ids', '!=', False)]",
    )
    # Tracked by this name: managers of cases do not read the models of Odoo.
    model = fields.Char(
        related="model_id.model", string="Technical Name", tracking=True
    )

    _model_unique = models.Constraint(
        "UNIQUE(model_id)", "Cases can already be linked to documents of this kind."
    )

    # In the order in which people will look for them.
    _usual = (
        "sale.order",
        "account.move",
        "purchase.order",
        "stock.picking",
        "repair.order",
        "project.task",
        "crm.lead",
        "product.product",
        "res.partner",
    )

    @api.model
    @tools.ormcache("self.env.lang")
    def _get_selection(self):
        """:return: [(model, name)] for a reference field

        sudo: whoever may read a case may know what it can be linked to.
        """
        kinds = self.sudo().search([], limit=200)
        return [
            (kind.model, kind.model_id.name) for kind in kinds if kind.model in self.env
        ]

    @api.model
    def _create_usual(self):
        """Begin with the usual documents of the apps that are installed."""
        known = set(
            self.search([("model_id.model", "in", self._usual)]).mapped("model")
        )
        self.create(
            [
                {
                    "model_id": self.env["ir.model"]._get_id(model),
                    "sequence": 10 * position,
                }
                for position, model in enumerate(self._usual, start=1)
                if model in self.env and model not in known
            ]
        )
