"""The ground the clinic stands on: database walls, facts, audit, people's accounts, and the doors.

It answers who is acting, what they may touch and what happened; it holds no clinical model or rule.
"""
