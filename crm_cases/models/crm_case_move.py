import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_case_import import QUIET

_logger = logging.getLogger(__name__)

MOVED = "__crm_case_moved__"  # module part of the external ids that remember the move
BATCH = 200


class CrmCase(models.Model):
    """Moving in from another app of the same database.

    The other app's records stay as they are. Each gets a case with its conversation,
    files, followers and activities, copied with their own dates and authors; an answer
    to an old mail then finds the case. An external id on the case remembers where it
    came from, so that a second run brings only what is new.

    What the fields of the other app mean is told by ``crm_case_move_sources``.
    """

    _inherit = "crm.case"

    @api.model
    def _get_move_domain(self, model):
        """Records that have not moved yet. PostgreSQL looks for their links: a list of
        ids would grow with what has moved."""
        todo = SQL(
            "(SELECT r.id FROM %s r WHERE NOT EXISTS ("
            "SELECT FROM ir_model_data link WHERE link.module = %s"
            " AND link.name = %s || r.id AND link.model = %s))",
            SQL.identifier(self.env[model]._table),
            MOVED,
            self._get_move_name(model, ""),
            self._name,
        )
        return Domain("id", "in", todo)

    @api.model
    def _get_move_name(self, model, res_id):
        return f"{model.replace('.', '_')}-{res_id}"

    def _move_in(self, records, states, defaults):
        """Bring a batch of records of another app in.

        :param records: of a model that ``_get_move_sources`` knows
        :param dict states: what the stages of the other app mean, by their ids
        :param dict defaults: values that the other app cannot know
        :return: the new cases, and the reasons of those that could not come
        :rtype: tuple[crm.case, list]
        """
        try:
            with self.env.cr.savepoint():
                return self._move_batch(records, states, defaults), []
        except Exception as error:
            _logger.info("A batch of %s cannot move", records._name, exc_info=True)
            self.env.invalidate_all()
            if len(records) == 1:
                return self.browse(), [(records, str(error) or type(error).__name__)]
        cases, problems = self.browse(), []
        for record in records:
            moved, refused = self._move_in(record, states, defaults)
            cases, problems = cases | moved, problems + refused
        return cases, problems

    def _move_batch(self, records, states, defaults):
        quiet = self.with_context(**QUIET, crm_case_import_customer=False)
        prepare = getattr(quiet, quiet._get_move_sources()[records._name])
        vals_list = [prepare(record, states, defaults) for record in records]
        cases = quiet.create(vals_list)
        by_record = dict(zip(records.ids, cases.ids, strict=True))
        self.env.flush_all()
        files = self._copy_files(records._name, by_record)
        self._copy_messages(records._name, by_record, files)
        self._copy_activities(records._name, by_record)
        self._copy_followers(records, cases)
        self.env.invalidate_all()
        # sudo: links are technical
        self.env["ir.model.data"].sudo().create(
            [
                {
                    "module": MOVED,
                    "name": self._get_move_name(records._name, record_id),
                    "model": self._name,
                    "res_id": case_id,
                    "noupdate": True,
                }
                for record_id, case_id in by_record.items()
            ]
        )
        self.env["crm.case.document"]._mark_stale(cases.ids)
        return cases

    # ------------------------------------------------------------
    # WHAT BELONGS TO IT
    # ------------------------------------------------------------

    @api.model
    def _copy_rows(self, model, domain, overrides):
        """Copy rows as they are, with dates and authors that no ORM would keep.

        :param SQL domain: which rows ``r``
        :param dict overrides: SQL expressions by column
        :return: id of the copy by id of the original
        :rtype: dict
        """
        Model = self.env[model]
        table = SQL.identifier(Model._table)
        sequence = f"{Model._table}_id_seq"
        ids = dict(
            self.env.execute_query(
                SQL(
                    "SELECT id, nextval(%s) FROM (SELECT r.id FROM %s r WHERE %s"
                    " ORDER BY r.id) AS old",
                    sequence,
                    table,
                    domain,
                )
            )
        )
        if not ids:
            return ids
        columns = [
            field.name
            for field in Model._fields.values()
            if field.store and field.column_type and field.name != "id"
        ]
        values = [
            overrides.get(name) or SQL("r.%s", SQL.identifier(name)) for name in columns
        ]
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (id, %s) SELECT pairs.new, %s FROM %s r"
                " JOIN unnest(%s, %s) AS pairs (old, new) ON pairs.old = r.id"
                " ORDER BY r.id",
                table,
                SQL(", ").join(map(SQL.identifier, columns)),
                SQL(", ").join(values),
                table,
                list(ids),
                list(ids.values()),
            )
        )
        return ids

    @api.model
    def _get_target(self, by_record):
        """The case of the record that a row ``r`` belongs to."""
        return SQL(
            "(SELECT p.new FROM unnest(%s, %s) AS p (old, new) WHERE p.old = r.res_id)",
            list(by_record),
            list(by_record.values()),
        )

    @api.model
    def _copy_files(self, model, by_record):
        return self._copy_rows(
            "ir.attachment",
            SQL(
                "r.res_model = %s AND r.res_id = ANY(%s) AND r.res_field IS NULL",
                model,
                list(by_record),
            ),
            {
                "res_model": SQL("%s", self._name),
                "res_id": self._get_target(by_record),
                "access_token": SQL("NULL"),
            },
        )

    @api.model
    def _copy_messages(self, model, by_record, files):
        ids = self._copy_rows(
            "mail.message",
            SQL(
                "r.model = %s AND r.res_id = ANY(%s)"
                " AND r.message_type != 'user_notification'",
                model,
                list(by_record),
            ),
            {
                "model": SQL("%s", self._name),
                "res_id": self._get_target(by_record),
                "subtype_id": self._get_plain_subtype(),
            },
        )
        if not ids:
            return
        pairs = SQL("unnest(%s, %s)", list(ids), list(ids.values()))
        self.env.cr.execute(
            SQL(
                "UPDATE mail_message m SET parent_id = up.new"
                " FROM %s AS up (old, new)"
                " WHERE m.id = ANY(%s) AND m.parent_id = up.old",
                pairs,
                list(ids.values()),
            )
        )
        self._copy_message_parts(ids, pairs, files)

    @api.model
    def _copy_message_parts(self, ids, pairs, files):
        """Which files messages carry, and what they say has changed."""
        copied = SQL("unnest(%s::int[], %s::int[])", list(files), list(files.values()))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO message_attachment_rel (message_id, attachment_id)
                SELECT m.new, COALESCE(f.new, rel.attachment_id)
                  FROM message_attachment_rel rel
                  JOIN %s AS m (old, new) ON m.old = rel.message_id
             LEFT JOIN %s AS f (old, new) ON f.old = rel.attachment_id
                """,
                pairs,
                copied,
            )
        )
        self._copy_rows(
            "mail.tracking.value",
            SQL("r.mail_message_id = ANY(%s)", list(ids)),
            {
                "mail_message_id": SQL(
                    "(SELECT m.new FROM %s AS m (old, new)"
                    " WHERE m.old = r.mail_message_id)",
                    pairs,
                )
            },
        )

    @api.model
    def _get_plain_subtype(self):
        """Subtypes of the other app mean nothing here, and go when it is uninstalled:
        such a message becomes a note."""
        return SQL(
            "CASE WHEN EXISTS (SELECT FROM mail_message_subtype s"
            " WHERE s.id = r.subtype_id AND s.res_model IS NOT NULL)"
            " THEN %s ELSE r.subtype_id END",
            self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
        )

    @api.model
    def _copy_activities(self, model, by_record):
        self._copy_rows(
            "mail.activity",
            SQL("r.res_model = %s AND r.res_id = ANY(%s)", model, list(by_record)),
            {
                "res_model": SQL("%s", self._name),
                "res_model_id": SQL("%s", self.env["ir.model"]._get_id(self._name)),
                "res_id": self._get_target(by_record),
            },
        )

    @api.model
    def _copy_followers(self, records, cases):
        """Who follows there follows here, all in one statement."""
        # sudo: who follows is not the choice of who moves
        followers = self.env["mail.followers"].sudo()
        found = followers.search(
            [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        )
        by_record = dict(zip(records.ids, cases.ids, strict=True))
        known = {
            (follower.res_id, follower.partner_id.id)
            for follower in followers.search(
                [("res_model", "=", self._name), ("res_id", "in", cases.ids)]
            )
        }
        all_, _internal, outside = followers.env[
            "mail.message.subtype"
        ].default_subtypes(self._name)
        followers.create(
            [
                {
                    "res_model": self._name,
                    "res_id": by_record[follower.res_id],
                    "partner_id": partner.id,
                    "subtype_ids": (outside if partner.partner_share else all_).ids,
                }
                for follower in found
                if (partner := follower.partner_id).active
                and (by_record[follower.res_id], partner.id) not in known
            ]
        )
        cases._drop_outside_followers()

    @api.model
    def _clamp_past(self, *dates):
        """Dates that are known, each not before the one before, none to come.

        Other apps let them be written at will.
        """
        now = fields.Datetime.now()
        result, earliest = [], None
        for date in dates:
            date = date and min(date.replace(microsecond=0), now)
            if date and earliest:
                date = max(date, earliest)
            earliest = date or earliest
            result.append(date or False)
        return result
