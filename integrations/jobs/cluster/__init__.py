"""The processes that run jobs: django-q2 clusters and their supervisor."""
