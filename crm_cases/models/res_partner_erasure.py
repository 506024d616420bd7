from odoo import models
from odoo.tools import SQL

KEPT = {"name", "lang", "tz"}
# Notes of who said what: no reason to keep a contact.
LOOSE = ("mail_message", "mail_notification", "crm_case", "rating_rating")
WRITABLE = ("char", "text", "html", "image", "binary", "properties")


class ResPartner(models.Model):
    """A contact forgets who it is.

    One that no record needs any more is deleted. Any other stays for the sake of
    these, archived and without a name: a posted invoice, say, must stay by law. What
    such a record itself says of the person is not touched.

    SEAM: addons override ``_count_personal_data`` and ``_erase_personal_data`` for
    what they know of contacts, and ``_get_personal_text_models`` for what else may
    hold an address. An addon that does not depend on this one does so, too,
    if it asks first whether there is such a method above it.
    """

    _inherit = "res.partner"

    def _count_personal_data(self):
        """What the preview says beyond cases: list of label and number."""
        return []

    def _get_personal_data(self):
        """What an export tells beyond cases: names and lists of mappings."""
        return {}

    def _get_personal_text_models(self):
        """Names of models out of whose texts addresses of a person are taken."""
        return []

    def action_export_person(self):
        """Download all that is known of this person."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/crm_cases/person/{self.id}.zip"}

    def _erase_personal_data(self):
        """Anonymise and archive these contacts; delete those that nothing needs."""
        silent = self.with_context(
            tracking_disable=True, no_vat_validation=True, active_test=False
        )
        silent.user_ids._erase_personal_data()
        files = self.env["ir.attachment"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("res_field", "in", [False, *self._get_erased_fields()]),
            ]
        )
        files.unlink()
        for partner in silent:
            partner.write(self._prepare_erased_vals())
        silent.bank_ids.write({"acc_holder_name": False})
        self.env.flush_all()
        needed = self.browse(self._get_references())
        (silent - needed).unlink()
        needed.write({"active": False})

    def _get_erased_fields(self):
        return [
            field.name
            for field in self._fields.values()
            if field.store
            and field.type in WRITABLE
            and field.name not in KEPT
            and not (field.compute and field.readonly)
            and not field.related
            and not field.company_dependent
        ]

    def _prepare_erased_vals(self):
        vals = dict.fromkeys(self._get_erased_fields(), False)
        vals.update(name=self.env._("Erased contact"), category_id=[(5,)])
        return vals

    def _get_references(self):
        """Which of these contacts other records cannot do without."""
        return sorted(
            {
                partner_id
                for table, column in self._get_reference_columns()
                for partner_id in self._get_referred(table, column)
            }
        )

    def _count_references(self):
        """What stays and goes on referring to these contacts, by table."""
        ids = self.ids
        return {
            table: count
            for table, column in self._get_reference_columns()
            if (count := len(self._get_rows(table, column, ids)))
        }

    def _get_rows(self, table, column, ids):
        condition = SQL("id != ALL(%s)", ids) if table == self._table else SQL("TRUE")
        return self.env.execute_query(
            SQL(
                "SELECT %(column)s FROM %(table)s"
                " WHERE %(column)s = ANY(%(ids)s) AND %(condition)s",
                column=SQL.identifier(column),
                table=SQL.identifier(table),
                ids=ids,
                condition=condition,
            )
        )

    def _get_referred(self, table, column):
        return {row[0] for row in self._get_rows(table, column, self.ids)}

    def _get_reference_columns(self):
        """Columns whose rows are worth keeping: those that do not go with a contact,
        and are no mere note of who wrote what."""
        return [
            (table, column)
            for table, column in self.env.execute_query(
                SQL(
                    """
                    SELECT conrelid::regclass::text, a.attname
                      FROM pg_constraint
                      JOIN pg_attribute a
                        ON a.attrelid = conrelid AND a.attnum = conkey[1]
                     WHERE contype = 'f' AND confrelid = 'res_partner'::regclass
                       AND confdeltype != 'c'
                  ORDER BY 1, 2
                    """
                )
            )
            if table not in LOOSE
        ]
