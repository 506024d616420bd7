from odoo import api, models

# Readonly on the screen, but an import brings its own.
FIELDS = ("number", "state", "create_date")


class BaseImportImport(models.TransientModel):
    """A case that moves in may bring its number, its state and its day of creation."""

    _inherit = "base_import.import"

    @api.model
    def get_fields_tree(self, model, *args, **kwargs):
        tree = super().get_fields_tree(model, *args, **kwargs)
        if model != "crm.case" or len(tree) == 1:  # only the external id was wanted
            return tree
        described = self.env[model].fields_get(FIELDS, ["string", "type"])
        return tree + [
            {
                "id": name,
                "name": name,
                "string": field["string"],
                "required": False,
                "fields": [],
                "type": field["type"],
                "model_name": model,
            }
            for name, field in described.items()
        ]
