"""One factory a model, an app a file. Rows are made in a worker as the system, so that a test can build a world that
it may not see."""

from tests.factories.alerts import *
from tests.factories.api import *
from tests.factories.billing import *
from tests.factories.ground import *
from tests.factories.identity import *
from tests.factories.messages import *
from tests.factories.prescriptions import *
from tests.factories.privacy import *
from tests.factories.profile import *
from tests.factories.records import *
from tests.factories.scheduling import *
