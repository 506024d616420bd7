from . import eml
