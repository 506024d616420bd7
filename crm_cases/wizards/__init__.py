from . import crm_case_pending
