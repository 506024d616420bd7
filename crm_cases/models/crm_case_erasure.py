import re
from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize

TEXTS = ("char", "text", "html")


def get_pattern(address):
    """Return a regular expression, of Python and PostgreSQL alike, of an address that
    is not the end or the beginning of somebody else's.

    :param str address: normalised
    """
    quoted = "".join(c if c.isalnum() else f"\\{c}" for c in address)
    return rf"(?<![\w.%+-]){quoted}(?![\w-]|\.\w)"


class Person(NamedTuple):
    """Whom to forget: contacts, normalised addresses, and the cases of both."""

    partners: models.BaseModel
    addresses: tuple
    cases: models.BaseModel


class CrmCaseErasure(models.AbstractModel):
    """Forget what was said in cases, or everything that is known of a person.

    WHAT GOES: words, names, addresses, files. WHAT STAYS: that there was a case, when,
    of which type, who of us worked on it, and how long it took, so that reports of the
    past keep their figures.

    SEAM: other addons extend ``_erase_cases`` and ``_erase_person`` by what they know,
    ``_count_cases`` and ``_count_person`` by what the preview says about it, and
    ``_get_swept_models`` by models in whose texts an address may stand. What an addon
    knows of contacts alone belongs into ``_erase_personal_data`` of the contact.

    Rights are checked by who calls: this is written past them, and past the tracking of
    changes, which would keep what is to be forgotten. Texts are emptied column by
    column, as the models have them, so that a field of another addon goes with them.
    """

    _name = "crm.case.erasure"
    _description = "Erasure of Personal Data"

    # ------------------------------------------------------------
    # WHO
    # ------------------------------------------------------------

    @api.model
    def _get_person(self, partners, addresses=()):
        """Contacts and addresses as a :class:`Person`.

        An address that other contacts have as well is theirs too: it, and cases of
        theirs, are left alone.
        """
        addresses = {email_normalize(address or "") for address in addresses}
        addresses |= set(partners.mapped("email_normalized"))
        others = partners.with_context(active_test=False).search(
            [
                ("email_normalized", "in", list(addresses)),
                ("id", "not in", partners.ids),
            ]
        )
        addresses -= {False, "", *others.mapped("email_normalized")}
        cases = self.env["crm.case"].with_context(active_test=False)
        cases = cases.search(
            Domain("partner_id", "in", partners.ids)
            | Domain("email_normalized", "in", list(addresses)),
            order="id",
        )
        return Person(partners, tuple(sorted(addresses)), cases)

    # ------------------------------------------------------------
    # PREVIEW
    # ------------------------------------------------------------

    @api.model
    def _count_cases(self, cases):
        """How much is in cases.

        :return: list of label and number
        """
        messages = self._get_messages(cases)
        files = self._get_attachments(cases, messages)
        parties = self._get_parties(cases)
        return [
            (self.env._("Cases"), len(cases)),
            (self.env._("Messages in them"), len(messages)),
            (self.env._("Attachments of them"), len(files)),
            (self.env._("Conversations with other parties"), len(parties)),
        ]

    @api.model
    def _count_person(self, person):
        """How much is known of a person: list of label and number."""
        elsewhere = self._get_messages_elsewhere(person)
        watched = self._get_watched(person)
        follows = self.env["mail.followers"].search_count(
            [("partner_id", "in", person.partners.ids)]
        )
        return [
            (self.env._("Contacts"), len(person.partners)),
            *self._count_cases(person.cases),
            (self.env._("Other messages of the person"), len(elsewhere)),
            (self.env._("Other cases the person watches"), len(watched)),
            (self.env._("Records the person follows"), follows),
            *person.partners._count_personal_data(),
        ]

    # ------------------------------------------------------------
    # CASES
    # ------------------------------------------------------------

    @api.model
    def _erase_cases(self, cases):
        """Empty cases and everything that hangs on them."""
        if not cases:
            return
        parties = self._get_parties(cases)
        messages = self._get_messages(cases)
        self._get_attachments(cases, messages).unlink()
        self._erase_messages(messages)
        for model in ("mail.activity", "mail.scheduled.message"):
            self._get_hanging(model, "model", cases, parties).unlink()
        self._blank(
            self._get_hanging("rating.rating", "model", cases),
            keep=("res_model", "parent_res_model", "access_token"),
            partner_id=None,
        )
        self.env["crm.case.merge.log"].search(
            Domain("case_id", "in", cases.ids) | Domain("survivor_id", "in", cases.ids)
        ).unlink()
        self._get_part("crm.case.request", cases).unlink()
        for model in ("crm.case.checklist", "crm.case.rule.run"):
            self._blank(self._get_part(model, cases))
        self._blank(parties, keep=("email_normalized",))
        now = fields.Datetime.now()
        self._blank(cases, keep=("number",), partner_id=None, erased_on=now)
        self._forget_followers(cases, parties)
        self.env["crm.case.document"]._mark_stale(cases.ids)

    def _forget_followers(self, cases, parties):
        """Those of us go on following."""
        followers = self._get_hanging("mail.followers", "res_model", cases, parties)
        followers.filtered("partner_id.partner_share").unlink()

    def _erase_messages(self, messages):
        """Empty messages; who of us wrote them stays known."""
        if not messages:
            return
        for table, column in (
            ("mail_tracking_value", "mail_message_id"),
            ("mail_notification", "mail_message_id"),
            ("mail_mail", "mail_message_id"),
            ("sms_sms", "mail_message_id"),
            ("mail_message_translation", "message_id"),
            ("mail_message_reaction", "message_id"),
            ("mail_message_link_preview", "message_id"),
            ("mail_message_res_partner_rel", "mail_message_id"),
        ):
            self._delete_rows(table, column, messages.ids)
        outside = messages.filtered("author_id.partner_share")
        self._blank(messages, keep=("model", "email_layout_xmlid"))
        self._blank(outside, keep=("model", "email_layout_xmlid"), author_id=None)

    def _get_messages(self, cases):
        """Messages of cases and of the conversations with their other parties."""
        parties = self._get_parties(cases)
        return self._get_hanging("mail.message", "model", cases, parties)

    def _get_attachments(self, records, messages):
        """Files of cases and their other parties, and of these messages, pictures in
        fields included."""
        domain = Domain("res_model", "=", "mail.message") & Domain(
            "res_id", "in", messages.ids
        )
        parties = self._get_parties(records)
        for owner in (records, parties):
            domain |= Domain("res_model", "=", owner._name) & Domain(
                "res_id", "in", owner.ids
            )
        files = self.env["ir.attachment"].search(
            domain & Domain("res_field", "in", [False, *self._get_file_fields(records)])
        )
        return files | messages.attachment_ids

    def _get_file_fields(self, records):
        fields = records._fields.values()
        return [field.name for field in fields if field.type in ("binary", "image")]

    def _get_parties(self, cases):
        return self._get_part("crm.case.party", cases)

    def _get_part(self, model, cases):
        return self.env[model].search([("case_id", "in", cases.ids)])

    def _get_hanging(self, model, column, *owners):
        """Records of a model that hang on others by name and number."""
        records = self.env[model].with_context(active_test=False)
        name = column if column in records._fields else "res_model"
        return records.search(
            Domain.OR(
                Domain(name, "=", owner._name) & Domain("res_id", "in", owner.ids)
                for owner in owners
            )
        )

    # ------------------------------------------------------------
    # EVERYTHING ELSE ABOUT A PERSON
    # ------------------------------------------------------------

    @api.model
    def _erase_person(self, person):
        """Forget a person: the cases, the traces elsewhere, then the contacts."""
        touched = self._get_cases_that_name(person)
        self._erase_cases(person.cases)
        parties = self.env["crm.case.party"].search(
            [("partner_id", "in", person.partners.ids)]
        )
        self._blank(parties)
        self._erase_messages(self._get_messages_elsewhere(person))
        self._remove_watcher(person)
        self._delete_entries(person)
        self._sweep(person.addresses)
        person.partners._erase_personal_data()
        self.env["crm.case.document"]._mark_stale(touched.exists().ids)

    def _get_messages_elsewhere(self, person):
        """What the person wrote, or was written to alone, outside of its cases."""
        domain = Domain("author_id", "in", person.partners.ids)
        domain |= Domain("model", "=", "res.partner") & Domain(
            "res_id", "in", person.partners.ids
        )
        parties = self.env["crm.case.party"].search(
            [("partner_id", "in", person.partners.ids)]
        )
        domain |= Domain("model", "=", parties._name) & Domain(
            "res_id", "in", parties.ids
        )
        messages = self.env["mail.message"].search(domain)
        messages |= self._get_naming("mail.message", ["email_from"], person.addresses)
        return messages - self._get_messages(person.cases)

    def _get_watched(self, person):
        watched = self._get_naming("crm.case", ["email_cc"], person.addresses)
        return watched - person.cases

    def _get_naming(self, model, names, addresses):
        """Records in whose fields one of the addresses stands, as a whole."""
        records = self.env[model].with_context(active_test=False)
        if not addresses:
            return records
        found = records.search(
            Domain.OR(Domain(n, "ilike", a) for n in names for a in addresses)
        )
        whole = re.compile("|".join(map(get_pattern, addresses)), re.IGNORECASE)
        return found.filtered(lambda r: any(whole.search(r[n] or "") for n in names))

    def _remove_watcher(self, person):
        """Take the addresses out of the watchers of other cases."""
        for case in self._get_watched(person):
            kept = [
                entry.strip()
                for entry in (case.email_cc or "").split(",")
                if email_normalize(entry) not in person.addresses
            ]
            self._update(case, {"email_cc": ", ".join(kept) or None})

    def _get_cases_that_name(self, person):
        """Cases whose words are written anew, because an address may be among them."""
        self.env["crm.case"]._flush_words()
        cases = self.env["crm.case"].with_context(active_test=False)
        domain = Domain.OR(cases._get_text_domain(a) for a in person.addresses)
        return cases.search(domain)

    def _delete_entries(self, person):
        """Rows that are nothing but the address, the number or a link to the person."""
        env = self.env
        addresses = list(person.addresses)
        partners = person.partners
        env["mail.followers"].search([("partner_id", "in", partners.ids)]).unlink()
        env["mail.notification"].search(
            [("res_partner_id", "in", partners.ids)]
        ).unlink()
        env["crm.case.request"].search([("email", "in", addresses)]).unlink()
        env["mail.gateway.allowed"].search(
            [("email_normalized", "in", addresses)]
        ).unlink()
        self._withdraw_mails(person)
        for model, column, values in (
            ("mail.blacklist", "email", addresses),
            ("phone.blacklist", "number", partners.mapped("phone_sanitized")),
        ):
            rows = env[model].with_context(active_test=False)
            rows = rows.search([(column, "in", [v for v in values if v])])
            self._erase_messages(self._get_hanging("mail.message", "model", rows))
            rows.unlink()
        for text in (*addresses, *partners.filtered("name").mapped("name")):
            env.cr.execute(
                "DELETE FROM bus_bus WHERE position(lower(%s) IN lower(message)) > 0",
                [text],
            )

    def _withdraw_mails(self, person):
        """Send the person nothing more; others still get what is for them, too."""
        partners = person.partners
        mails = self.env["mail.mail"].search([("recipient_ids", "in", partners.ids)])
        mails |= self._get_naming("mail.mail", ["email_to"], person.addresses)
        shared = mails.filtered(lambda mail: mail.recipient_ids - partners)
        shared.write({"recipient_ids": [Command.unlink(id_) for id_ in partners.ids]})
        (mails - shared).unlink()

    @api.model
    def _get_swept_models(self):
        """Models in whose texts an address may stand without saying whose it is."""
        names = [name for name in self.env if name.startswith("crm.case")]
        names += ["mail.message", "mail.mail", "mail.notification"]
        names += ["mail.tracking.value", "mail.activity", "rating.rating"]
        names += ["mail.scheduled.message"]
        names += self.env["res.partner"]._get_personal_text_models()
        models_ = [self.env[name] for name in names]
        return [m for m in models_ if m._auto and not m._abstract]

    def _sweep(self, addresses):
        """Take the addresses out of every text of these models, whoever wrote it."""
        self.env.flush_all()
        for model in self._get_swept_models():
            columns = [
                field
                for field in model._fields.values()
                if field.store and field.column_type and field.type in (*TEXTS, "json")
            ]
            for address in addresses if columns else ():
                self._sweep_table(model, columns, address)
        self.env.invalidate_all()

    def _sweep_table(self, model, columns, address):
        pattern = get_pattern(address)
        texts = {
            field.name: SQL("%s::text", SQL.identifier(field.name)) for field in columns
        }
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE %s",
                SQL.identifier(model._table),
                SQL(", ").join(
                    SQL(
                        "%s = regexp_replace(%s, %s, %s, 'gi')::%s",
                        SQL.identifier(field.name),
                        texts[field.name],
                        pattern,
                        "erased",
                        SQL(field.column_type[0]),
                    )
                    for field in columns
                ),
                SQL(" OR ").join(
                    SQL("%s ~* %s", text, pattern) for text in texts.values()
                ),
            )
        )

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    @api.model
    def _blank(self, records, keep=(), **values):
        """Empty all texts of records, past access rights and the tracking of changes.

        :param keep: names of texts that tell nothing of a person
        :param values: further columns and what to write there
        """
        for field in records._fields.values():
            if field.store and field.type in TEXTS and field.name not in keep:
                word = self.env._("Erased") if field.required else None
                values.setdefault(field.name, word)
            elif field.store and field.type in ("reference", "properties"):
                values.setdefault(field.name, None)
        self._update(records, values)

    def _update(self, records, values):
        if not records:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                SQL(", ").join(
                    SQL("%s = %s", SQL.identifier(name), value)
                    for name, value in values.items()
                ),
                records.ids,
            )
        )
        records.invalidate_recordset()

    def _delete_rows(self, table, column, ids):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s WHERE %s = ANY(%s)",
                SQL.identifier(table),
                SQL.identifier(column),
                list(ids),
            )
        )
        self.env.invalidate_all()
