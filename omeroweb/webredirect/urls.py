"""Address below `/url/`. Source: contract/webadmin.md, section 13."""

from django.urls import path

from omeroweb.webredirect import views

urlpatterns = [path("", views.index, name="webredirect")]
