from odoo import api, fields, models
from odoo.fields import Domain

CASE = "crm.case"


class CrmCaseMergeLog(models.Model):
    """What a merge moved from one case to the survivor, so that it can go back.

    One record per merged case, written and read by the code only. ``journal`` holds
    ids and values::

        moved       {model: [ids]}             what changed its case
        children    [ids]                      sub-cases that went elsewhere
        followers   [partners]                 added to the survivor, like
        watchers    [addresses]
        tags        [ids]
        related     [ids]
        values      {field: [before, after]}   what the survivor took over

    UNDOING gives back what the survivor, or a case that it was merged into since, still
    holds: what somebody moved on, deleted or changed in the meantime stays as it is.
    What another merged case brought as well is left, and booked on that one.
    """

    _name = "crm.case.merge.log"
    _description = "Merge of Cases"
    _order = "id"
    _rec_name = "case_id"

    case_id = fields.Many2one(CASE, required=True, index=True, ondelete="cascade")
    survivor_id = fields.Many2one(CASE, required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="survivor_id.company_id")
    journal = fields.Json(required=True)

    # ------------------------------------------------------------
    # WHAT BELONGS TO A CASE
    # ------------------------------------------------------------

    @api.model
    def _get_moves(self):
        """Records that go along: model -> (field of the model or None, of the id).

        Override to add those of another addon.
        """
        return {
            "mail.message": ("model", "res_id"),
            "ir.attachment": ("res_model", "res_id"),
            "mail.activity": ("res_model", "res_id"),
            "mail.scheduled.message": ("model", "res_id"),
            "crm.case.party": (None, "case_id"),
            "crm.case.checklist": (None, "case_id"),
        }

    @api.model
    def _find_belongings(self, model, cases, ids=None):
        """Records of ``model`` that belong to ``cases``, archived ones included."""
        model_field, id_field = self._get_moves()[model]
        domain = Domain(id_field, "in", cases.ids)
        if model_field:
            domain &= Domain(model_field, "=", CASE)
        if ids is not None:
            domain &= Domain("id", "in", ids)
        return self.env[model].with_context(active_test=False).search(domain)

    @api.model
    def _move(self, records, case):
        _model_field, id_field = self._get_moves()[records._name]
        if records:
            records.write({id_field: case.id})
        return records.ids

    # ------------------------------------------------------------
    # MERGING
    # ------------------------------------------------------------

    @api.model
    def _record(self, case, survivor, with_people):
        """Move everything of ``case`` to ``survivor`` and remember it.

        :param bool with_people: whether followers and watchers come along who are
            neither staff nor of the survivor's customer
        """
        journal = {
            "moved": {
                model: self._move(self._find_belongings(model, case), survivor)
                for model in self._get_moves()
            },
            "children": self._move_children(case, survivor),
            "followers": self._add_followers(case, survivor, with_people),
            "watchers": self._add_watchers(case, survivor, with_people),
            "tags": (case.tag_ids - survivor.tag_ids).ids,
            "related": (case.related_case_ids - survivor.related_case_ids).ids,
            "values": survivor._take_over(case),
        }
        survivor.tag_ids |= case.tag_ids
        survivor.related_case_ids |= case.related_case_ids - survivor
        return self.create(
            {"case_id": case.id, "survivor_id": survivor.id, "journal": journal}
        )

    @api.model
    def _move_children(self, case, survivor):
        """Sub-cases go to the survivor; those above it go past it, to what was above
        ``case``, or there would be a circle."""
        children = case.with_context(active_test=False).child_ids
        past = children & (survivor._get_ancestors() | survivor)
        past.parent_id = case.parent_id
        (children - past).parent_id = survivor
        return children.ids

    @api.model
    def _add_followers(self, case, survivor, with_people):
        before = survivor.message_partner_ids
        for follower in case.message_follower_ids:
            partner = follower.partner_id
            wanted = with_people or survivor._may_follow_merged(partner, case)
            if wanted and partner not in before:
                survivor._message_subscribe(partner.ids, follower.subtype_ids.ids)
        # Read anew: who may not follow (from outside a private team) did not get in.
        survivor.invalidate_recordset(["message_partner_ids", "message_follower_ids"])
        return (survivor.message_partner_ids - before).ids

    @api.model
    def _add_watchers(self, case, survivor, with_people):
        if not (with_people or survivor._has_same_customer(case)):
            return []
        theirs, ours = case._get_watchers(), survivor._get_watchers()
        added = [a for a in theirs if a not in ours and a != survivor.email_normalized]
        if added:
            survivor._set_watchers({**ours, **{a: theirs[a] for a in added}})
        return added

    # ------------------------------------------------------------
    # UNDOING
    # ------------------------------------------------------------

    def _undo(self):
        self.ensure_one()
        case, survivor = self.case_id, self.survivor_id
        holders = survivor._get_survivors()
        for model, ids in self.journal["moved"].items():
            if model in self._get_moves():
                self._move(self._find_belongings(model, holders, ids), case)
        self._take_back_children(holders)
        self._take_back_lists()
        self._take_back_values()
        self.unlink()

    def _take_back_children(self, holders):
        children = self.env[CASE].with_context(active_test=False)
        children = children.browse(self.journal["children"]).exists()
        elsewhere = (holders | self.case_id.parent_id).ids
        children.filtered(
            lambda child: not child.parent_id or child.parent_id.id in elsewhere
        ).parent_id = self.case_id

    def _take_back_lists(self):
        survivor = self.survivor_id
        survivor.message_unsubscribe(
            self._hand_over("followers", lambda case: case.message_partner_ids.ids)
        )
        tags = self._hand_over("tags", lambda case: case.tag_ids.ids)
        survivor.tag_ids -= self.env["crm.case.tag"].browse(tags)
        related = self._hand_over("related", lambda case: case.related_case_ids.ids)
        survivor.related_case_ids -= self.env[CASE].browse(related)
        watchers = self._hand_over("watchers", lambda case: case._get_watchers())
        if watchers:
            kept = survivor._get_watchers().items()
            survivor._set_watchers({a: raw for a, raw in kept if a not in watchers})

    def _get_others(self):
        """The other merges into the survivor that were not undone."""
        return self.search(
            [("survivor_id", "=", self.survivor_id.id), ("id", "!=", self.id)]
        )

    def _hand_over(self, key, get_keys):
        """:return: what nobody but this case brought; the rest is booked on others"""
        mine = set(self.journal[key])
        for other in self._get_others() if mine else []:
            shared = mine & set(get_keys(other.case_id))
            if shared:
                both = [*other.journal[key], *shared]
                other.journal = {**other.journal, key: both}
            mine -= shared
        return list(mine)

    def _take_back_values(self):
        """Give back each value, unless a later merge built on it: that one then has
        the older value to give back. What this case had filled, another may fill."""
        values, others = dict(self.journal["values"]), self._get_others()
        for other in others:
            theirs = dict(other.journal["values"])
            for name in values.keys() & theirs.keys():
                if theirs[name][0] == values[name][1]:
                    theirs[name] = [values.pop(name)[0], theirs[name][1]]
            other.journal = {**other.journal, "values": theirs}
        given = self.survivor_id._give_back(values)
        for other in others if given else []:
            taken = self.survivor_id._take_over(other.case_id, given)
            theirs = {**other.journal["values"], **taken}
            other.journal = {**other.journal, "values": theirs}
