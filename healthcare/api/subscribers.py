"""What ends a person's tokens, in the transaction of what ends it."""

from healthcare.accounts.events import CredentialsChanged, MembershipEnded, UserDeactivated
from healthcare.api import actions
from healthcare.events import inside


@inside(UserDeactivated)
def end_tokens_of_account(fact: UserDeactivated) -> None:
    actions.revoke_tokens(by=None, user_id=fact.user_id)


@inside(CredentialsChanged)
def end_tokens_of_old_proof(fact: CredentialsChanged) -> None:
    actions.revoke_tokens(by=None, user_id=fact.user_id)


@inside(MembershipEnded)
def end_tokens_of_role(fact: MembershipEnded) -> None:
    actions.revoke_tokens(by=None, user_id=fact.user_id, role=fact.role)
