"""Who must know, have they answered, and who is next if not?

Urgent alerts with an owner, an acknowledgement and an escalation; reminders.
"""
