"""The checker sees what it should; run before each `make bench-kafka`."""

import unittest

from corpus import articles, key, number
from exact import Partition


def seen(*numbers):
    """Partition 1 of 4, of an input of 13 articles: 1, 5 and 9 belong there."""
    partition = Partition(1, 4, 13)
    for n in numbers:
        partition.see(n)
    partition.close()
    return partition.missing, partition.doubled, partition.disordered, partition.strangers


class Checker(unittest.TestCase):
    def test_exact(self):
        self.assertEqual(seen(1, 5, 9), (0, 0, 0, 0))

    def test_faults(self):
        self.assertEqual(seen(1, 9), (1, 0, 0, 0))
        self.assertEqual(seen(1, 5, 5, 9), (0, 1, 0, 0))
        self.assertEqual(seen(1, 9, 5), (0, 0, 1, 0))
        self.assertEqual(seen(1, 5, 9, 2), (0, 0, 0, 1))
        self.assertEqual(seen(1, 5, 9, 13), (0, 0, 0, 1))
        self.assertEqual(seen(), (3, 0, 0, 0))

    def test_keys_carry_the_number(self):
        self.assertEqual(number(key(12).encode()), 12)

    def test_articles_are_as_long_as_asked_and_always_the_same(self):
        made = list(articles(500, 4000, 0.1, 1))
        self.assertEqual(made, list(articles(500, 4000, 0.1, 1)))
        self.assertAlmostEqual(sum(map(len, made)) / len(made), 4000, delta=400)


if __name__ == "__main__":
    unittest.main()
