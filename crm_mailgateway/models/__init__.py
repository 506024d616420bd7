from . import crm_mailgateway_message
from . import crm_mailgateway_raw
from . import crm_mailgateway_result
from . import mail_thread
from . import mail_alias
from . import fetchmail_server
from . import crm_case
from . import crm_case_team
