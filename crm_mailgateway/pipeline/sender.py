"""Who may this sender speak as?

From can be forged by anybody. Speaking as one of our people needs a proof: the
speaker token of a notification that was sent to that very user, or the DMARC
verdict (RFC 7489) of our own mail server in the topmost ``Authentication-Results``
(RFC 8601). Everything else makes the mail a customer's; a token helps nobody whom
that server found to be forged, because answers to all carry it to customers.
"""

import dataclasses
import email.utils
import logging
import re

try:
    import authres
except ImportError:  # then nobody proves anything by DMARC
    authres = None

_logger = logging.getLogger(__name__)

TOKEN = "token"
DMARC = "dmarc"
_MAX_RESULTS = 20
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"')


@dataclasses.dataclass(frozen=True)
class Proof:
    """Whether a sender is who From says.

    :param kind: ``TOKEN``, ``DMARC``, or None for no proof
    :param reason: a key that says why there is none, see ``REASONS``
    """

    kind: str | None = None
    reason: str = ""

    def __bool__(self):
        return self.kind is not None


REASONS = (
    "several_senders",  # no From, or more than one address in it
    "other_sender",  # From is not the address of the user in question
    "not_configured",  # nobody said whose verdict to trust
    "no_verdict",  # the topmost Authentication-Results is not our server's
    "fail",  # our server said dmarc=fail: not even a token, which may be stolen, counts
    "no_pass",  # our server said neither dmarc=pass nor dmarc=fail
    "other_domain",  # it passed for another domain than From's
    "contradiction",  # two verdicts with our server's name
)


def single_sender(message):
    """Return the one normalised address of From, or None (RFC 7489 §6.6.1).

    :param email.message.Message message: the parsed mail
    """
    # As it came: the parser drops what it does not like.
    headers = [v for name, v in message.raw_items() if name.lower() == "from"]
    if len(headers) != 1:
        return None
    try:
        addresses = email.utils.getaddresses([str(headers[0])])
    except (ValueError, TypeError):
        return None
    found = [address for _name, address in addresses if address]
    # ``sam@ours.example <eve@evil.example>`` is read in different ways.
    outside_names = _QUOTED.sub("", str(headers[0]))
    if len(found) != 1 or outside_names.count("@") != 1 or "@" not in found[0]:
        return None
    return found[0].strip().lower()


def prove(message, user_address, token_user_matches, authserv_ids):
    """Decide whether a mail may speak as the user with this address.

    :param email.message.Message message: the parsed mail
    :param str user_address: the normalised address of an internal user
    :param bool token_user_matches: it came with a valid speaker token of that user
    :param authserv_ids: names of our mail servers; none: no verdict is trusted
    :return: a :class:`Proof`
    """
    address = single_sender(message)
    if not address:
        return Proof(reason="several_senders")
    if address != user_address:
        return Proof(reason="other_sender")
    verdict = _dmarc(message, address.rpartition("@")[2], authserv_ids)
    if token_user_matches and verdict.reason != "fail":
        return Proof(TOKEN)
    return verdict


def _dmarc(message, domain, authserv_ids):
    ours = {name.strip().lower() for name in authserv_ids if name.strip()}
    if not ours or authres is None:
        return Proof(reason="not_configured")
    headers = (message.get_all("Authentication-Results") or [])[:_MAX_RESULTS]
    verdicts = [_parse(header) for header in headers]
    if not verdicts or not verdicts[0] or verdicts[0][0] not in ours:
        return Proof(reason="no_verdict")
    result, passed_domain = verdicts[0][1:]
    if result != "pass":
        return Proof(reason="fail" if result == "fail" else "no_pass")
    if passed_domain != domain:
        return Proof(reason="other_domain")
    others = [v for v in verdicts[1:] if v and v[0] in ours and v[1]]
    if any(verdict[1:] != ("pass", domain) for verdict in others):
        return Proof(reason="contradiction")
    return Proof(DMARC)


def _parse(header):
    """Return authserv-id, DMARC result and its domain of one header, or None."""
    value = " ".join(str(header).split())
    try:
        parsed = authres.AuthenticationResultsHeader.parse_value(value)
    except Exception:  # noqa: BLE001 a header may do anything to a parser
        _logger.info("Unreadable Authentication-Results: %.200s", value)
        return None
    results = [r for r in parsed.results if getattr(r, "method", "") == "dmarc"]
    if len(results) > 1:
        return parsed.authserv_id.lower(), "several", None
    if not results:
        return parsed.authserv_id.lower(), None, None
    return parsed.authserv_id.lower(), results[0].result, _header_from(results[0])


def _header_from(result):
    for item in result.properties:
        if item.type == "header" and item.name == "from":
            return item.value.rpartition("@")[2].strip().lower()
    return None
