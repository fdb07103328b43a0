"""How a model is sampled fast; what comes back is in the graph's variables."""
