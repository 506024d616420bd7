from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

# The survivor keeps what it has and takes what it lacks.
PEOPLE = ("partner_id", "partner_name", "email_from", "phone")
FILLED = (
    *PEOPLE,
    "description",
    "category_id",
    "user_id",
    "parent_id",
    "document_ref",
    "date_deadline",
    "date_action_next",
    "planned_revenue",
    "planned_cost",
    "probability",
    "campaign_id",
    "medium_id",
    "source_id",
)
GREATEST = (
    "priority",
    "date_last_customer_message",
    "date_last_staff_message",
    "date_action_last",
)
LEAST = ("date_first_response",)


class CrmCase(models.Model):
    """Several cases about one matter become one.

    MERGING: one case survives, by default the oldest. Messages, scheduled messages,
    files, activities, sub-cases, other parties, steps, followers, watchers, tags and
    related cases go to it; it keeps every value that it has, takes what it lacks from
    the others (the oldest first), the highest priority, the first and last dates. The
    others stay: archived, linked by ``merged_into_id``, with all their own values.

    ANSWERS to a merged case reach the survivor.

    UN-MERGING gives everything back as it was, see ``crm.case.merge.log``.

    RIGHTS: only cases that the user may write are merged. A case of a private team
    goes only with cases of that team: nobody learns of it by a merge. Where customers
    differ, those of the merged cases do not follow the survivor unless that is asked
    for. A case of somebody who is another party of the survivor is refused: the
    customer would read it.
    """

    _inherit = "crm.case"

    merged_into_id = fields.Many2one(
        "crm.case",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        copy=False,
        check_company=True,
        groups="base.group_user",
    )
    merged_ids = fields.One2many(
        "crm.case",
        "merged_into_id",
        string="Merged Cases",
        context={"active_test": False},
        groups="base.group_user",
    )
    merged_count = fields.Integer(
        compute="_compute_merged_count", groups="base.group_user"
    )

    def _compute_merged_count(self):
        counts = dict(
            self.with_context(active_test=False)._read_group(
                [("merged_into_id", "in", self.ids)], ["merged_into_id"], ["__count"]
            )
        )
        for case in self:
            case.merged_count = counts.get(case, 0)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_survivor(self):
        # sudo: a merged case that the user may not see counts as well
        merged = self.sudo().with_context(active_test=False).merged_ids - self.sudo()
        if merged:
            raise UserError(
                self.env._(
                    "%s holds the conversations of merged cases, which would be "
                    "deleted with it. Un-merge them first, or archive it.",
                    merged[0].merged_into_id.number,
                )
            )

    # ------------------------------------------------------------
    # WHO SURVIVES
    # ------------------------------------------------------------

    def _get_oldest(self):
        return self.sorted(lambda case: (case.create_date, case.id))[:1]

    def _get_survivors(self):
        """This case and those that it was merged into, one after the other.

        sudo: an answer to a merged case finds its way, whoever writes it.
        """
        chain = case = self.sudo()
        while case.merged_into_id and case.merged_into_id not in chain:
            case = case.merged_into_id
            chain |= case
        return chain

    def _get_survivor(self):
        """The case that answers to this one belong to: itself, unless it was merged."""
        return self.browse(self._get_survivors()[-1:].id)

    def _get_portal_successor(self, user, by_link):
        """The case that a customer sees instead of this merged one, if he may.

        :param user: who asks; the portal hands out records of the superuser
        :param bool by_link: whether he came by a valid link of this case
        :return: the survivor as superuser, or nothing
        """
        self.ensure_one()
        survivor = self._get_survivor()
        if survivor == self:
            return self.browse()
        mine = by_link and survivor.sudo()._has_same_customer(self.sudo())
        allowed = mine or survivor.with_user(user).has_access("read")
        # sudo: who is allowed reads its page, which takes what it shows as superuser
        return survivor.sudo() if allowed else self.browse()

    def _get_ancestors(self):
        chain = case = self
        while case.parent_id and case.parent_id not in chain:
            case = case.parent_id
            chain |= case
        return chain - self

    def _has_same_customer(self, case):
        """Whether ``case`` is of nobody else than the customer of this one."""
        theirs = case.partner_id.commercial_partner_id
        if not theirs and not case.email_normalized:
            return True
        return bool(
            theirs
            and theirs == self.partner_id.commercial_partner_id
            or case.email_normalized
            and case.email_normalized == self.email_normalized
        )

    def _may_follow_merged(self, partner, case):
        if self._filter_parties(partner):
            return False
        own = self.partner_id.commercial_partner_id
        return (
            not partner.partner_share
            or partner.commercial_partner_id == own
            or self._has_same_customer(case)
        )

    # ------------------------------------------------------------
    # MERGING
    # ------------------------------------------------------------

    def _merge(self, survivor=None, with_people=False):
        """Merge these cases.

        :param survivor: one of them; the oldest if not given
        :param bool with_people: whether outside followers and watchers of other
            customers come along
        :return: the survivor
        :raise UserError: if these cases cannot become one
        """
        survivor = survivor or self._get_oldest()
        cases = (self - survivor).sorted(lambda case: (case.create_date, case.id))
        (cases | survivor)._check_merge(survivor)
        (cases | survivor)._lock_for_merge()
        # sudo: the rights on all cases were checked, and what belongs to them goes
        # along as a whole, whoever made it
        log = self.env["crm.case.merge.log"].sudo()
        for case in cases.sudo():
            log._record(case, survivor.sudo(), with_people)
            case._archive_as_merged(survivor)
        self.env.invalidate_all()
        survivor._note_merged(cases)
        return survivor

    def _lock_for_merge(self):
        """Of two merges of a case at once, the later one is told so."""
        if len(self.try_lock_for_update()) < len(self):
            raise UserError(
                self.env._(
                    "Somebody else is changing %s at this moment. Try again.",
                    ", ".join(self.mapped("number")),
                )
            )

    def _archive_as_merged(self, survivor):
        self.with_context(tracking_disable=True).write(
            {"active": False, "merged_into_id": survivor.id}
        )
        self.message_post(
            body=self.env._("Merged into %s.", survivor._get_html_link()),
            subtype_xmlid="mail.mt_note",
        )

    def _note_merged(self, cases):
        links = self.env["ir.qweb"]._render(
            "crm_cases.merge_note", {"cases": cases, "survivor": self}
        )
        self.message_post(body=links, subtype_xmlid="mail.mt_note")

    def _take_over(self, case, names=None):
        """Take from ``case`` what this one lacks.

        :param names: fields to look at, by default all that a merge fills
        :return: {field: [before, after]} of what changed, fit for JSON
        """
        watched = [*FILLED, *GREATEST, *LEAST]
        before = self._get_plain_values(watched)
        vals = self._prepare_take_over_vals(case)
        if names is not None:
            vals = {name: vals[name] for name in vals if name in names}
        self.write(vals)
        after = self._get_plain_values(watched)
        return {n: [before[n], after[n]] for n in watched if before[n] != after[n]}

    def _prepare_take_over_vals(self, case):
        skipped = set() if self._may_take_customer(case) else set(PEOPLE)
        if case.parent_id in self | self._get_ancestors() | case or self in (
            case.parent_id._get_ancestors()
        ):
            skipped.add("parent_id")
        best = {name: case[name] for name in FILLED if not self[name] and case[name]}
        for names, choose in ((GREATEST, max), (LEAST, min)):
            for name in names:
                found = [record[name] for record in (self, case) if record[name]]
                if found and choose(found) != self[name]:
                    best[name] = choose(found)
        return {
            name: self._fields[name].convert_to_write(value, self)
            for name, value in best.items()
            if name not in skipped
        }

    def _may_take_customer(self, case):
        """A case of somebody does not become that of somebody else."""
        unknown = not self.partner_id and not self.email_normalized
        return unknown or self._has_same_customer(case)

    def _get_plain_values(self, names):
        """:return: {field: value} as JSON would give it back"""
        self.ensure_one()
        values = self.read(names, load="")[0]
        return {
            name: value if isinstance(value, bool | int | float) else str(value)
            for name, value in values.items()
            if name in names
        }

    def _give_back(self, values):
        """Undo ``_take_over`` where nobody changed the value since.

        :return: names of the fields that were given back
        """
        now = self._get_plain_values(list(values))
        back = {name: v[0] for name, v in values.items() if now[name] == v[1]}
        self.write(back)
        return set(back)

    def _get_watchers(self):
        """:return: {normalized address: address as written}"""
        return self._mail_cc_sanitized_raw_dict(self.email_cc)

    def _set_watchers(self, watchers):
        self.email_cc = ", ".join(watchers.values())

    # ------------------------------------------------------------
    # CHECKS
    # ------------------------------------------------------------

    def _check_merge(self, survivor):
        self.check_access("write")
        if len(self) < 2:
            raise UserError(self.env._("Choose at least two cases to merge."))
        if len(self.company_id) > 1:
            raise UserError(
                self.env._("Cases of different companies cannot be merged.")
            )
        merged = self.filtered("merged_into_id")
        if merged:
            raise UserError(
                self.env._("%s was merged already.", merged[0].display_name)
            )
        if not survivor.active:
            raise UserError(
                self.env._("%s is archived and cannot stay.", survivor.display_name)
            )
        self._check_merge_privacy()
        (self - survivor)._check_merge_parties(survivor)

    def _check_merge_privacy(self):
        if any(self.mapped("is_private")) and len(self.team_id) > 1:
            raise UserError(
                self.env._(
                    "Cases of a private team can be merged with cases of the same team "
                    "only: others would read them."
                )
            )

    def _check_merge_parties(self, survivor):
        everybody = self | survivor
        for case in everybody:
            known = (everybody - case)._get_all_party_addresses()
            if case.email_normalized in known:
                raise UserError(
                    self.env._(
                        "%(case)s is from %(party)s, another party of the matter: the "
                        "customer would read it. Keep it as a related case.",
                        case=case.display_name,
                        party=case.partner_id.name or case.email_from,
                    )
                )

    def _get_all_party_addresses(self):
        return {address for case in self for address in case._get_party_addresses()}

    # ------------------------------------------------------------
    # UN-MERGING
    # ------------------------------------------------------------

    def _unmerge(self):
        """Give this case back what it brought, and bring it back."""
        for case in self:
            case._check_unmerge()
            log = self.env["crm.case.merge.log"].sudo()  # rights were just checked
            case, survivor = case.sudo(), case.sudo().merged_into_id
            (case | survivor)._lock_for_merge()
            log.search([("case_id", "=", case.id)], limit=1, order="id desc")._undo()
            case.with_context(tracking_disable=True).write(
                {"active": True, "merged_into_id": False}
            )
            self.env.invalidate_all()
            case._note_unmerged(survivor)

    def _check_unmerge(self):
        if not self.merged_into_id:
            raise UserError(self.env._("%s was not merged.", self.display_name))
        (self | self.merged_into_id).check_access("write")

    def _note_unmerged(self, survivor):
        for case, other in ((self, survivor), (survivor, self)):
            case.message_post(
                body=self.env._("No longer merged with %s.", other._get_html_link()),
                author_id=self.env.user.partner_id.id,
                subtype_xmlid="mail.mt_note",
            )

    # ------------------------------------------------------------
    # ACTIONS
    # ------------------------------------------------------------

    def action_merge(self):
        """Choose which cases become which; on one case, with its duplicates."""
        cases = self | self.duplicate_ids if len(self) == 1 else self
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Merge Cases"),
            "res_model": "crm.case.merge",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_ids": [Command.set(cases.ids)]},
        }

    def action_unmerge(self):
        self._unmerge()

    def action_view_merged(self):
        self.ensure_one()
        action = self._get_cases_action(
            self.env._("Merged Cases"), [("merged_into_id", "=", self.id)], {}
        )
        return {**action, "context": {"active_test": False, "create": False}}

    def action_open_survivor(self):
        self.ensure_one()
        return self._get_form_action(self.merged_into_id)

    @api.model
    def _get_form_action(self, case):
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.case",
            "res_id": case.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
