"""The operators' page that changes the branding."""
