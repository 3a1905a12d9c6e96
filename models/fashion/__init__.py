"""Fashion-MNIST: which of ten pieces of clothing is on a small picture?"""
