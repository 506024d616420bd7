"""The rules again, in plain Python from their description, one partner at a time.

Shares nothing with the engine, and takes the time it takes.
"""

import math
from collections import defaultdict, namedtuple
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

Document = namedtuple(
    "Document", "owner contact company type state amount residual day due"
)
# score 0 to 10; of a rating the moment is kept, of a logged event the day
Event = namedtuple("Event", "owner contact company score day moment")
Rule = namedtuple("Rule", "kind operator value upper window")
Branch = namedtuple("Branch", "kind children")
Mood = namedtuple("Mood", "days count start decrease weight")

REFUND_SCORE, REFUND_WEIGHT = 2.0, 0.5
SCORES = ("som", "event_last")


class AmbiguousError(Exception):
    """A score lies so close to a border that the last bit of a float decides."""


class Oracle:
    """Answers who matches.

    :param companies: ids of the companies whose books count
    :param rates: what the money of each company is worth
    :param timezone: where midnight is
    :param cities: the city of each owner
    :param bool receipts: a receipt is as good as an invoice or a bill
    """

    def __init__(
        self, documents, events, today, companies, rates, timezone, cities, receipts
    ):
        self.documents = defaultdict(list)
        for document in documents:
            if receipts and document.type.endswith("_receipt"):
                kind = document.type.replace("receipt", "invoice")
                document = document._replace(type=kind)
            self.documents[document.owner].append(document)
        self.events = defaultdict(list)
        for event in events:
            self.events[event.owner].append(event)
        self.today = today
        self.companies = companies
        self.rates = rates
        self.timezone = ZoneInfo(timezone)
        self.cities = cities

    def matches(self, owner, mandatory, optional, mood):
        if not all(self.holds(owner, node, mood) for node in mandatory):
            return False
        return not optional or any(self.holds(owner, node, mood) for node in optional)

    def holds(self, owner, node, mood):
        if isinstance(node, Branch):
            verdicts = [self.holds(owner, child, mood) for child in node.children]
            return {
                "all": all(verdicts),
                "any": any(verdicts),
                "none": not any(verdicts),
            }[node.kind]
        if node.kind == "domain":
            return (self.cities[owner] == node.value) == (node.operator == "set")
        return self.compare(node, *self.measure(owner, node, mood))

    def compare(self, rule, value, known):
        """Compare on the grid that users see: a hundredth.

        :param known: whether there is anything to measure
        """
        if rule.operator == "set":
            return known
        if rule.operator == "not set":
            return not known
        if value is None:
            return False
        if rule.kind in SCORES and abs((float(value) * 100) % 1 - 0.5) < 1e-6:
            raise AmbiguousError
        hundredths = math.floor(
            value * 100 + (Decimal("0.5"), 0.5)[rule.kind in SCORES]
        )
        target, upper = int(rule.value * 100), int(rule.upper * 100)
        return {
            "<": hundredths < target,
            "<=": hundredths <= target,
            "=": hundredths == target,
            "!=": hundredths != target,
            ">=": hundredths >= target,
            ">": hundredths > target,
            "between": target <= hundredths <= upper,
        }[rule.operator]

    def days(self, window):
        """Return a test of a day."""
        if window is None:
            return lambda day: True
        if isinstance(window, int):
            return lambda day: 0 <= (self.today - day).days < window
        return lambda day: window[0] <= day <= window[1]

    # ------------------------------------------------------------------
    # Books
    # ------------------------------------------------------------------

    def posted(self, owner):
        return [
            document
            for document in self.documents[owner]
            if document.state == "posted" and document.company in self.companies
        ]

    def measure(self, owner, rule, mood):
        """Return the value, and whether there is anything to measure."""
        kind = rule.kind
        if kind == "som":
            score = self.state_of_mind(owner, mood)
            return score, score is not None
        if kind in ("event_last", "event_count"):
            return self.of_events(owner, rule)
        mine = self.posted(owner)
        if kind == "overdue":
            due = [
                d
                for d in mine
                if d.due < self.today
                and d.residual
                and d.type in ("out_invoice", "out_refund")
            ]
            return self.balance(due, "residual", "out_invoice"), bool(due)
        counts = self.days(rule.window)
        mine = [document for document in mine if counts(document.day)]
        if kind in ("sale", "purchase"):
            side = "out" if kind == "sale" else "in"
            types = (f"{side}_invoice", f"{side}_refund")
            mine = [document for document in mine if document.type in types]
            return self.balance(mine, "amount", types[0]), bool(mine)
        if kind == "purchase_count":
            bills = [d for d in mine if d.type == "in_invoice"]
            return Decimal(len(bills)), bool(bills)
        return self.of_invoices(kind, [d for d in mine if d.type == "out_invoice"])

    def of_invoices(self, kind, sold):
        if kind == "sale_count":
            return Decimal(len(sold)), bool(sold)
        if not sold:
            return None, False
        amounts = [d.amount * self.rates[d.company] for d in sold]
        days = [(self.today - d.day).days for d in sold]
        value = {
            "sale_average": sum(amounts) / len(amounts),
            "sale_largest": max(amounts),
            "sale_first": Decimal(max(days)),
            "sale_last": Decimal(min(days)),
        }[kind]
        return value, True

    def balance(self, documents, amount, more):
        total = Decimal(0)
        for document in documents:
            worth = getattr(document, amount) * self.rates[document.company]
            total += worth if document.type == more else -worth
        return total

    # ------------------------------------------------------------------
    # Events
    # ------------------------------------------------------------------

    def scored(self, owner):
        """Return ``(day, score, weight)`` of everything that tells a mood."""
        found = [
            (self.day_of(event), event.score, 1.0)
            for event in self.events[owner]
            if event.company is None or event.company in self.companies
        ]
        found += [
            (document.day, REFUND_SCORE, REFUND_WEIGHT)
            for document in self.posted(owner)
            if document.type == "out_refund"
        ]
        return found

    def day_of(self, event):
        if event.moment is None:
            return event.day
        return (
            event.moment.replace(tzinfo=ZoneInfo("UTC"))
            .astimezone(self.timezone)
            .date()
        )

    def of_events(self, owner, rule):
        events = self.scored(owner)
        if rule.kind == "event_count":
            counts = self.days(rule.window)
            events = [event for event in events if counts(event[0])]
            return Decimal(len(events)), bool(events)
        events = [event for event in events if event[0] <= self.today]
        if not events:
            return None, False
        last = max(day for day, _score, _weight in events)
        return mean([event for event in events if event[0] == last]), True

    def state_of_mind(self, owner, mood):
        """Go through the periods, oldest first, as the documentation tells it."""
        events = self.scored(owner)
        trades = [d.day for d in self.posted(owner) if d.type in TRADES]
        score, told = mood.start, False
        for number in range(mood.count, 0, -1):
            last = self.today - timedelta(days=mood.days * (number - 1))
            first = last - timedelta(days=mood.days - 1)
            of_period = [event for event in events if first <= event[0] <= last]
            if of_period:
                told = True
                score = score * (1 - mood.weight) + mean(of_period) * mood.weight
            elif not any(first <= day <= last for day in trades):
                score *= mood.decrease
        return score if mood.start or told else None


TRADES = ("out_invoice", "in_invoice")


def mean(events):
    weight = sum(weight for _day, _score, weight in events)
    return sum(score * weight for _day, score, weight in events) / weight
