"""The list and the page; with SOWING_URL set, also a service that runs: python -m unittest discover tests"""
import os
import unittest

import requests

from sowing.web import app, seeds


class Sowing(unittest.TestCase):
    def test_each_seed_has_its_months(self):
        self.assertTrue(all(seed["from"] and seed["to"] for seed in seeds()))

    def test_the_page_names_each_seed(self):
        page = app.test_client().get("/").text
        for seed in seeds():
            self.assertIn(seed["name"], page)

    @unittest.skipUnless("SOWING_URL" in os.environ, "no SOWING_URL")
    def test_a_service_is_well(self):
        self.assertEqual(requests.get(os.environ["SOWING_URL"] + "/health", timeout=5).status_code, 200)
