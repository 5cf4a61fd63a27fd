"""Addresses of the demo."""

from django.urls import path

from portal.demo import screens

urlpatterns = [
    path("sign-in/<int:pk>/", screens.sign_in, name="demo_sign_in"),
    path("mail/", screens.mailbox, name="demo_mail"),
]
