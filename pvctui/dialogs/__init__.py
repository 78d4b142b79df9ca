"""What asks before anything is changed, and what explains."""
