import json
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.crm_case_presence import HERE
from .common import CasesCommon


@tagged("post_install", "-at_install")
class TestPresence(CasesCommon):
    def _listen(self, user, case, **words):
        sent = []
        bus = self.registry["bus.bus"]
        with patch.object(
            bus, "_sendone", lambda _self, *message: sent.append(message)
        ):
            told = case.with_user(user).tell_presence("tab", **words)
        return told, sent

    def _channels(self, user, *channels):
        websocket = self.registry["ir.websocket"]
        parent = next(
            base
            for base in websocket.__mro__
            if base.__module__ == "odoo.addons.bus.models.ir_websocket"
        )
        with patch.object(parent, "_build_bus_channel_list", lambda _self, c: c):
            model = self.env["ir.websocket"].with_user(user)
            found = model._build_bus_channel_list(list(channels))
        return [c for c in found if isinstance(c, tuple) and c[1] == "here"]

    def test_who_reads_the_case_tells_the_others(self):
        case = self._case()
        written = case.write_date
        told, [(channel, kind, message)] = self._listen(
            self.user_member, case, writing=True
        )
        self.assertTrue(told)
        self.assertEqual(channel, (case, "here"))
        self.assertEqual(kind, HERE)
        self.assertEqual(message["name"], "Mia Member")
        self.assertTrue(message["writing"])
        json.dumps(message)
        self.env.flush_all()
        self.assertEqual(case.write_date, written)

    def test_others_neither_tell_nor_listen(self):
        case = self._case(user_id=self.user_leader.id)
        channel = f"crm_case_here_{case.id}"
        for user in (self.user_other, self.user_portal, self.user_employee):
            told, sent = self._listen(user, case)
            self.assertFalse(told or sent)
            with self.assertRaises(AccessError):
                case.with_user(user).check_access("write")
            self.assertFalse(self._channels(user, channel))
        heard = self._channels(self.user_leader, channel, "crm_case_here_x")
        self.assertEqual([c[0].id for c in heard], case.ids)
