"""The offline half: data, training, export, evaluation."""
