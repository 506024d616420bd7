"""Where everything lies: the checkout, its work folder, and the shared cache."""

import os
from pathlib import Path

ADDONS = ("crm_cases", "crm_mailgateway", "crm_segmentation")

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".dev"
LOGS = WORK / "log"
OUTBOX = WORK / "outbox"
DATA = WORK / "data"  # Odoo's data_dir: filestores and sessions
REQUIREMENTS = ROOT / "devtools" / "requirements.txt"


def cache():
    """Return the folder that all checkouts of this user share.

    The unpacked Odoo and the virtual environment weigh 1.7 GB and depend on
    nothing in the checkout but their pins: a second clone is ready in seconds.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "odoo19-cases"


def addon_files():
    """Yield every file of the three addons that matters to a database."""
    for addon in ADDONS:
        for path in sorted((ROOT / addon).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
