from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .actions import notify


class CrmCase(models.Model):
    """What a private team keeps to itself.

    READING: a global record rule hides the cases of a private team from everybody but
    its members, its leader and the responsible of the case. Customers keep seeing
    their own on the portal.

    FOLLOWING: a follower gets each message by mail, whatever he may read. So no
    colleague from outside follows such a case: who does is dropped when the case
    comes to the team, and cannot be added.

    WRITING: a message or a mention that would reach such a colleague is refused, with
    words; whatever else sends mail leaves him out.

    NAMING: other records may point here (a sub-case, a merged case). To who may not
    read it, such a case is its number and nothing else.
    """

    _inherit = "crm.case"

    is_private = fields.Boolean(
        related="team_id.is_private", store=True, precompute=True, string="Private"
    )

    @api.depends("is_private")
    @api.depends_context("uid")
    def _compute_display_name(self):
        result = super()._compute_display_name()
        for case in self._filter_hidden():
            case.display_name = f"[{case.number}]"
        return result

    def _filter_hidden(self):
        """Private cases that the current user may not read. OdooBot and customers,
        whom other rules serve, are no outsiders."""
        private = self.sudo().filtered("is_private").sudo(self.env.su)
        user = self.env.user
        if not private or not user._is_internal() or user._is_superuser():
            return self.browse()
        return private - private.with_user(user)._filtered_access("read")

    # ------------------------------------------------------------
    # FOLLOWERS
    # ------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        cases = super().create(vals_list)
        cases._drop_outside_followers()
        return cases

    def _message_subscribe(self, partner_ids=None, subtype_ids=None, customer_ids=None):
        result = super()._message_subscribe(partner_ids, subtype_ids, customer_ids)
        self._drop_outside_followers()
        return result

    def _message_auto_subscribe(self, updated_values, followers_existing_policy="skip"):
        result = super()._message_auto_subscribe(
            updated_values, followers_existing_policy
        )
        self._drop_outside_followers()
        return result

    def _drop_outside_followers(self):
        """Unsubscribe colleagues who may not read these cases."""
        # sudo: a follower is dropped because he may not be known to who acts
        private = self.sudo().filtered("is_private")
        for case in private:
            outside = case._filter_outsiders(case.message_partner_ids)
            if outside:
                case.message_unsubscribe(outside.ids)

    def _filter_outsiders(self, partners):
        """Colleagues among ``partners`` who may not read this case of a private team.
        One whose matter it is gets the answers, like any customer."""
        if not self.is_private:
            return partners.browse()
        insiders = self.team_id._get_insiders() | self.user_id
        return (partners - insiders.partner_id).filtered(
            lambda partner: (
                partner.user_ids
                and not partner.partner_share
                and not self._is_customer(partner)
            )
        )

    # ------------------------------------------------------------
    # WRITING
    # ------------------------------------------------------------

    def message_post(self, **kwargs):
        if kwargs.get("message_type") == "comment":
            self._check_insiders(kwargs.get("partner_ids"))
        return super().message_post(**kwargs)

    def _check_insiders(self, partner_ids):
        # sudo: whoever may post here may learn that a recipient is refused
        case = self.sudo()
        if not partner_ids or not case.is_private:
            return
        partners = case.env["res.partner"].browse(partner_ids)
        outside = case._filter_outsiders(partners)
        if outside:
            raise UserError(
                self.env._(
                    "%(who)s may not see the cases of the private team %(team)s. Make "
                    "them a member of it, or leave them out.",
                    who=", ".join(outside.mapped("name")),
                    team=case.team_id.name,
                )
            )

    def _notify_get_recipients(self, message, msg_vals=False, **kwargs):
        """The last gate: whatever path led here, nobody from outside is told."""
        recipients = super()._notify_get_recipients(message, msg_vals, **kwargs)
        case = self.sudo()  # as above
        if not recipients or not case or not case.is_private:
            return recipients
        partners = case.env["res.partner"].browse(
            [data["id"] for data in recipients if data["id"]]
        )
        outside = set(case._filter_outsiders(partners).ids)
        return [data for data in recipients if data["id"] not in outside]

    # ------------------------------------------------------------
    # HANDING OVER
    # ------------------------------------------------------------

    def action_escalate(self):
        return self._leave_if_hidden(super().action_escalate())

    def action_deescalate(self):
        return self._leave_if_hidden(super().action_deescalate())

    def _leave_if_hidden(self, result):
        """Whoever hands a case to a private team cannot stay on its form."""
        hidden = self - self._filtered_access("read")
        return hidden._get_handed_over_action() if hidden else result

    def _get_handed_over_action(self):
        teams = self.sudo().team_id  # sudo: the name of the team is no secret
        message = self.env._(
            "Handed over to %s, whose cases only its members see.",
            ", ".join(teams.mapped("name")),
        )
        my_work = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_cases.crm_case_action_my"
        )
        return notify(message, follow=my_work)

    def web_save(self, vals, specification, next_id=None):
        """Say in words why a form cannot be saved that would vanish with it."""
        team = self.env["crm.case.team"].browse(vals.get("team_id") or [])
        if team.sudo().is_private and not team.filtered_domain(
            team._get_insider_domain()
        ):
            raise AccessError(
                self.env._(
                    "%s is a private team: only its members see its cases, so you "
                    "cannot file one there by hand. Write to its address, or escalate.",
                    team.name,
                )
            )
        return super().web_save(vals, specification, next_id=next_id)
