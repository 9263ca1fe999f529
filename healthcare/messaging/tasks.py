from healthcare.events import every
from healthcare.messaging.sweeping import end_expired, end_lost_leases, forget_old, forget_words


@every(seconds=10, queue="default")
def sweep_messages() -> None:
    end_lost_leases()
    end_expired()


@every(seconds=24 * 3600)
def prune_messages() -> None:
    forget_words()
    forget_old()
