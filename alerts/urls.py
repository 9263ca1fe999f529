from django.urls import path

from alerts import views

app_name = "alerts"
urlpatterns = [
    path("", views.list_, name="list"),
    path("inbox", views.inbox, name="inbox"),
    path("inbox/put-off", views.put_off, name="put_off"),
    path("inbox/take-back", views.take_back, name="take_back"),
    path("board", views.board, name="board"),
    path("urgent", views.urgent, name="urgent"),
    path("post", views.post, name="post"),
    path("post/<uuid:letter_id>/again", views.send_again, name="send_again"),
    path("unusual", views.unusual, name="unusual"),
    path("unusual/<uuid:anomaly_id>/review", views.review, name="review"),
    path("unusual/rules", views.watches, name="watches"),
    path("<uuid:alert_id>/", views.open_, name="open"),
    path("of/<uuid:patient_id>/<uuid:alert_id>/", views.show, name="show"),
    path("of/<uuid:patient_id>/<uuid:alert_id>/acknowledge", views.acknowledge, name="acknowledge"),
    path("of/<uuid:patient_id>/<uuid:alert_id>/hand-on", views.hand_on, name="hand_on"),
]
