"""The partner's name, logo and color, and every mail in them."""
