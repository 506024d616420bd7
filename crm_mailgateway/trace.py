"""What is known of one mail while Odoo's gateway works on it."""

import dataclasses

from .decisions import Decisions
from .pipeline.classify import HUMAN, Verdict

CONTEXT_KEY = "crm_mailgateway_trace"


# Compared by identity: contexts compare what they hold, and terms refuse that.
@dataclasses.dataclass(eq=False)
class MailTrace:
    """Travels in the context through Odoo's own methods, and collects.

    :param journal_id: the journal row of the mail
    :param message_id: its Message-ID, or the one derived from its content
    :param size: how many bytes it has: its journal row may be out of sight
    :param route: the case, or values of a new one, that a person decided on
    :param verdict: in words, what was decided and why
    :param classification: person or machine
    :param routed: whether Odoo looked for a route at all; not for known Message-IDs
    :param target: the model that the mail is meant for, once that is known
    :param new_cases: ids of the cases it made
    :param updated_cases: ids of the cases it joined
    :param result_id: the result row, once the mail has found its way
    :param decisions: how it found its case, and whose voice it is
    :param addresses: the normalised addresses that stand in its headers
    :param own_addresses: whether an address is an alias of ours, by address
    :param domains: ids of the alias domains that a user sees
    :param contacts: ids of the contacts of an address that a user sees
    :param references: the Message-IDs that stand in its headers, its own included
    :param tells: whether open boards hear of it at once; None until they are to
    :param messages: ids and Message-IDs of the messages known by these
    """

    journal_id: int
    message_id: str
    route: int | dict | None = None
    size: int = 0
    verdict: object = ""
    classification: Verdict = dataclasses.field(default_factory=lambda: Verdict(HUMAN))
    routed: bool = False
    target: str | None = None
    new_cases: list = dataclasses.field(default_factory=list)
    updated_cases: list = dataclasses.field(default_factory=list)
    result_id: int | None = None
    addresses: set = dataclasses.field(default_factory=set)
    own_addresses: dict = dataclasses.field(default_factory=dict)
    decisions: Decisions = dataclasses.field(default_factory=Decisions)
    domains: dict = dataclasses.field(default_factory=dict)
    contacts: dict = dataclasses.field(default_factory=dict)
    references: set = dataclasses.field(default_factory=set)
    messages: list | None = None
    tells: bool | None = None
