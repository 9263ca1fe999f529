from django.urls import path

from patients import views

app_name = "patients"
urlpatterns = [
    path("", views.list_, name="list"),
    path("search", views.search, name="search"),
    path("register", views.register, name="register"),
    path("<uuid:patient_id>/", views.chart, name="chart"),
    path("<uuid:patient_id>/change", views.change, name="change"),
    path("<uuid:patient_id>/access", views.access, name="access"),
    path("<uuid:patient_id>/access/grant", views.grant, name="grant"),
    path("<uuid:patient_id>/access/<uuid:relationship_id>/end", views.end, name="end"),
    path("<uuid:patient_id>/portal-code", views.portal_code, name="portal_code"),
]
