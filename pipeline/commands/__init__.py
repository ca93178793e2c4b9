"""The commands of a checkout: training, evaluation, serving, releases."""
