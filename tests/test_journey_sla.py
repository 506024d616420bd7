"""A running server tells of promises, and rules act on them, by its scheduled actions
alone: nobody calls anything at the instant."""

import time
from datetime import datetime, timedelta

import pytest

INSTANTS = {"sla_warning": "warning_at", "sla_breach": "deadline"}
SUBTYPES = {"sla_warning": "mt_case_sla_warned", "sla_breach": "mt_case_sla_failed"}
URGENT = "rule_action_priority_urgent"


def get_id(erp, name):
    domain = [("module", "=", "crm_cases"), ("name", "=", name)]
    [row] = erp.call("ir.model.data", "search_read", domain, fields=["res_id"])
    return row["res_id"]


def add_rule(erp, reference):
    """Add a rule that acts at once, and return its id."""
    step = {
        "amount": 0,
        "unit": "minute",
        "action_ids": [(6, 0, [get_id(erp, URGENT)])],
    }
    values = {
        "name": reference,
        "kind": "other",
        "reference": reference,
        "level_ids": [(5, 0, 0), (0, 0, step)],
    }
    return erp.call("crm.case.rule", "create", values)


def promise(erp, seconds):
    """Promise an answer within so many seconds of the clock, and warn at a quarter."""
    companies = erp.call("res.company", "search", [])
    erp.call("res.company", "write", companies, {"resource_calendar_id": False})
    policies = erp.call("crm.case.sla", "search", [])
    erp.call("crm.case.sla", "write", policies, {"active": False})
    policy = {"name": "Soon", "response_hours": seconds / 3600, "warn_percent": 25}
    erp.call("crm.case.sla", "create", policy)


def read_instants(erp, case):
    fields = list(INSTANTS.values())
    domain = [("case_id", "=", case)]
    [row] = erp.call("crm.case.sla.status", "search_read", domain, fields=fields)
    return {key: row[name] for key, name in INSTANTS.items()}


def delay(instant, moment):
    return datetime.fromisoformat(moment) - datetime.fromisoformat(instant)


def check_acted(erp, case, rules, within):
    """Warning and breach were told and acted on, soon after their instants."""
    instants = read_instants(erp, case)
    for reference, rule in rules.items():
        done = [("case_id", "=", case), ("rule_id", "=", rule), ("state", "=", "done")]
        [run] = erp.wait_for("crm.case.rule.run", done, ["done_on"], seconds=180)
        subtype = get_id(erp, SUBTYPES[reference])
        told = [("res_id", "=", case), ("subtype_id", "=", subtype)]
        [message] = erp.wait_for("mail.message", told, ["date"])
        for moment in (message["date"], run["done_on"]):
            late = delay(instants[reference], moment)
            assert timedelta() <= late <= within, (reference, late)


def test_promises_are_told_and_acted_on(erp):
    """The short form: whatever wakes the scheduler then finds the instant passed."""
    rules = {reference: add_rule(erp, reference) for reference in INSTANTS}
    promise(erp, seconds=20)
    case = erp.call("crm.case", "create", {"name": "Promised"})
    for pause in (5.5, 15):
        time.sleep(pause)
        add_rule(erp, "date_deadline")
    check_acted(erp, case, rules, within=timedelta(seconds=10))


@pytest.mark.slow
def test_promises_are_told_within_two_minutes(erp):
    """Nothing but the clock: three cases, filed at odd times. Whoever looks once a
    minute must meet warning and breach apart."""
    rules = {reference: add_rule(erp, reference) for reference in INSTANTS}
    promise(erp, seconds=140)
    cases = []
    for _number in range(3):
        cases.append(erp.call("crm.case", "create", {"name": "Promised"}))
        time.sleep(17)
    for case in cases:
        check_acted(erp, case, rules, within=timedelta(minutes=2))
