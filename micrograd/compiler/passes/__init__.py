"""From the scalar graph to a Program and its gradients, pass by pass."""
