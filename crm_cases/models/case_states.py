"""The five states of a case and the one table of moves between them.

Everything that moves a case (a button, a kanban drag, an import, a remote call,
a server action) ends in ``crm.case.write`` and is checked against this table.
"""

DRAFT = "draft"
OPEN = "open"
PENDING = "pending"
DONE = "done"
CANCEL = "cancel"

STATES = [
    (DRAFT, "Draft"),
    (OPEN, "Open"),
    (PENDING, "Pending"),
    (DONE, "Done"),
    (CANCEL, "Cancelled"),
]

ACTIVE_STATES = (DRAFT, OPEN, PENDING)
CLOSED_STATES = (DONE, CANCEL)

# A closed case only comes back as a whole: reopened, or reset to draft. What has
# been worked on does not become a draft again without having been closed.
TRANSITIONS = {
    DRAFT: (OPEN, PENDING, DONE, CANCEL),
    OPEN: (PENDING, DONE, CANCEL),
    PENDING: (OPEN, DONE, CANCEL),
    DONE: (OPEN, DRAFT),
    CANCEL: (OPEN, DRAFT),
}

# How a case ends whose type has outcomes. A lost case is not done: its state is
# *cancelled*, and its outcome tells it from what was merely not pursued.
WON = "won"
LOST = "lost"
OUTCOMES = [(WON, "Won"), (LOST, "Lost")]

PRIORITIES = [
    ("0", "Low"),
    ("1", "Normal"),
    ("2", "High"),
    ("3", "Urgent"),
]
DEFAULT_PRIORITY = "1"
