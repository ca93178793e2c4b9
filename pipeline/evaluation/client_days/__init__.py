"""What a verdict on client-days is worth: simulated days, families that no model has seen."""
