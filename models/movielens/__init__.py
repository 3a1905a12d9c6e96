"""MovieLens: how many stars will a user give to a film?"""
