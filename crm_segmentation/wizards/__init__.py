from . import base_partner_merge
from . import crm_segmentation_preview
from . import crm_segmentation_why
from . import crm_segmentation_why_line
from . import crm_segmentation_day
from . import crm_segmentation_member_action
