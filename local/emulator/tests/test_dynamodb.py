"""Expressions are read once per request and mean the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from ministack.services import dynamodb as upstream

from emulator.dynamodb import expressions

ITEMS = [
    {"pk": {"S": "p"}, "sk": {"S": f"{number:03d}"}, "n": {"N": str(number)}}
    for number in range(50)
]
VALUES = {
    ":p": {"S": "p"},
    ":s": {"S": "02"},
    ":low": {"N": "10"},
    ":high": {"N": "20"},
}
NAMES = {"#n": "n"}


@pytest.fixture
def times_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[itertools.count]:
    counted = itertools.count()
    read = upstream._tokenize

    def tokenize(expression: str) -> list:
        next(counted)
        return read(expression)

    monkeypatch.setattr(upstream, "_tokenize", tokenize)
    return counted


@pytest.mark.parametrize(
    "expression",
    [
        "pk = :p",
        "pk = :p AND begins_with(sk, :s)",
        "#n BETWEEN :low AND :high",
        "attribute_exists(#n) AND (NOT #n > :low OR #n = :high)",
        "attribute_not_exists(elsewhere)",
        "",
    ],
)
def test_an_expression_selects_what_it_selects_upstream(expression: str):
    wanted = [expressions._evaluate_condition(expression, i, VALUES, NAMES) for i in ITEMS]
    assert [expressions.evaluate_condition(expression, i, VALUES, NAMES) for i in ITEMS] == wanted


def test_an_expression_is_read_once_for_all_items_of_a_request(times_read):
    values = dict(VALUES)
    for item in ITEMS:
        expressions.evaluate_condition("pk = :p AND #n > :low", item, values, NAMES)
    assert next(times_read) < 10


def test_the_values_of_another_request_are_not_mixed_up():
    answers = [
        expressions.evaluate_condition("#n = :x", ITEMS[3], {":x": {"N": str(number)}}, NAMES)
        for number in range(5)
    ]
    assert answers == [False, False, False, True, False]


def test_a_bad_expression_is_refused_each_time():
    for _ in range(2):
        with pytest.raises(ValueError, match="Syntax error"):
            expressions.evaluate_condition("pk = = :p", ITEMS[0], VALUES, NAMES)
