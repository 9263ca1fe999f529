"""When, where and with whom is the visit?

Availability, bookings that cannot overlap, check-in and the flow of the day.
"""
