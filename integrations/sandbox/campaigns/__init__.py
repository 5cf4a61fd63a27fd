"""Campaigns: the emails that groups, surveys and insights would have sent."""
