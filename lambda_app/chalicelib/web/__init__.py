"""HTTP around a scorer: requests, answers, who may ask, and what is logged."""
