from . import crm_segmentation_demo
