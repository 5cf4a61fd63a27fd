"""Webhooks: the queue of deliveries and the worker that sends them."""
