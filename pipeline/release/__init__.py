"""The zip, the local server, deployment to a stage and the way back."""
