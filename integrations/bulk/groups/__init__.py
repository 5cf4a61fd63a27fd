"""Creating, renaming and deleting groups, for one owner or for all."""
