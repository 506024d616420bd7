import re

from odoo import models

CHANNEL = re.compile(r"crm_case_here_(\d{1,9})")
# More cases than somebody has open.
MAX_CHANNELS = 50


class IrWebsocket(models.AbstractModel):
    """Forms of cases listen to each other: see ``crm_case_presence``.

    A window asks for a case by its number; it hears of cases that its user may read.
    """

    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        wanted, others = [], []
        for channel in channels:
            match = isinstance(channel, str) and CHANNEL.fullmatch(channel)
            if match:
                wanted.append(int(match[1]))
            else:
                others.append(channel)
        cases = self.env["crm.case"].with_context(active_test=False)
        # An error here would cut off whoever asks from all other news.
        if wanted and self.env.user._is_internal() and cases.has_access("read"):
            found = cases.search([("id", "in", wanted[:MAX_CHANNELS])])
            others.extend((case, "here") for case in found)
        return super()._build_bus_channel_list(others)
