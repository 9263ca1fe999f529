"""What runs by the clock, by dotted name; each is a function marked with healthcare.events.every."""

BEAT = [
    "healthcare.accounts.tasks.sweep_accounts",
    "healthcare.api.tasks.sweep_tokens",
    "healthcare.api.tasks.prune_replies",
    "healthcare.events.tasks.prune_events",
    "healthcare.messaging.tasks.sweep_messages",
    "healthcare.messaging.tasks.prune_messages",
    "healthcare.storage.tasks.sweep_objects",
    "patients.tasks.sync_ended_access",
    "patients.tasks.shorten_proxies",
    "patients.tasks.purge_registrations",
    "scheduling.tasks.expire_requests",
    "scheduling.tasks.end_waitlist",
    "scheduling.tasks.warn_of_licences",
    "scheduling.tasks.write_downtime_packets",
    "records.tasks.queue_unscanned",
    "alerts.tasks.watch_access",
    "billing.tasks.bill_unbilled_visits",
    "billing.tasks.print_unprinted_bills",
    "analytics.tasks.roll_up_days",
]
