"""Which rows may this connection touch, and as whom?

Keys, the signed context of the actor, row security, the privileges of each login, and encrypted fields.
"""
