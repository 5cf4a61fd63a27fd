"""Contacts from CSV and XLSX files: upload a file, match its columns to fields, and make a plan of its rows."""
