"""Demonstration data made from code: images worth looking at, users and groups, annotations and regions."""
