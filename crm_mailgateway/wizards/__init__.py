from . import crm_mailgateway_ignore
from . import crm_mailgateway_route
