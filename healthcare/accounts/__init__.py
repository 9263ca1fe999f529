"""Who works here or signs in, in which role, and what may that role ever do?

Users, sites, memberships and providers; permissions and roles; sign-in, second factor and sessions.
"""
