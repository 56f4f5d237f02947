"""Asks a service that runs on this machine: python -m unittest"""
import unittest

import requests


class Program(unittest.TestCase):
    def test_something_is_on_tonight(self):
        self.assertIn("tonight", requests.get("http://127.0.0.1:8000/", timeout=5).json())
