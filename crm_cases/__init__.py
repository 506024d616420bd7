from .hooks import uninstall_hook
from . import controllers, models, report, wizards
