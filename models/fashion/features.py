"""Which column of the pictures is what."""

IMAGE = "image"
"""28 x 28 shades of grey, row by row: from 0 to 255, or from 0 to 1."""

INPUTS = (IMAGE,)

LABEL = "label"

CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
"""The names of the labels 0 to 9, as the publisher has them."""
