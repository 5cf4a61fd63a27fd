"""Pages of onboarding: the list of organizations, and connecting one."""
