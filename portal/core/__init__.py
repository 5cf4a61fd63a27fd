"""What every app uses: the clock, times and badges, paging, errors, panels, template tags."""
