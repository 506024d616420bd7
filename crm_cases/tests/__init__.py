from . import (
    test_access,
    test_case,
    test_dates,
    test_escalation,
    test_intake,
    test_messages,
    test_multi_company,
    test_performance,
    test_portal,
    test_team,
    test_tour,
    test_transitions,
)
