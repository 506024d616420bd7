from . import (
    case_export,
    portal,
    portal_case,
    portal_merged,
    case_form,
    satisfaction,
    supplier,
    person,
)
