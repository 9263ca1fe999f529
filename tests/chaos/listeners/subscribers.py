from healthcare.events import after
from tests.events import announcements

after(announcements.Happened)(announcements.first)
after(announcements.Happened, queue="bulk")(announcements.second)
after(announcements.UrgentlyHappened, queue="urgent")(announcements.slow)
