"""How urgent a mail says it is, as a priority of a case.

There is no standard: ``X-Priority`` (1 to 5) is what mail programs send,
``X-MSMail-Priority`` and ``Importance`` (RFC 4021 §2.1.55) come beside it or instead,
``Priority`` (RFC 4021 §2.1.54) from older ones. The most precise one that can be read
decides.
"""

import re

LOW, NORMAL, HIGH, URGENT = "0", "1", "2", "3"

_WORDS = {
    "highest": URGENT,
    "urgent": URGENT,
    "high": HIGH,
    "normal": NORMAL,
    "medium": NORMAL,
    "low": LOW,
    "lowest": LOW,
    "non-urgent": LOW,
}
_NUMBERS = {"1": URGENT, "2": HIGH, "3": NORMAL, "4": LOW, "5": LOW}
_HEADERS = ("X-Priority", "X-MSMail-Priority", "Importance", "Priority")


def get_priority(message):
    """Return the priority that a mail asks for.

    :param email.message.Message message: the mail
    :return: a priority of ``crm.case``, or None if it says nothing that we understand
    """
    for header in _HEADERS:
        value = str(message.get(header) or "").strip().lower()[:40]
        number = re.match(r"([1-5])\b", value)
        priority = _NUMBERS[number[1]] if number else _WORDS.get(value)
        if priority:
            return priority
    return None
