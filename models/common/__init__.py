"""What every model shares: errors, input function, training loop, serving signatures."""
