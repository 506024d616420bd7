from odoo import models

HERE = "crm_cases/here"


class CrmCase(models.Model):
    """Who else looks at a case now, and who writes an answer.

    Each open form tells the others on a channel of the case, and keeps for some seconds
    what it hears: nothing is stored, no case is written. Forms that are alone say no
    more than that they came. The channel is open to our people who may read the case.
    """

    _inherit = "crm.case"

    def tell_presence(self, tab, writing=False, leaving=False, asking=False):
        """Tell the other forms of this case about the one of the caller.

        :param str tab: which of his windows it is
        :param bool writing: whether an answer is being written there
        :param bool leaving: whether it is being closed
        :param bool asking: whether the others are to tell of themselves
        """
        self.ensure_one()
        if not self._may_tell_presence():
            return False
        user = self.env.user
        message = {
            "case_id": self.id,
            "user_id": user.id,
            "name": user.name,
            "tab": str(tab)[:20],
            "writing": bool(writing),
            "leaving": bool(leaving),
            "asking": bool(asking),
        }
        self.env["bus.bus"]._sendone((self, "here"), HERE, message)
        return True

    def _may_tell_presence(self):
        return self.env.user._is_internal() and self.has_access("read")
