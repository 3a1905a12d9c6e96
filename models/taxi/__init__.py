"""Taxi trips: will the tip be above 20 % of the fare?"""
