from django.urls import URLPattern

app_name = "prescriptions_portal"
urlpatterns: list[URLPattern] = []
