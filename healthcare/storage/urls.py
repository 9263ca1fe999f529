from django.urls import path

from healthcare.storage import views

app_name = "storage"
urlpatterns = [path("<str:token>/", views.open_link, name="open")]
