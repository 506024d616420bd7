from odoo import api, fields, models
from odoo.fields import Command


class CrmSegmentationTemplate(models.Model):
    """A segmentation that many want, to begin with.

    ``definition`` is a list of criteria as values of ``crm.segmentation.line``; amounts
    are in the currency of the company and meant to be changed.
    """

    _name = "crm.segmentation.template"
    _description = "Segmentation Template"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    icon = fields.Char(default="fa-users")
    description = fields.Text(translate=True)
    definition = fields.Json(required=True)
    sentence = fields.Char("Rule", compute="_compute_sentence")

    @api.depends_context("lang", "company")
    @api.depends("definition")
    def _compute_sentence(self):
        for template in self:
            lines = template._prepare_lines()
            segmentation = self.env["crm.segmentation"].new(
                {
                    "name": template.name,
                    "currency_id": self.env.company.currency_id.id,
                    "mandatory_line_ids": [c for c in lines if _is_mandatory(c)],
                    "optional_line_ids": [c for c in lines if not _is_mandatory(c)],
                }
            )
            template.sentence = segmentation._get_sentence()

    def _prepare_lines(self):
        return [Command.create(line) for line in self.definition or []]

    def action_use(self):
        """Create the segmentation, not yet computed, and open it."""
        segmentation = self._create_segmentation()
        return {
            "type": "ir.actions.act_window",
            "res_model": segmentation._name,
            "res_id": segmentation.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_preview(self):
        """Tell how many would be in, without leaving anything behind."""
        self.ensure_one()
        preview = self.env["crm.segmentation.preview"].create(self._look())
        return preview._get_dialog(self.env._("Preview of %s", self.name))

    def _look(self, *so_far):
        """Look at partners with a segmentation that is gone again afterwards.

        :param so_far: as for ``_look`` of a segmentation
        """
        savepoint = self.env.cr.savepoint()
        try:
            vals = self._create_segmentation()._look(*so_far)
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
        return {**vals, "segmentation_id": False, "template_id": self.id}

    def _create_segmentation(self):
        self.ensure_one()
        categories = self.env["res.partner.category"]
        category = categories.search([("name", "=", self.name)], limit=1)
        return self.env["crm.segmentation"].create(
            {
                "name": self.name,
                "description": self.description,
                "exclusif": True,
                "categ_id": (category or categories.create({"name": self.name})).id,
                "segmentation_line": self._prepare_lines(),
            }
        )


def _is_mandatory(command):
    return command[2].get("operator", "and") == "and"
