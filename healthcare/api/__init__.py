"""How do other programs reach the same verbs?

The root of /v1: tokens, pagination, one error shape, throttles and idempotency keys.
"""
