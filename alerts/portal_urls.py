from django.urls import URLPattern

app_name = "alerts_portal"
urlpatterns: list[URLPattern] = []
