from . import (
    base_import_import,
    crm_case_close,
    crm_case_convert,
    crm_case_erase,
    crm_case_import_mail,
    crm_case_merge,
    crm_case_move,
    crm_case_move_out,
    crm_case_party_ask,
    crm_case_party_share,
    crm_case_pending,
    crm_case_split,
)
