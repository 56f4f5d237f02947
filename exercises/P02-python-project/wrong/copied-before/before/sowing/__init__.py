"""What a garden sows, and when."""
