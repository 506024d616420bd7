from . import crm_mailgateway_ignore
from . import crm_mailgateway_route
from . import crm_mailgateway_try
from . import crm_mailgateway_rehearsal
