from django.urls import path

from healthcare.devservices import views

app_name = "devservices"
urlpatterns = [path("mail/", views.mail, name="mail")]
