from . import base_partner_merge
from . import crm_segmentation_preview
