from odoo import api, models
from odoo.fields import Domain

from .case_states import ACTIVE_STATES, CLOSED_STATES, DONE, OPEN, PENDING, TRANSITIONS
from .crm_case_mail import HUMAN_MESSAGE_TYPES

# What stands next to *Send*, besides *pending until*, which is a question.
MOVES = (OPEN, PENDING, DONE)
MY_ORDER = "sla_deadline, priority desc, date_last_customer_message, id"


class CrmCase(models.Model):
    """What the composer of a case can do besides sending.

    SEND AND: the answer is sent first, then the case moves; what closing requires is
    asked for afterwards, so that no answer waits for a form.

    LATE NEWS: before an answer goes out, its author hears of what others have said
    since he began.

    NEXT: the next case in the order of *My Work*.
    """

    _inherit = "crm.case"

    @api.readonly
    def get_answer_menu(self):
        """What the composer offers on this case.

        :return: ``moves``: states that it can be moved to; ``macros``: id, name, text
            and effects of each
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("write")
        Macro = self.env["crm.case.macro"]
        macros = Macro.search_fetch(Macro._get_case_domain(self), limit=100)
        return {
            "moves": [state for state in MOVES if self._can_move_to(state)],
            "macros": [
                {
                    "id": macro.id,
                    "name": macro.name,
                    "text": macro._render(self),
                    "effects": macro.effects,
                }
                for macro in macros
            ],
        }

    def _can_move_to(self, state):
        return state == self.state or state in TRANSITIONS[self.state]

    def action_after_send(self, state=False, macro_id=False, move_next=False):
        """Move this case once its answer is sent.

        :param str state: where to, or ``"until"`` to be asked until when it waits
        :param int macro_id: the macro whose effects belong to the answer
        :param bool move_next: show the next case afterwards
        :return: an action for the web client, or False
        """
        self.ensure_one()
        action = False
        if macro_id:
            macro = self.env["crm.case.macro"].browse(macro_id)
            macro.check_access("read")
            action = macro._apply(self)
        if state == "until":
            action = self.action_pending_until()
        elif state:
            action = self._move_on(state) or action
        return action or (move_next and self.action_next()) or False

    def _move_on(self, state, until=False):
        """Go to ``state``; asking, if closing asks for something.

        :return: the action that asks, or None
        """
        if state == DONE and self.state not in CLOSED_STATES:
            return self.action_close()
        if state == PENDING:
            self._put_on_hold(until)
        else:
            self._transition(state)
        return None

    def action_next(self):
        """The next case of the caller in the order of *My Work*."""
        case = self._get_next_case()
        if not case:
            return self.env["ir.actions.act_window"]._for_xml_id(
                "crm_cases.crm_case_action_my"
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.case",
            "res_id": case.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def _get_next_case(self):
        """Mine, else one of my teams that nobody has; never one that merely waits."""
        waiting = Domain("state", "in", ACTIVE_STATES) & Domain("state", "!=", PENDING)
        waiting &= Domain("id", "not in", self.ids)
        mine = waiting & Domain("user_id", "=", self.env.uid)
        free = (
            waiting
            & Domain("user_id", "=", False)
            & Domain("team_id", "in", self.env.user.case_team_ids.ids)
        )
        return self.search(mine, order=MY_ORDER, limit=1) or self.search(
            free, order=MY_ORDER, limit=1
        )

    def get_late_news(self, message_id):
        """Who said something on this case after a message, besides the caller.

        :param int message_id: the newest message that the caller had seen
        :return: names of the authors, without repetition
        :rtype: list[str]
        """
        self.ensure_one()
        self.check_access("read")
        messages = self.env["mail.message"].search_fetch(
            [
                ("model", "=", self._name),
                ("res_id", "=", self.id),
                ("id", ">", message_id),
                ("message_type", "in", HUMAN_MESSAGE_TYPES),
                ("author_id", "!=", self.env.user.partner_id.id),
            ],
            ["author_id", "email_from"],
            limit=20,
        )
        names = (
            message.author_id.name or message.email_from or self.env._("Somebody")
            for message in messages
        )
        return list(dict.fromkeys(names))
