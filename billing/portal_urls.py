from django.urls import URLPattern

app_name = "billing_portal"
urlpatterns: list[URLPattern] = []
