from django.urls import path

from healthcare.api.oauth import views

app_name = "oauth2_provider"  # the toolkit finds its endpoints by these names
urlpatterns = [
    path("authorize/", views.authorize, name="authorize"),
    path("programs/", views.programs, name="programs"),
    path("programs/<uuid:pk>/end/", views.end_program, name="end_program"),
    path("token/", views.token, name="token"),
    path("revoke/", views.revoke, name="revoke-token"),
    path("introspect/", views.introspect, name="introspect"),
]
