from odoo import models

# What segmentations know of a contact, by model.
KNOWN = (
    "crm.segmentation.membership",
    "crm.segmentation.event",
    "crm.segmentation.pin",
    "crm.segmentation.change",
    "crm.segmentation.reaction",
)


class ResPartner(models.Model):
    """What segmentations know of a contact can be forgotten.

    By the action *Forget in Segmentations* of contacts; and by *Erase a Person* of the
    cases, if that addon is there: this one does not depend on it, and answers to the
    names of methods that it asks contacts by.
    """

    _inherit = "res.partner"

    def _count_personal_data(self):
        above = getattr(super(), "_count_personal_data", list)()
        return above + [
            (self.env["ir.model"]._get(records._name).name, len(records))
            for records in self._get_segmentation_records()
        ]

    def _get_personal_text_models(self):
        """What people write about rules and events, which may name anybody."""
        above = getattr(super(), "_get_personal_text_models", list)()
        return above + [
            name for name in self.env if name.startswith("crm.segmentation")
        ]

    def _get_personal_data(self):
        above = getattr(super(), "_get_personal_data", dict)()
        if not self.env.user.has_group("crm_segmentation.crm_segmentation_group_user"):
            return above
        names = ("segmentation_id", "name", "date", "score", "event", "entered_on")
        names += ("left_on", "mode", "description")
        for records in self._get_segmentation_records():
            told = [name for name in names if name in records._fields]
            rows = records.read(told, load="_classic_read")
            above[records._name] = [
                {k: v[1] if isinstance(v, tuple) else v for k, v in row.items()}
                for row in rows
            ]
        return above

    def _erase_personal_data(self):
        self._forget_segmentations()
        above = getattr(super(), "_erase_personal_data", None)
        return above and above()

    def action_forget_segmentations(self):
        """Forget events, memberships, pins and history of these contacts."""
        self.check_access("write")
        self._forget_segmentations()

    def _forget_segmentations(self):
        for records in self._get_segmentation_records():
            records.unlink()

    def _get_segmentation_records(self):
        # sudo: history is for no one to delete, but for this
        for model in KNOWN:
            records = self.env[model].sudo().with_context(active_test=False)
            yield records.search([("partner_id", "in", self.ids)])
