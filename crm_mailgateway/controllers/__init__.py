from . import eml
from . import picture
