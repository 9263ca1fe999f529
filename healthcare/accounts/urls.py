from django.urls import path

from healthcare.accounts.views import account, audit, joining, session, signing_in, staff

app_name = "accounts"
urlpatterns = [
    path("", account.show, name="account"),
    path("preferences/", account.choose_preferences, name="preferences"),
    path("name/", account.rename, name="rename"),
    path("password/", account.change_password, name="change_password"),
    path("email/", account.change_email, name="change_email"),
    path("second-factor/", account.enrol, name="enrol"),
    path("second-factor/codes/", account.renew_codes, name="renew_codes"),
    path("second-factor/remove/", account.remove_second_factor, name="remove_second_factor"),
    path("sessions/<uuid:pk>/end/", account.end_session, name="end_session"),
    path("sessions/end/", account.end_other_sessions, name="end_other_sessions"),
    path("role/", account.switch_role, name="switch_role"),
    # Signing in, step by step
    path("sign-in/", signing_in.sign_in, name="sign_in"),
    path("sign-in/next/", signing_in.continue_sign_in, name="continue"),
    path("sign-in/code/", signing_in.code, name="code"),
    path("sign-in/recovery/", signing_in.recovery, name="recovery"),
    path("sign-in/role/", signing_in.choose_role, name="choose_role"),
    path("sign-in/demo/", signing_in.demo, name="demo_sign_in"),
    path("sign-out/", signing_in.sign_out, name="sign_out"),
    path("confirm/", session.step_up, name="step_up"),
    path("session/", session.state, name="session"),
    path("session/stay/", session.stay, name="keep_alive"),
    # By a link in a mail
    path("reset/", joining.request_reset, name="request_reset"),
    path("reset/<str:token>/", joining.reset, name="reset_password"),
    path("open/", joining.request_account, name="request_account"),
    path("open/<str:token>/", joining.open_account, name="open_account"),
    path("invitation/<str:token>/", joining.accept, name="invitation"),
    path("address/leave/<str:token>/", joining.leave_address, name="leave_address"),
    path("address/<str:token>/", joining.confirm_address, name="confirm_address"),
    # Colleagues, for administrators
    path("staff/", staff.listing, name="staff"),
    path("staff/invite/", staff.invite, name="invite"),
    path("staff/<uuid:pk>/", staff.colleague, name="colleague"),
    path("staff/<uuid:pk>/invite/", staff.invite_again, name="invite_again"),
    path("staff/<uuid:pk>/grant/", staff.grant, name="grant"),
    path("staff/<uuid:pk>/memberships/<uuid:membership>/end/", staff.end_membership, name="end_membership"),
    path("staff/<uuid:pk>/deactivate/", staff.deactivate, name="deactivate"),
    path("staff/<uuid:pk>/reactivate/", staff.reactivate, name="reactivate"),
    path("staff/<uuid:pk>/reset/", staff.request_reset, name="request_second_factor_reset"),
    path("staff/<uuid:pk>/reset/<uuid:reset>/approve/", staff.approve_reset, name="approve_second_factor_reset"),
    path("audit/", audit.listing, name="audit"),
]
