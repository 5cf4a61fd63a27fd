"""Campaigns: the e-mails that groups, surveys and insights would have sent."""
