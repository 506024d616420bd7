"""To whom does an answer go, and who is shown as the sender?

Reply-To is honoured for the customer's address: shops and web forms write in the
name of a person. It is also how people are led astray: the name that staff see
never comes from it, and an answer that goes elsewhere is said plainly. A name that is
the address of somebody else is no name.
"""

import dataclasses
import email.utils
import re

from .classify import _MACHINE_LOCALPART

_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")


@dataclasses.dataclass(frozen=True)
class Correspondent:
    """Who wrote, and where answers go.

    :param name: the name in From, may be empty
    :param is_disguised: whether that name was the address of somebody else
    :param sender: the address in From, lower case, may be empty
    :param address: where answers go, lower case, may be empty
    """

    name: str
    sender: str
    address: str
    is_disguised: bool = False

    @property
    def is_diverted(self):
        """Whether answers go to another domain than the mail came from."""
        return _domain(self.sender) != _domain(self.address)

    @property
    def formatted(self):
        return email.utils.formataddr((self.name, self.address), charset="utf-8")


def read_correspondent(sender, reply_to, own_addresses=()):
    """Decide where answers go.

    :param str sender: the From header, decoded
    :param str reply_to: the Reply-To header, decoded, may be empty
    :param own_addresses: normalised addresses of ours, which nobody is answered at
    :return: a :class:`Correspondent`
    """
    name, address = email.utils.parseaddr(sender or "")
    address = address.strip().lower()
    wanted = _single(reply_to)
    if not wanted or wanted in own_addresses or _is_machine(wanted):
        wanted = address
    disguised = any(found != address for found in _ADDRESS.findall(name.lower()))
    name = "" if disguised else " ".join(name.split())
    return Correspondent(name, address, wanted, disguised)


def _single(header):
    """Return the only address of a header: two of them are nobody's."""
    found = [a for _name, a in email.utils.getaddresses([header or ""]) if "@" in a]
    return found[0].strip().lower() if len(found) == 1 else None


def _is_machine(address):
    return bool(_MACHINE_LOCALPART.fullmatch(address.partition("@")[0]))


def _domain(address):
    return address.rpartition("@")[2]
