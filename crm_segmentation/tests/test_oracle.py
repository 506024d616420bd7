import math
import random
from collections import namedtuple
from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import SQL

from .common import SegmentationCommon

PARTNERS = 30
DOCUMENTS = 260
ROUNDS = 120
SEED = 20261124

SIGNS = {
    "out_invoice": 1,
    "out_refund": -1,
    "out_receipt": 1,
    "in_invoice": -1,
    "in_refund": 1,
    "in_receipt": -1,
}
WINDOWED = [
    "sale",
    "purchase",
    "sale_count",
    "purchase_count",
    "sale_average",
    "sale_largest",
]
KINDS = [*WINDOWED, "sale_first", "sale_last", "overdue"]
OPERATORS = ["<", "<=", "=", "!=", ">=", ">"]

Document = namedtuple(
    "Document", "owner contact company type state amount residual day due"
)
Rule = namedtuple("Rule", "kind operator value mandatory window")


class Oracle:
    """The rules again, in plain Python from their description, one by one.

    Shares nothing with the engine, and takes the time it takes.
    """

    def __init__(self, documents, today, companies, rates):
        self.documents = documents
        self.today = today
        self.companies = companies
        self.rates = rates

    def matches(self, owner, rules):
        verdicts = [(rule.mandatory, self.holds(owner, rule)) for rule in rules]
        optional = [verdict for mandatory, verdict in verdicts if not mandatory]
        mandatory = [verdict for mandatory, verdict in verdicts if mandatory]
        return all(mandatory) and (not optional or any(optional))

    def holds(self, owner, rule):
        value = self.measure(owner, rule.kind, self.days(rule.window))
        if value is None:
            return False
        cents = math.floor(value * 100 + Decimal("0.5"))
        target = int(rule.value * 100)
        return {
            "<": cents < target,
            "<=": cents <= target,
            "=": cents == target,
            "!=": cents != target,
            ">=": cents >= target,
            ">": cents > target,
        }[rule.operator]

    def days(self, window):
        """Return a test of a day."""
        if window is None:
            return lambda day: True
        if isinstance(window, int):
            return lambda day: 0 <= (self.today - day).days < window
        return lambda day: window[0] <= day <= window[1]

    def measure(self, owner, kind, counts):
        mine = [
            document
            for document in self.documents
            if document.owner == owner
            and document.state == "posted"
            and document.company in self.companies
        ]
        if kind == "overdue":
            return self.overdue(mine)
        mine = [document for document in mine if counts(document.day)]
        sold = [document for document in mine if document.type == "out_invoice"]
        amounts = [self.worth(document) for document in sold]
        if kind == "sale":
            return self.balance(mine, "out_invoice", "out_refund")
        if kind == "purchase":
            return self.balance(mine, "in_invoice", "in_refund")
        if kind == "sale_count":
            return Decimal(len(sold))
        if kind == "purchase_count":
            return Decimal(len([d for d in mine if d.type == "in_invoice"]))
        if not sold:
            return None
        return {
            "sale_average": lambda: sum(amounts) / len(amounts),
            "sale_largest": lambda: max(amounts),
            "sale_first": lambda: Decimal((self.today - min(d.day for d in sold)).days),
            "sale_last": lambda: Decimal((self.today - max(d.day for d in sold)).days),
        }[kind]()

    def worth(self, document):
        return document.amount * self.rates[document.company]

    def balance(self, documents, more, less):
        total = Decimal(0)
        for document in documents:
            if document.type == more:
                total += self.worth(document)
            elif document.type == less:
                total -= self.worth(document)
        return total

    def overdue(self, documents):
        total = Decimal(0)
        for document in documents:
            if document.due < self.today:
                open_amount = document.residual * self.rates[document.company]
                if document.type == "out_invoice":
                    total += open_amount
                elif document.type == "out_refund":
                    total -= open_amount
        return total


@tagged("post_install", "-at_install")
class TestOracle(SegmentationCommon):
    """Random rules over random books: the engine and the oracle agree."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.random = random.Random(SEED)
        cls.env.company.partner_id.tz = "UTC"
        cls.other = cls._create_second_company()
        cls.today = cls._create_segmentation()._get_today(cls.env.cr.now())
        cls.owners = cls.env["res.partner"].create(
            [
                {"name": f"Owner {number}", "is_company": True}
                for number in range(PARTNERS)
            ]
        )
        cls.contacts = cls.env["res.partner"].create(
            [{"name": "Contact", "parent_id": owner.id} for owner in cls.owners]
        )
        cls.owners[-3:].active = False
        cls.documents = [cls._draw_document() for _number in range(DOCUMENTS)]
        cls._insert_documents()

    @classmethod
    def _create_second_company(cls):
        """Return a company whose money is worth half of ours."""
        currency = cls.setup_other_currency("EUR", rates=[("2020-01-01", 2.0)])
        other = cls.setup_other_company(currency_id=currency.id)["company"]
        cls.env.user.company_ids += other
        cls.env["res.currency.rate"].create(
            [
                {"name": "2020-01-01", "rate": rate, "company_id": other.id, **vals}
                for rate, vals in [
                    (1.0, {"currency_id": cls.env.company.currency_id.id}),
                    (2.0, {"currency_id": currency.id}),
                ]
            ]
        )
        return other

    @classmethod
    def _draw_document(cls):
        rand = cls.random
        # The first five have nothing, and a few have much.
        number = 5 + int((PARTNERS - 5) * rand.random() ** 2)
        amount = Decimal(rand.choice([0, 1, 5, 10, 10, 33, 100, 250])) + Decimal(
            rand.randrange(0, 100, 25)
        ) / Decimal(100)
        day = cls.today - timedelta(days=rand.choice([0, 1, 29, 30, 31, 90, 364, 700]))
        return Document(
            owner=cls.owners[number].id,
            contact=rand.choice([cls.owners, cls.contacts])[number].id,
            company=rand.choice([cls.env.company.id] * 3 + [cls.other.id]),
            type=rand.choice(["out_invoice"] * 4 + list(SIGNS)),
            state=rand.choice(["posted"] * 5 + ["draft", "cancel"]),
            amount=amount,
            residual=rand.choice([Decimal(0), amount, amount / 2]),
            day=day,
            due=day + timedelta(days=rand.choice([0, 1, 14, 30, 60])),
        )

    @classmethod
    def _insert_documents(cls):
        """Write the headers alone: lines and taxes would take minutes."""
        journals = cls.env["account.journal"].sudo()
        journal = {
            company: journals.search(
                [("company_id", "=", company), ("type", "=", "general")], limit=1
            )
            for company in (cls.env.company.id, cls.other.id)
        }
        rows = [
            (
                f"ORACLE/{number}",
                d.day,
                d.day,
                d.due,
                d.state,
                d.type,
                journal[d.company].id,
                d.company,
                journal[d.company].company_id.currency_id.id,
                "no",
                d.contact,
                d.owner,
                d.amount * SIGNS[d.type],
                d.residual * SIGNS[d.type],
            )
            for number, d in enumerate(cls.documents)
        ]
        cls.env.flush_all()
        cls.env.execute_query(
            SQL(
                "INSERT INTO account_move (name, date, invoice_date, invoice_date_due,"
                " state, move_type, journal_id, company_id, currency_id, auto_post,"
                " partner_id, commercial_partner_id, amount_untaxed_signed,"
                " amount_residual_signed) VALUES %s RETURNING id",
                SQL(", ").join(rows),
            )
        )

    def _draw_rule(self, oracle):
        rand = self.random
        kind = rand.choice(KINDS)
        window = None
        if kind in WINDOWED:
            window = rand.choice([None, 1, 30, 31, 365, "between"])
        if window == "between":
            ends = [self.today - timedelta(days=rand.choice([0, 29, 30, 90, 700]))]
            ends.append(self.today - timedelta(days=rand.choice([0, 30, 31, 364])))
            window = (min(ends), max(ends))
        # As often as not a value somebody has: borders are where errors are.
        owner = rand.choice(self.owners).id
        value = oracle.measure(owner, kind, oracle.days(window))
        if value is None or rand.random() < 0.4:
            value = Decimal(rand.choice([0, 1, 2, 30, 100, 365]))
        value = value.quantize(Decimal("0.01"))
        operator = rand.choice(OPERATORS)
        return Rule(kind, operator, value, rand.random() < 0.6, window)

    def _get_line(self, rule):
        vals = {}
        if isinstance(rule.window, int):
            vals = {
                "window_type": "last",
                "window_number": rule.window,
                "window_unit": "days",
            }
        elif rule.window:
            first, last = rule.window
            vals = {"window_type": "between", "date_from": first, "date_to": last}
        kind = "and" if rule.mandatory else "or"
        return (rule.kind, rule.operator, float(rule.value), kind, vals)

    def _get_oracle(self, company):
        ids = [company.id] if company else [self.env.company.id, self.other.id]
        half = Decimal("1" if company else "0.5")
        rates = {self.env.company.id: Decimal(1), self.other.id: half}
        return Oracle(self.documents, self.today, ids, rates)

    def test_engine_agrees_with_the_oracle(self):
        active = self.owners.filtered("active")
        matched = 0
        for number in range(ROUNDS):
            company = self.random.choice([self.env.company, self.other, None])
            oracle = self._get_oracle(company)
            rules = [
                self._draw_rule(oracle) for _index in range(self.random.randint(1, 4))
            ]
            currency = (company or self.env.company).currency_id
            segmentation = self._create_segmentation(
                *map(self._get_line, rules),
                company_id=company and company.id,
                currency_id=currency.id,
            )
            segmentation.process_start()
            found = self._get_members(segmentation) & (self.owners + self.contacts)
            expected = active.filtered(lambda p: oracle.matches(p.id, rules))  # noqa: B023
            self.assertEqual(found.sorted(), expected.sorted(), f"{number}: {rules}")
            matched += len(found)
        # The rules are neither too strict nor too lax to tell anything.
        self.assertGreater(matched, ROUNDS)
        self.assertLess(matched, ROUNDS * len(active) * 0.8)
