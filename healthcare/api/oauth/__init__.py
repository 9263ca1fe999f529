"""How does a program get a token, renew it and give it back?

OAuth 2.0 (RFC 6749) as its best current practice has it (RFC 9700), by django-oauth-toolkit; decision 0018.
"""
