"""The JSON of links."""

import pytest

from omeroweb.webclient.linking import parse_links
from omeroweb.webclient.parameters import InvalidParameter


def test_links_are_read_as_rows():
    body = {"dataset": {"21": {"image": [501, 502]}}, "project": {"1": {"dataset": [21]}}}
    assert parse_links(body) == [("dataset", 21, "image", [501, 502]), ("project", 1, "dataset", [21])]


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"dataset": []},
        {"dataset": {"x": {"image": [1]}}},
        {"dataset": {"1": []}},
        {"dataset": {"1": {"image": 5}}},
    ],
)
def test_other_shapes_are_refused(body):
    with pytest.raises(InvalidParameter):
        parse_links(body)
