from . import test_access
from . import test_acknowledgement
from . import test_classify
from . import test_connections
from . import test_headers
from . import test_journal
from . import test_limits
