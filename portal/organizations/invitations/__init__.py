"""Invitations: send and accept them, their mail and words, and sign-up with one."""
