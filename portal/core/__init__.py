"""What everything stands on: the clock, times and badges in words, errors, panels, template tags."""
