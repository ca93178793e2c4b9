"""Study the verdict on client-days: simulated days, families that no model has seen."""
