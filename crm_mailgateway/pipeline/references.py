"""The chain of Message-IDs by which mail programs hold a conversation together.

RFC 5322 §3.6.4: an answer names the mails before it, oldest first, and the mail that
it answers last. Chains that get too long lose their middle: the first mail and the
latest ones are what programs look at.
"""

import re

_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
MAX_IDS = 20


def chain_of(message, message_id):
    """Return the chain that an answer to a mail continues.

    :param email.message.Message message: the parsed mail
    :param str message_id: its Message-ID
    :return: Message-IDs, oldest first, separated by blanks
    """
    values = [
        str(value)
        for name in ("In-Reply-To", "References")
        for value in message.get_all(name, [])
    ]
    return merge(*values, message_id)


def merge(*chains):
    """Return one chain; an id that comes twice keeps its last place.

    :param chains: texts with Message-IDs, older ones first
    """
    found = _MESSAGE_ID.findall(" ".join(filter(None, chains)))
    ids = list(dict.fromkeys(reversed(found)))[::-1]
    if len(ids) > MAX_IDS:
        ids = [ids[0], *ids[1 - MAX_IDS :]]
    return " ".join(ids)


def last_of(chain):
    """Return the Message-ID that an answer replies to, or an empty text."""
    return (chain or "").rpartition(" ")[2]
