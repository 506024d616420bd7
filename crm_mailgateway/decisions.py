"""What the gateway decided about one mail to a case, while it works on it."""

import dataclasses
import email.message

from .pipeline.commands import Instructions
from .pipeline.forwarded import Forwarded
from .pipeline.reply_to import Correspondent
from .pipeline.sender import Proof

# How a mail found its case.
BY_REFERENCES = "references"
BY_ADDRESS = "address"
BY_MARKER = "marker"
BY_TAG = "tag"


@dataclasses.dataclass
class Decisions:
    """Collected by the steps of the gateway, in the order in which they run.

    :param mail: the parsed mail
    :param text: what is new in its body, as plain text
    :param tokens: what stood behind the plus in its recipients
    :param correspondent: who wrote, and where answers go
    :param user_id: the internal user who proved to be its sender
    :param claimed_user_id: the internal user whose address it bears without proof
    :param proof: the proof, or why there is none
    :param found_by: how it found its case; None for a new one
    :param stranger: whether its sender had no part in that case before
    :param keeps_closed: whether a closed case stays closed
    :param origin_id: the closed case that a new one follows
    :param forwarded: the customer's mail that one of our people forwards
    :param instructions: commands at its top
    :param rule_ids: the routing rules that took effect
    :param blocked: whether its sender is blocked
    :param no_acknowledgement: whether a rule wants silence
    :param customer: the address that a rule found in the mail
    :param has_pictures: whether its body shows pictures that lie elsewhere
    :param routing: what the rules set on each new case; None for an answer
    :param rule_log: each rule that was asked, with its match
    :param watchers: addresses that a rule adds
    :param reasons: sentences for the journal: why it went where it went
    """

    mail: email.message.Message | None = None
    text: str = ""
    tokens: tuple = ()
    correspondent: Correspondent | None = None
    user_id: int | None = None
    claimed_user_id: int | None = None
    proof: Proof = dataclasses.field(default_factory=Proof)
    found_by: str | None = None
    stranger: bool = False
    keeps_closed: bool = False
    origin_id: int | None = None
    forwarded: Forwarded | None = None
    instructions: Instructions = dataclasses.field(default_factory=Instructions)
    rule_ids: list = dataclasses.field(default_factory=list)
    blocked: bool = False
    no_acknowledgement: bool = False
    customer: str | None = None
    has_pictures: bool = False
    routing: list | None = None
    rule_log: list = dataclasses.field(default_factory=list)
    watchers: list = dataclasses.field(default_factory=list)
    reasons: list = dataclasses.field(default_factory=list)
