from django.urls import path

from prescriptions import portal

app_name = "prescriptions_portal"
urlpatterns = [path("medicines", portal.medicines, name="medicines")]
