"""A small model folder with a raw feature of every kind; `tiny_sample` makes it `models.tiny`."""
