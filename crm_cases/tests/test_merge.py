from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCommon

from .common import CasesSetup

ANSWER = """From: {sender}
To: {to}
Subject: Re: whatever
Message-Id: <late-{number}@x>
References: {references}

{body}
"""


class MergeCommon(CasesSetup, MailCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.team_care.write(
            {"alias_name": "test-care", "alias_domain_id": cls.mail_alias_domain.id}
        )
        cls.address = f"test-care@{cls.alias_domain}"

    def _cases(self, count=3, **values):
        """Cases of one customer, the oldest first, each with a bit of everything."""
        values = {"partner_id": self.partner.id, **values}
        cases = self.env["crm.case"].union(
            *[self._case(f"Matter {i}", **values) for i in range(count)]
        )
        for i, case in enumerate(cases):
            self._furnish(case, i)
        self.env.flush_all()
        return cases

    def _furnish(self, case, i):
        case.message_post(
            body=f"Word {i}",
            message_type="comment",
            author_id=self.partner.id,
            subtype_xmlid="mail.mt_comment",
            attachments=[("photo.jpg", b"photo"), (f"file{i}.txt", b"text")],
        )
        self.env["ir.attachment"].create(
            {
                "name": "loose.txt",
                "raw": "x",
                "res_model": "crm.case",
                "res_id": case.id,
            }
        )
        case.activity_schedule(summary=f"Call {i}", user_id=self.user_member.id)
        follower = self.env["res.partner"].create(
            {"name": f"Follower {i}", "parent_id": self.partner.id}
        )
        case.message_subscribe(follower.ids)
        case.email_cc = f"watcher{i}@watch.example.com, all@watch.example.com"
        case.tag_ids = self.env["crm.case.tag"].create({"name": f"Tag {i}"})
        case.related_case_ids = self._case(f"Related {i}")
        self._case(f"Child {i}", parent_id=case.id)
        supplier = self.env["res.partner"].create(
            {"name": f"Supplier {i}", "email": f"s{i}@supplier{i}.example.com"}
        )
        self.env["crm.case.party"].create(
            {"case_id": case.id, "partner_id": supplier.id}
        )
        case.checklist_ids = [(0, 0, {"name": f"Step {i}"})]

    def _state(self, cases):
        """Everything that a merge touches, case by case."""
        self.env.flush_all()
        self.env.invalidate_all()
        log = self.env["crm.case.merge.log"]
        return {
            case.id: {
                **{
                    model: sorted(log._find_belongings(model, case).ids)
                    for model in log._get_moves()
                    if model != "mail.message"
                },
                "messages": sorted(
                    log._find_belongings("mail.message", case)
                    .filtered(lambda m: m.message_type != "notification")
                    .ids
                ),
                "children": sorted(case.with_context(active_test=False).child_ids.ids),
                "followers": sorted(case.message_partner_ids.ids),
                "watchers": case.email_cc,
                "tags": sorted(case.tag_ids.ids),
                "related": sorted(case.related_case_ids.ids),
                "active": case.active,
                "stage": case.stage_id.id,
                "parent": case.parent_id.id,
                "merged": case.merged_into_id.id,
                **case._get_plain_values(
                    ["partner_id", "user_id", "phone", "priority", "date_deadline"]
                    + ["date_first_response", "date_last_customer_message"]
                    + ["planned_revenue", "category_id", "email_from"]
                ),
            }
            for case in cases.with_context(active_test=False)
        }


@tagged("post_install", "-at_install")
class TestMerge(MergeCommon):
    def test_everything_goes_to_the_oldest(self):
        cases = self._cases(3)
        first, others = cases[0], cases[1:]
        before = self._state(cases)
        survivor = cases.with_user(self.user_member)._merge()
        self.assertEqual(survivor, first)
        after = self._state(cases)[first.id]
        for name in ("messages", "ir.attachment", "mail.activity", "crm.case.party"):
            everything = sum((before[case.id][name] for case in cases), [])
            self.assertEqual(after[name], sorted(everything), name)
        for name in ("children", "tags", "related", "followers", "crm.case.checklist"):
            everything = {i for case in cases for i in before[case.id][name]}
            self.assertEqual(set(after[name]), everything, name)
        for address in ("all@", "watcher0@", "watcher1@", "watcher2@"):
            self.assertEqual(first.email_cc.count(address), 1, address)
        for case in others:
            self.assertFalse(case.active)
            self.assertEqual(case.merged_into_id, first)
        self.assertEqual(first.merged_count, 2)
        self.assertFalse(first.merged_into_id)

    def test_files_of_one_name_all_come_along(self):
        """Odoo 6.1 moved those whose names collided and lost the rest."""
        cases = self._cases(2)
        cases._merge()
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "crm.case"), ("res_id", "=", cases[0].id)]
        )
        self.assertEqual(
            sorted(files.mapped("name")),
            ["file0.txt", "file1.txt", "loose.txt", "loose.txt"] + ["photo.jpg"] * 2,
        )

    def test_empty_values_are_filled(self):
        """Odoo 6.1 kept the oldest's value even if there was none."""
        category = self.env["crm.case.category"].create({"name": "Lamps"})
        first = self._case("A", email_from=False, priority="0")
        second = self._case(
            "B",
            partner_id=self.partner.id,
            category_id=category.id,
            user_id=self.user_member.id,
            planned_revenue=500,
            priority="2",
            date_deadline=fields.Datetime.now(),
        )
        third = self._case("C", user_id=self.user_leader.id, priority="1")
        (first | second | third)._merge()
        self.assertEqual(first.partner_id, self.partner)
        self.assertEqual(first.email_from, second.email_from)
        self.assertEqual(first.category_id, category)
        self.assertEqual(first.user_id, self.user_member)
        self.assertEqual(first.planned_revenue, 500)
        self.assertEqual(first.priority, "2")
        self.assertTrue(first.date_deadline)
        self.assertEqual(first.name, "A")
        self.assertEqual(third.user_id, self.user_leader)

    def test_dates(self):
        cases = self._cases(2)
        now = fields.Datetime.now()
        cases[0].date_first_response = now
        cases[1].write(
            {
                "date_first_response": now - timedelta(days=1),
                "date_last_customer_message": now + timedelta(days=1),
            }
        )
        cases._merge()
        self.assertEqual(cases[0].date_first_response, now - timedelta(days=1))
        self.assertEqual(cases[0].date_last_customer_message, now + timedelta(days=1))

    def test_into_a_chosen_one(self):
        cases = self._cases(3)
        self.assertEqual(cases._merge(cases[2]), cases[2])
        self.assertEqual((cases[0] | cases[1]).merged_into_id, cases[2])

    def test_many(self):
        cases = self.env["crm.case"].create(
            [{"name": f"Spam {i}", "team_id": self.team_care.id} for i in range(30)]
        )
        cases._merge()
        self.assertEqual(cases[0].merged_count, 29)

    def test_both_chatters_say_so(self):
        cases = self._cases(2)
        cases.with_user(self.user_member)._merge()
        self.assertIn(cases[1].number, cases[0].message_ids[0].body)
        self.assertIn(cases[0].number, cases[1].message_ids[0].body)
        self.assertEqual(cases[0].message_ids[0].author_id, self.user_member.partner_id)
        self.assertTrue(cases[0].message_ids[0].subtype_id.internal)

    def test_nobody_is_mailed(self):
        cases = self._cases(2)
        with self.mock_mail_gateway():
            cases.with_user(self.user_member)._merge()
            self.flush_tracking()
        self.assertNotIn(self.partner.email, str([m["email_to"] for m in self._mails]))

    def test_families(self):
        top, middle, bottom = (self._case(n) for n in ("Top", "Middle", "Bottom"))
        middle.parent_id = top
        bottom.parent_id = middle
        (top | bottom)._merge(bottom)
        self.assertFalse(middle.parent_id)
        self.assertEqual(bottom.parent_id, middle)
        top._unmerge()
        self.assertEqual(middle.parent_id, top)
        (top | middle)._merge(top)
        self.assertEqual(bottom.parent_id, top)
        self.assertFalse(top.parent_id)

    def test_child_into_its_parent(self):
        parent = self._case("Parent")
        child = self._case("Child", parent_id=parent.id)
        (parent | child)._merge()
        self.assertEqual(child.parent_id, parent)
        (other := self._case("Other", parent_id=child.id))
        self.assertFalse(other._has_cycle())

    # What must not be merged

    def test_refused(self):
        company = self.env["res.company"].create({"name": "Other"})
        first, second = self._case("A"), self._case("B")
        foreign = self._case("C", team_id=False, company_id=company.id)
        for cases in (first, first | foreign):
            with self.assertRaises(UserError):
                cases._merge()
        (first | second)._merge()
        with self.assertRaises(UserError):
            (second | self._case("D"))._merge()
        archived = self._case("E", active=False)
        with self.assertRaises(UserError):
            (archived | self._case("F"))._merge(archived)

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_only_cases_that_one_may_write(self):
        mine = self._case("Mine")
        foreign = self._case("Foreign", team_id=self.team_sales.id)
        cases = (mine | foreign).with_user(self.user_member)
        with self.assertRaises(AccessError):
            cases._merge()
        self.assertTrue(foreign.active)
        mine.partner_id = self.user_portal.partner_id
        with self.assertRaises(AccessError):
            cases.with_user(self.user_portal)._merge()

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_private_teams(self):
        legal = self._team("Legal", is_private=True, member_ids=self.user_member.ids)
        secret = self._case("Secret", team_id=legal.id)
        public = self._case("Public")
        with self.assertRaises(AccessError):
            (secret | public).with_user(self.user_manager)._merge()
        with self.assertRaises(UserError):
            (secret | public).with_user(self.user_member)._merge()
        other = self._case("Other", team_id=legal.id)
        (secret | other).with_user(self.user_member)._merge()
        self.assertFalse(other.with_user(self.user_manager).has_access("read"))

    def test_case_of_a_supplier(self):
        """He wrote to us anew. Merged, the customer would read him."""
        case = self._cases(1)
        supplier = case.party_ids.partner_id
        new = self._case("Your question", partner_id=supplier.id)
        for survivor in (case, new):
            with self.assertRaises(UserError):
                (case | new)._merge(survivor)

    def test_other_customers_do_not_follow_unasked(self):
        stranger = self.user_portal.partner_id
        mine, theirs = (
            self._case("Mine", partner_id=self.partner.id),
            self._case(
                "Theirs", partner_id=stranger.id, email_cc="friend@friend.example.com"
            ),
        )
        theirs.message_subscribe((stranger | self.user_leader.partner_id).ids)
        (mine | theirs)._merge()
        self.assertNotIn(stranger, mine.message_partner_ids)
        self.assertFalse(mine.with_user(self.user_portal).has_access("read"))
        self.assertIn(self.user_leader.partner_id, mine.message_partner_ids)
        self.assertFalse(mine.email_cc)
        self.assertEqual(mine.partner_id, self.partner)
        theirs._unmerge()
        (mine | theirs)._merge(mine, with_people=True)
        self.assertIn(stranger, mine.message_partner_ids)
        self.assertIn("friend@", mine.email_cc)

    def test_survivor_cannot_be_deleted(self):
        cases = self._cases(2)
        cases._merge()
        with self.assertRaises(UserError):
            cases[0].unlink()
        cases[1]._unmerge()
        cases[0].unlink()
        self.assertTrue(cases[1].message_ids.filtered(lambda m: "Word 1" in m.body))

    # Answers

    def _answer(self, references="", body="", to=None, model=None, thread_id=None):
        mail = ANSWER.format(
            sender=self.partner.email_formatted,
            to=to or self.address,
            number=len(body),
            references=references,
            body=body,
        )
        with self.mock_mail_gateway():
            self.env["mail.thread"].message_process(model, mail, thread_id=thread_id)

    def test_answer_to_a_merged_case_reaches_the_survivor(self):
        cases = self._cases(3)
        answered = cases[1].message_ids.filtered(lambda m: "Word 1" in m.body)
        note = cases[1].message_ids - answered
        (cases[1] | cases[2])._merge()
        (cases[0] | cases[1])._merge()
        self._answer(answered.message_id, "To the message")
        self.assertIn("To the message", cases[0].message_ids[0].body)
        self.assertTrue(note)
        self._answer(cases[2].message_ids[0].message_id, "To the note that stayed")
        self.assertIn("To the note that stayed", cases[0].message_ids[0].body)
        by_id = {"model": "crm.case", "thread_id": cases[2].id}
        self._answer(body="By its id", to="us@mailbox.example.com", **by_id)
        self.assertIn("By its id", cases[0].message_ids[0].body)
        self.assertTrue(cases[0].awaiting_answer)

    # Dialog

    def test_dialog(self):
        cases = self._cases(2)
        wizard = (
            self.env["crm.case.merge"]
            .with_user(self.user_member)
            .create({"case_ids": cases.ids})
        )
        self.assertEqual(wizard.survivor_id, cases[0])
        self.assertFalse(wizard.has_other_customers)
        wizard.survivor_id = cases[1]
        self.assertEqual(wizard.action_merge()["res_id"], cases[1].id)

    def test_dialog_warns_of_other_customers(self):
        other = self._case("Theirs", partner_id=self.user_portal.partner_id.id)
        cases = self._cases(1) | other
        wizard = self.env["crm.case.merge"].create({"case_ids": cases.ids})
        self.assertTrue(wizard.has_other_customers)
        self.assertTrue(wizard.other_customers)


@tagged("post_install", "-at_install")
class TestUnmerge(MergeCommon):
    """Un-merging gives everything back exactly."""

    def _merge_and_back(self, cases, order, **kwargs):
        before = self._state(cases)
        cases.with_user(self.user_member)._merge(**kwargs)
        self.assertNotEqual(self._state(cases), before)
        for case in order:
            case.with_user(self.user_member)._unmerge()
        self.maxDiff = None
        self.assertEqual(self._state(cases), before)

    def test_one(self):
        cases = self._cases(2)
        self._merge_and_back(cases, cases[1])

    def test_all_in_any_order(self):
        cases = self._cases(4)
        self._merge_and_back(cases, [cases[2], cases[1], cases[3]])
        self._merge_and_back(cases, [cases[1], cases[3], cases[2]])

    def test_what_several_brought(self):
        """Tags, followers, watchers and values that more than one case has."""
        cases = self._cases(3)
        tag = self.env["crm.case.tag"].create({"name": "Shared"})
        for case, priority in zip(cases, ("0", "1", "3"), strict=True):
            case.write({"priority": priority, "phone": False})
        (cases[1] | cases[2]).write({"tag_ids": [(4, tag.id)], "phone": "123"})
        (cases[1] | cases[2]).message_subscribe(self.user_leader.partner_id.ids)
        before = self._state(cases)
        cases._merge()
        cases[1]._unmerge()
        self.assertIn(tag, cases[0].tag_ids)
        self.assertIn(self.user_leader.partner_id, cases[0].message_partner_ids)
        self.assertEqual((cases[0].phone, cases[0].priority), ("123", "3"))
        cases[2]._unmerge()
        self.assertEqual(self._state(cases), before)

    def test_customer_taken_over(self):
        first = self._case("A", email_from=False)
        second = self._case("B", partner_id=self.partner.id, phone="42")
        self._merge_and_back(first | second, second)
        self.assertFalse(first.partner_id)

    def test_chain(self):
        """A into B, B into C, then A comes back out of C."""
        cases = self._cases(3)
        before = self._state(cases)
        (cases[0] | cases[1])._merge(cases[1])
        (cases[1] | cases[2])._merge(cases[2])
        cases[0]._unmerge()
        after = self._state(cases)[cases[0].id]
        self.assertEqual(after, before[cases[0].id])
        cases[1]._unmerge()
        self.maxDiff = None
        self.assertEqual(self._state(cases), before)

    def test_what_changed_since_stays(self):
        cases = self._cases(2)
        cases[0].write({"phone": False, "user_id": False})
        cases[1].write({"phone": "123", "user_id": self.user_member.id})
        cases._merge()
        cases[0].phone = "456"
        cases[0].message_post(body="After the merge", message_type="comment")
        child = cases[0].child_ids.filtered(lambda c: c.name == "Child 1")
        elsewhere = self._case("Elsewhere")
        child.parent_id = elsewhere
        cases[0].activity_ids.filtered(lambda a: a.summary == "Call 1").unlink()
        cases[1]._unmerge()
        self.assertEqual(cases[0].phone, "456")
        self.assertFalse(cases[0].user_id)
        self.assertTrue(
            cases[0].message_ids.filtered(lambda m: "After the merge" in m.body)
        )
        self.assertEqual(child.parent_id, elsewhere)
        self.assertFalse(cases[1].activity_ids)

    def test_merging_again(self):
        cases = self._cases(2)
        self._merge_and_back(cases, cases[1])
        self._merge_and_back(cases, cases[1])

    @mute_logger("odoo.addons.base.models.ir_rule")
    def test_rights(self):
        cases = self._cases(2)
        cases._merge()
        with self.assertRaises(UserError):
            cases[0]._unmerge()
        cases[0].team_id = self.team_sales
        cases[0].message_unsubscribe(self.user_member.partner_id.ids)
        with self.assertRaises(AccessError):
            cases[1].with_user(self.user_member)._unmerge()


@tagged("post_install", "-at_install")
class TestMergedOnThePortal(CasesSetup, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._setup_cases()
        cls.first = cls._case("Bent spoke", partner_id=cls.user_portal.partner_id.id)
        cls.second = cls._case("Bent rim", partner_id=cls.user_portal.partner_id.id)
        cls.foreign = cls._case("Foreign chain", partner_id=cls.partner.id)

    def test_old_link_leads_to_the_survivor(self):
        link = self.second.get_portal_url()
        (self.first | self.second)._merge()
        self.authenticate("cases_portal", "cases_portal")
        self.assertIn("Bent spoke", self.url_open(self.second.access_url).text)
        self.authenticate(None, None)
        self.assertIn("Bent spoke", self.url_open(link).text)

    def test_old_link_opens_no_foreign_case(self):
        link = self.second.get_portal_url()
        (self.foreign | self.second)._merge(self.foreign)
        self.authenticate("cases_portal", "cases_portal")
        self.assertNotIn("Foreign", self.url_open(self.second.access_url).text)
        self.authenticate(None, None)
        self.assertNotIn("Foreign", self.url_open(link).text)

    def test_a_guessed_number_leads_nowhere(self):
        """Without a valid link only own rights count."""
        (self.foreign | self.second)._merge(self.foreign)
        for path in (
            self.second.access_url,
            f"{self.second.access_url}?access_token=x",
        ):
            self.authenticate(None, None)
            self.assertNotIn("Foreign", self.url_open(path).text)
        (self.first | self.foreign)._merge(self.first, with_people=False)
        self.assertNotIn("Bent", self.url_open(self.foreign.access_url).text)
