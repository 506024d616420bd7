from . import test_amounts
from . import test_criteria
from . import test_cron
from . import test_form
from . import test_run
from . import test_security
from . import test_state_of_mind
