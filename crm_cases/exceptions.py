from odoo.exceptions import RedirectWarning, UserError


class ClosingRequired(RedirectWarning, UserError):
    """A case cannot close yet, and here is the dialog that asks for what is missing.

    People get a message with a button; programs, rules and mails get an error of a
    user like any other, whose text is the message and nothing else.
    """

    def __init__(self, message, action, button_text):
        # Neither parent: they disagree on the number of arguments.
        Exception.__init__(self, message, action, button_text, None)

    def __str__(self):
        return self.args[0]


# The web client chooses the dialog by the name of the class of an error.
ClosingRequired.__module__ = RedirectWarning.__module__
ClosingRequired.__name__ = RedirectWarning.__name__
