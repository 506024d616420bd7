"""What many acknowledgements of one batch have in common."""

CONTEXT_KEY = "crm_mailgateway_batch"


class BatchMemory:
    """Travels in the context through Odoo's own methods, and remembers.

    Compared by identity, as contexts are.
    """

    def __init__(self):
        self.known = {}

    def recall(self, key, find):
        """Return what was found before under this key, or find it now."""
        if key not in self.known:
            self.known[key] = find()
        return self.known[key]
