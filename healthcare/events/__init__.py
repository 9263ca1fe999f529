"""What happened, and who must hear of it?

A verb announces a fact in its own transaction; `inside` subscribers run there and may refuse, `after` subscribers are
delivered by the relay, once in effect. Due times are rows, so losing the broker costs latency and never work.
"""

from healthcare.events.jobs import every
from healthcare.events.publishing import OutsideTransaction, publish
from healthcare.events.registry import after, inside
from healthcare.events.work import carries_out

__all__ = ["OutsideTransaction", "after", "carries_out", "every", "inside", "publish"]
