from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import CUSTOMER, DOMAIN
from .test_threading import STAFF, STRANGER
from .test_voice import VoiceCommon

OUTSIDER = "robin@home.example"
PARTICIPANT, OTHER, FORGED = "participant", "stranger", "forged staff"
SENDERS = {PARTICIPANT: CUSTOMER, OTHER: STRANGER, FORGED: STAFF}
DAYS = 14
# What becomes of a mail: it joins the case, joins it under a warning, or makes another.
JOINS, WARNED, NEW = "joins", "joins under a warning", "new case"

MATRIX = {
    "headers kept": (JOINS, WARNED, WARNED),
    "headers kept, subject edited": (JOINS, WARNED, WARNED),
    "to the acknowledgement": (JOINS, WARNED, WARNED),
    "forwarded with headers": (JOINS, WARNED, WARNED),
    "token in the address": (JOINS, WARNED, WARNED),
    "headers dropped, history quoted": (JOINS, WARNED, WARNED),
    "headers dropped, number in subject": (JOINS, NEW, NEW),
    "headers dropped, RE:": (JOINS, NEW, NEW),
    "headers dropped, AW:": (JOINS, NEW, NEW),
    "headers dropped, SV:": (JOINS, NEW, NEW),
    "headers dropped, 回复:": (JOINS, NEW, NEW),
    "headers dropped, number of a foreign system": (NEW, NEW, NEW),
    "headers dropped, subject edited": (NEW, NEW, NEW),
    "altered token in the address": (NEW, NEW, NEW),
    "stolen number, subject edited": (JOINS, NEW, NEW),
    "truncated token in the address": (NEW, NEW, NEW),
    "closed N-1 days ago": (JOINS, WARNED, WARNED),
    "closed N-1 days ago, by number": (JOINS, NEW, NEW),
    "closed N+1 days ago": (NEW, NEW, NEW),
    "closed N+1 days ago, by number": (NEW, NEW, NEW),
    "merged, headers kept": (JOINS, WARNED, WARNED),
    "merged, token in the address": (JOINS, WARNED, WARNED),
    "merged, number in subject": (JOINS, NEW, NEW),
    "split, headers kept": (JOINS, WARNED, WARNED),
    "split, token in the address": (JOINS, WARNED, WARNED),
    "split, history quoted": (JOINS, WARNED, WARNED),
    "split, number in subject": (JOINS, NEW, NEW),
}


@tagged("post_install", "-at_install")
class TestThreadingMatrix(VoiceCommon):
    """Every behaviour of clients, by participants, strangers and forgers."""

    def test_matrix(self):
        for behaviour, expected in MATRIX.items():
            for (who, address), outcome in zip(SENDERS.items(), expected, strict=True):
                with self.subTest(behaviour=behaviour, who=who):
                    self.assertEqual(self.outcome(behaviour, address), outcome)

    def outcome(self, behaviour, sender):
        case = self.new_case(Message_ID=f"<first-{next(self.numbers)}@client.example>")
        sent = self.answered(case)
        if behaviour.startswith("merged"):
            headers = self.merged(behaviour, case, sent)
            case = case._mailgateway_survivor()
        elif behaviour.startswith("split"):
            case, headers = self.split(behaviour, case)
        else:
            headers = self.headers(behaviour, case, sent)
        row = self.mail(From=sender, **headers)
        if row.case_id != case:
            self.assertTrue(row.case_id, "never lost")
            return NEW
        return WARNED if case.mail_warning else JOINS

    def headers(self, behaviour, case, sent):
        """Return the arguments of a mail in which a client shows its behaviour."""
        tag = f"[{case.number}] My brakes squeal"
        kind, _comma, detail = behaviour.partition(", ")
        reply = {"In_Reply_To": sent.message_id, "References": sent.message_id}
        if kind == "headers dropped":
            return self.dropped(detail, case, tag)
        if kind == "to the acknowledgement":
            self.env["crm.mailgateway.result"].search([])._acknowledge()
            domain = [("res_id", "=", case.id), ("subject", "ilike", "Re:%")]
            thanks = self.env["mail.mail"].search(domain, limit=1)
            return {"In_Reply_To": thanks.message_id}
        if kind == "token in the address":
            return {"To": self.token_address(case)}
        if kind == "altered token in the address":
            return {"To": f"support+c{case.id}-aaaaaaaaaaaaaaaa@{DOMAIN}"}
        if kind == "truncated token in the address":
            return {
                "To": self.token_address(case, self.secret._case_token(case.id)[:-1])
            }
        if kind == "stolen number":
            return {"subject": f"Please pay! [{case.number}]"}
        if kind.startswith("closed"):
            self.close(case, days=DAYS - 1 if "N-1" in kind else DAYS + 1)
            return {"subject": tag} if detail else reply
        subject = {"subject edited": "Something else"}.get(detail, f"Re: {tag}")
        prefix = "Fwd: " if kind.startswith("forwarded") else ""
        return {**reply, "subject": prefix + subject}

    def merged(self, behaviour, case, sent):
        """Merge a case into another one, and return how a client answers to it."""
        number = next(self.numbers)
        survivor = self.new_case(Message_ID=f"<survivor-{number}@client.example>")
        (survivor | case)._merge(survivor)
        return {
            "headers kept": {"In_Reply_To": sent.message_id},
            "token in the address": {"To": self.token_address(case)},
            "number in subject": {"subject": f"Re: [{case.number}]"},
        }[behaviour.partition(", ")[2]]

    def split(self, behaviour, case):
        """Make a case of its own of a mail; return it, and how a client answers it."""
        self.mail(subject=f"[{case.number}]", body="By the way, my bell is broken.")
        moved = case.message_ids.filtered(lambda m: "bell" in (m.body or ""))
        half = case._split(moved, {"name": "Bell"})
        token = self.secret._case_token(half.id)
        return half, {
            "headers kept": {"In_Reply_To": moved.message_id},
            "token in the address": {"To": self.token_address(half)},
            "history quoted": {"body": f"Still\n\n> Hello\n> [ref:{token}]"},
            "number in subject": {"subject": f"Re: [{half.number}]"},
        }[behaviour.partition(", ")[2]]

    def test_from_another_address(self):
        """A colleague of the customer takes part, somebody of another firm does not."""
        firm = self.env["res.partner"].create({"name": "Firm", "is_company": True})
        self.customer.parent_id = firm
        self.env["res.partner"].create(
            {"name": "Kim", "email": "kim@home.example", "parent_id": firm.id}
        )
        for address, expected in (("kim@home.example", JOINS), (OUTSIDER, NEW)):
            case = self.new_case(Message_ID=f"<{address}>")
            row = self.mail(subject=f"Re: [{case.number}]", From=address)
            self.assertEqual(JOINS if row.case_id == case else NEW, expected)
            self.assertFalse(case.mail_warning)

    def dropped(self, detail, case, tag):
        token = self.secret._case_token(case.id)
        return {
            "history quoted": {"body": f"Still there\n\n> Hello\n> [ref:{token}]"},
            "number in subject": {"subject": tag},
            "RE:": {"subject": f"RE: {tag}"},
            "AW:": {"subject": f"AW: {tag}"},
            "SV:": {"subject": f"SV: {tag}"},
            "回复:": {"subject": f"回复: {tag}"},
            "number of a foreign system": {"subject": "Re: [CASE-99999] [Ticket#1]"},
            "subject edited": {"subject": "My brakes squeal"},
        }[detail]

    def close(self, case, days):
        case.team_id.write({"reopen_policy": "days", "reopen_days": DAYS})
        case._transition("open")
        case._transition("done")
        case.date_closed = fields.Datetime.now() - timedelta(days=days)

    def test_after_merge_every_way_leads_to_the_survivor(self):
        survivor = self.new_case(Message_ID="<one@client.example>")
        merged = self.new_case(Message_ID="<two@client.example>")
        sent = self.answered(merged)
        (survivor | merged)._merge(survivor)
        token = self.secret._case_token(merged.id)
        for headers in (
            {"In_Reply_To": sent.message_id},
            {"To": self.token_address(merged)},
            {"body": f"Hello\n> [ref:{token}]"},
            {"subject": f"[{merged.number}]"},
        ):
            with self.subTest(headers=headers):
                row = self.mail(**headers)
                self.assertEqual(row.case_id, survivor)
                self.assertFalse(survivor.mail_warning)

    def test_after_split_an_answer_goes_to_the_half_that_has_its_mail(self):
        case = self.new_case()
        self.mail(subject=f"[{case.number}]", body="By the way, my bell is broken.")
        moved = case.message_ids.filtered(lambda m: "bell" in (m.body or ""))
        half = case._split(moved, {"name": "Bell"})
        self.assertNotEqual(half, case)
        row = self.mail(In_Reply_To=moved.message_id, body="The bell still")
        self.assertEqual(row.case_id, half)
