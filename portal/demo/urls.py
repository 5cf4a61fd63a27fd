"""URLs of the demo."""

from django.urls import path

from portal.demo import views

urlpatterns = [
    path("sign-in/<int:pk>/", views.sign_in, name="demo_sign_in"),
    path("mail/", views.mailbox, name="demo_mail"),
]
