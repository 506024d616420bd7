from . import (
    crm_case_tree_mixin,
    crm_case_category,
    crm_case_stage,
    crm_case_tag,
    crm_case_team,
    crm_case_type,
    crm_case,
    crm_case_dates,
    crm_case_workflow,
    crm_case_mail,
    res_partner,
)
