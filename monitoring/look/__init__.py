"""One look: is what is served what the model was trained on?"""
