from django.urls import URLPattern

app_name = "records_portal"
urlpatterns: list[URLPattern] = []
