"""Salaries: what does somebody with so many years of experience earn?"""
