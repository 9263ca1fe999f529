from django.urls import URLPattern

app_name = "scheduling_portal"
urlpatterns: list[URLPattern] = []
