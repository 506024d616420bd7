"""Which attachments are kept?

What is refused is named in the chatter, never passed over in silence; the exact
mail stays in the journal.
"""

import dataclasses

BLOCKED_EXTENSIONS = (
    "exe scr com pif bat cmd vbs vbe js jse wsf wsh hta msi msp cpl jar ps1 psm1 reg"
    " lnk inf application gadget msc dll sys ocx chm iso img vhd appx"
)
MAX_COUNT = 50
MAX_SIZE = 25 * 1024 * 1024

BLOCKED = "blocked"
TOO_MANY = "too_many"
TOO_BIG = "too_big"


@dataclasses.dataclass(frozen=True)
class Policy:
    """What a case takes.

    :param extensions: extensions that are refused, lower case, without dot
    :param count: how many attachments a mail may have
    :param size: how many bytes they may have together
    """

    extensions: frozenset = frozenset(BLOCKED_EXTENSIONS.split())
    count: int = MAX_COUNT
    size: int = MAX_SIZE


def sift(attachments, policy):
    """Split attachments into those that are kept and those that are not.

    :param attachments: pairs of file name and size in bytes, in their order
    :param Policy policy: what is taken
    :return: a list of reasons, one per attachment; None: it is kept
    """
    reasons = []
    count = size = 0
    for name, length in attachments:
        reason = _reason(name, length, count, size, policy)
        reasons.append(reason)
        if not reason:
            count, size = count + 1, size + length
    return reasons


def is_blocked(name, extensions):
    """Tell whether a file name has a refused extension, also before dots and blanks
    that Windows drops, or behind a harmless one."""
    name = (name or "").lower().split("\0")[0].rstrip(". \t")
    return "." in name and name.rpartition(".")[2].strip() in extensions


def _reason(name, length, count, size, policy):
    if is_blocked(name, policy.extensions):
        return BLOCKED
    if count >= policy.count:
        return TOO_MANY
    if size + length > policy.size:
        return TOO_BIG
    return None
