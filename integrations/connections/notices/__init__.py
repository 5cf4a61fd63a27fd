"""What people are told about connections."""
