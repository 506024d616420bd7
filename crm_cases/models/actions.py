"""What buttons give the web client to do."""


def notify(message, kind="success", follow=None):
    """Return an action that shows a message.

    :param str kind: ``success``, ``info``, ``warning`` or ``danger``
    :param dict follow: the action after it; if not given, the screen is brought up to
        date
    """
    follow = follow or {"type": "ir.actions.client", "tag": "soft_reload"}
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {"type": kind, "message": message, "next": follow},
    }
