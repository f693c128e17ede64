"""The market maths beside its peers: penaltyblog, shin and goto_conversion, on random markets where they answer at all.

A few thousand markets in the ordinary tests, a hundred thousand in ``make prove`` (the peers solve one at a time).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import shin
from goto_conversion import goto_conversion
from penaltyblog.implied import calculate_implied

from dagster_mlb.market.no_vig import Method, no_vig
from dagster_mlb.market.no_vig_nway import no_vig_nway

Peer = Callable[[list[float]], list[float]]


def penaltyblog(method: str) -> Peer:
    return lambda odds: list(calculate_implied(odds, method).probabilities)


PEERS: list[tuple[str, Method, Peer]] = [
    ("penaltyblog", "multiplicative", penaltyblog("multiplicative")),
    ("penaltyblog", "additive", penaltyblog("additive")),
    ("penaltyblog, differential margin weighting", "additive", penaltyblog("differential_margin_weighting")),
    ("penaltyblog", "power", penaltyblog("power")),
    ("penaltyblog", "shin", penaltyblog("shin")),
    ("penaltyblog", "odds_ratio", penaltyblog("odds_ratio")),
    ("penaltyblog, logarithmic", "odds_ratio", penaltyblog("logarithmic")),
    ("shin", "shin", shin.calculate_implied_probabilities),
    ("goto_conversion", "goto", goto_conversion),
]
TWO_WAY_ONLY = {"penaltyblog, differential margin weighting"}  # with more outcomes it is another method


def markets(count: int, outcomes: int, seed: int) -> Iterator[np.ndarray]:
    """Implied probabilities of markets as books make them: a margin of 1 to 12 %, favourites up to 95 %."""
    rng = np.random.default_rng(seed)
    fair = rng.dirichlet(np.full(outcomes, 2.0), 3 * count)
    fair = fair[(fair.min(axis=1) > 0.04) & (fair.max(axis=1) < 0.93)][:count]
    # The margin is not spread evenly: whoever makes it does not know our methods.
    priced = fair**0.98
    yield from priced / priced.sum(axis=1, keepdims=True) * rng.uniform(1.01, 1.06, (len(fair), 1))


@pytest.mark.parametrize(("peer", "method", "ask"), PEERS, ids=[f"{name} {method}" for name, method, _ in PEERS])
@pytest.mark.parametrize("outcomes", [2, 3])
def test_a_peer_says_the_same(peer: str, method: Method, ask: Peer, outcomes: int) -> None:
    agree(peer, method, ask, outcomes, count=1_000)


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("peer", "method", "ask"), PEERS, ids=[f"{name} {method}" for name, method, _ in PEERS])
def test_a_peer_says_the_same_of_a_hundred_thousand_markets(peer: str, method: Method, ask: Peer) -> None:
    agree(peer, method, ask, 2, count=100_000)


def agree(peer: str, method: Method, ask: Peer, outcomes: int, *, count: int) -> None:
    if outcomes > 2 and peer in TWO_WAY_ONLY:
        pytest.skip(f"{peer} is the additive method for two outcomes only")
    asked = np.array(list(markets(count, outcomes, seed=outcomes)))
    assert len(asked) == count
    ours = no_vig_nway(asked, method)
    told, answered = np.full_like(asked, np.nan), 0
    for row, q in enumerate(asked):
        try:
            told[row] = ask([1.0 / price for price in q])
            answered += 1
        except ValueError:  # penaltyblog's brackets miss some roots
            continue
    inside = (told > 0).all(axis=1)  # below nothing, we answer by another method and say so
    assert answered >= 0.99 * count and inside.sum() >= 0.97 * count
    assert set(ours.used[inside]) == {method}
    np.testing.assert_allclose(ours.probability[inside], told[inside], rtol=0, atol=1e-6)
    if outcomes == 2:
        two_way = no_vig(asked[inside, 0], asked[inside, 1], method)
        np.testing.assert_allclose(two_way, told[inside, 0], rtol=0, atol=1e-6)
