"""The predictors: LightGBM on top of the market, and the honest baselines it has to beat.

Every predictor gives the probability that the home team wins. ``lightgbm_offset`` and ``market_logistic`` start
from the market's logit and learn only a correction ``g(x)``: logit p = market logit + g(x). With nothing to learn
they *are* the market; LightGBM's early stopping at no tree at all is a valid and frequent answer.

A predictor's ``artifact()`` is text that :func:`load_predictor` turns back into the same predictions.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from dagster_mlb.learning.datasets import FEATURES, features_matrix, label_of, matrices, offset_of

FloatArray = npt.NDArray[np.float64]
_TINY = 1e-12


class Predictor(Protocol):
    """Learns from labelled rows of one decision and predicts rows of the same decision."""

    name: ClassVar[str]
    parameters: dict[str, Any]
    feature_names: tuple[str, ...]

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        """Learn from ``train``; ``valid`` (later than train, earlier than any test) decides when to stop."""
        ...

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        """Probability of a home win for each row, NaN where the predictor has nothing to go on."""
        ...

    def artifact(self) -> str:
        """The fitted predictor as text."""
        ...


def sigmoid(logit: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)), without overflow."""
    with np.errstate(over="ignore"):
        return 1.0 / (1.0 + np.exp(-logit))


def row_log_loss(y: FloatArray, p: FloatArray) -> FloatArray:
    """-ln p(what happened), per row, in nats."""
    clipped = np.clip(p, _TINY, 1.0 - _TINY)
    return -(y * np.log(clipped) + (1.0 - y) * np.log1p(-clipped))


class HomeRate:
    """The share of home wins in the training window, the same for every game."""

    name: ClassVar[str] = "home_rate"

    def __init__(self, rate: float | None = None) -> None:
        self.parameters: dict[str, Any] = {}
        self.feature_names: tuple[str, ...] = ()
        self.rate = rate

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        self.rate = float(np.mean(label_of(pl.concat([train, valid]))))
        return self

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        if self.rate is None:
            raise _not_fitted(self.name)
        return np.full(frame.height, self.rate)

    def artifact(self) -> str:
        return json.dumps({"rate": self.rate})


class Elo:
    """Elo's own expectation, home advantage included: nothing to fit."""

    name: ClassVar[str] = "elo"

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.feature_names: tuple[str, ...] = ()

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        return self

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        return frame["elo_home_probability"].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def artifact(self) -> str:
        return json.dumps({"column": "elo_home_probability"})


class Market:
    """The no-vig probability that was known at the decision: what every other predictor is measured against."""

    name: ClassVar[str] = "market"

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self.feature_names: tuple[str, ...] = ()

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        return self

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        return sigmoid(offset_of(frame))

    def artifact(self) -> str:
        return json.dumps({"column": "market_logit"})


def fit_offset_logistic(x: FloatArray, y: FloatArray, offset: FloatArray, l2: float) -> FloatArray:
    """Coefficients b of logit p = offset + x b, minimising the log-loss + l2/2 |b|^2, by iteratively reweighted
    least squares.

    ``x`` (n, k) without NaN. Newton's steps are halved where one would not lower the objective.
    """
    coefficients = np.zeros(x.shape[1])

    def objective(b: FloatArray) -> float:
        eta = offset + x @ b
        return float(np.sum(np.logaddexp(0.0, eta) - y * eta) + 0.5 * l2 * b @ b)

    value = objective(coefficients)
    for _ in range(50):
        p = sigmoid(offset + x @ coefficients)
        gradient = x.T @ (p - y) + l2 * coefficients
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + l2 * np.eye(x.shape[1])
        step = np.linalg.lstsq(hessian, gradient, rcond=None)[0]
        scale = 1.0
        while objective(coefficients - scale * step) > value + _TINY and scale > 1e-8:
            scale *= 0.5
        coefficients = coefficients - scale * step
        previous, value = value, objective(coefficients)
        if abs(previous - value) < 1e-12 * max(1.0, abs(value)):
            break
    return coefficients


class MarketLogistic:
    """Ridge logistic regression on top of the market: logit p = market logit + a + b.z, z standardised on the
    training rows.

    The penalty says what is believed beforehand: with l2 = 1000 an effect of one standard deviation of a feature
    has a prior standard deviation of 0.03 logit (l2 = 1/0.03^2), the intercept too. A missing feature contributes
    nothing (z = 0).
    """

    name: ClassVar[str] = "market_logistic"

    def __init__(self, feature_names: tuple[str, ...] = FEATURES, *, l2: float = 1000.0) -> None:
        self.feature_names = tuple(feature_names)
        self.parameters: dict[str, Any] = {"l2": l2}
        self.means: FloatArray | None = None
        self.scales: FloatArray | None = None
        self.coefficients: FloatArray | None = None  # the intercept first

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        x, y, offset = matrices(pl.concat([train, valid]), self.feature_names)
        present = np.isfinite(x)
        count = np.maximum(present.sum(axis=0), 1)
        self.means = np.where(present, x, 0.0).sum(axis=0) / count
        spread = np.sqrt(np.where(present, (x - self.means) ** 2, 0.0).sum(axis=0) / count)
        self.scales = np.where(spread > 1e-9, spread, np.inf)  # a constant says nothing
        self.coefficients = fit_offset_logistic(self._design(x), y, offset, float(self.parameters["l2"]))
        return self

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        if self.coefficients is None:
            raise _not_fitted(self.name)
        x = features_matrix(frame, self.feature_names)
        return sigmoid(offset_of(frame) + self._design(x) @ self.coefficients)

    def _design(self, x: FloatArray) -> FloatArray:
        assert self.means is not None and self.scales is not None
        z = np.where(np.isfinite(x), (x - self.means) / self.scales, 0.0)
        return np.column_stack([np.ones(len(z)), z])

    def artifact(self) -> str:
        if self.coefficients is None or self.means is None or self.scales is None:
            raise _not_fitted(self.name)
        return json.dumps(
            {
                "means": self.means.tolist(),
                "scales": [value if np.isfinite(value) else None for value in self.scales.tolist()],
                "coefficients": self.coefficients.tolist(),
            }
        )

    def restore(self, artifact: str) -> Self:
        """Take the fitted numbers from :meth:`artifact`'s text."""
        content = json.loads(artifact)
        self.means = np.array(content["means"])
        self.scales = np.array([np.inf if value is None else value for value in content["scales"]])
        self.coefficients = np.array(content["coefficients"])
        return self


LIGHTGBM_PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "boost_from_average": False,  # the offset is where it starts from
    "learning_rate": 0.02,
    "num_leaves": 7,
    "min_data_in_leaf": 200,
    "lambda_l2": 20.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "min_gain_to_split": 0.01,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    # One: at this size a second thread gains nothing, and on a busy machine its waiting costs a factor of 10 to 15.
    "num_threads": 1,
    "seed": 20250715,
}
MAX_ROUNDS = 600
STOP_AFTER = 60
# The best of many rounds looks better than the market by luck alone, so its gain on the validation rows has to exceed
# this many standard errors, else the market stands (0 trees). Measured in 20 made-up worlds with nothing to find, 2,400
# games a season: 65 % of the fits stay within a point of the market at 0 (plain early stopping), all of them at 1; a
# correction worth .002 nats is kept at both.
NEEDED_GAIN = 1.0


class LightGBMOffset:
    """Gradient boosting on top of the market: ``init_score`` is the market's logit, in training and validation alike.

    LightGBM's raw prediction leaves the offset out, so :meth:`predict` adds it. ``trees`` is the number of rounds
    that the validation rows asked for; 0 where no round made them clearly better than the market itself.
    """

    name: ClassVar[str] = "lightgbm_offset"

    def __init__(
        self,
        feature_names: tuple[str, ...] = FEATURES,
        *,
        parameters: dict[str, Any] | None = None,
        max_rounds: int = MAX_ROUNDS,
        stop_after: int = STOP_AFTER,
        needed_gain: float = NEEDED_GAIN,
    ) -> None:
        self.feature_names = tuple(feature_names)
        self.parameters: dict[str, Any] = {
            **LIGHTGBM_PARAMETERS,
            **(parameters or {}),
            "max_rounds": max_rounds,
            "stop_after": stop_after,
            "needed_gain": needed_gain,
        }
        self.booster: Any = None
        self.trees: int | None = None

    def fit(self, train: pl.DataFrame, valid: pl.DataFrame) -> Self:
        import lightgbm

        options = dict(self.parameters)
        max_rounds, stop_after = options.pop("max_rounds"), options.pop("stop_after")
        needed_gain = options.pop("needed_gain")
        learn, check = matrices(train, self.feature_names), matrices(valid, self.feature_names)
        learning = lightgbm.Dataset(learn.x, learn.y, init_score=learn.offset, feature_name=list(self.feature_names))
        checking = lightgbm.Dataset(check.x, check.y, init_score=check.offset, reference=learning)
        self.booster = lightgbm.train(
            {**options, "metric": "binary_logloss", "verbosity": -1},
            learning,
            num_boost_round=max_rounds,
            valid_sets=[checking],
            callbacks=[lightgbm.early_stopping(stop_after, verbose=False)],
        )
        self.trees = int(self.booster.best_iteration)
        gain = row_log_loss(check.y, sigmoid(check.offset)) - row_log_loss(check.y, self.predict(valid))
        if gain.mean() <= needed_gain * gain.std() / np.sqrt(len(gain)):
            self.trees = 0
        return self

    def raw(self, frame: pl.DataFrame) -> FloatArray:
        """The learned correction g(x) in logits, without the market."""
        if self.booster is None or self.trees is None:
            raise _not_fitted(self.name)
        if self.trees == 0:  # LightGBM reads num_iteration=0 as all of them
            return np.zeros(frame.height)
        x = features_matrix(frame, self.feature_names)
        return np.asarray(self.booster.predict(x, raw_score=True, num_iteration=self.trees), dtype=np.float64)

    def predict(self, frame: pl.DataFrame) -> FloatArray:
        return sigmoid(offset_of(frame) + self.raw(frame))

    def artifact(self) -> str:
        if self.booster is None or self.trees is None:
            raise _not_fitted(self.name)
        return json.dumps(
            {"trees": self.trees, "model": self.booster.model_to_string(num_iteration=max(self.trees, 1))}
        )

    def restore(self, artifact: str) -> Self:
        """Take the fitted trees from :meth:`artifact`'s text."""
        import lightgbm

        content = json.loads(artifact)
        self.trees = content["trees"]
        self.booster = lightgbm.Booster(model_str=content["model"])
        return self


def default_predictors(feature_names: tuple[str, ...] = FEATURES) -> list[Predictor]:
    """One unfitted predictor of each kind, the market first: it is the measure of the others."""
    return [Market(), HomeRate(), Elo(), MarketLogistic(feature_names), LightGBMOffset(feature_names)]


def load_predictor(name: str, artifact: str, feature_names: tuple[str, ...]) -> Predictor:
    """The fitted predictor that :meth:`Predictor.artifact` wrote."""
    if name == HomeRate.name:
        return HomeRate(json.loads(artifact)["rate"])
    if name == Elo.name:
        return Elo()
    if name == Market.name:
        return Market()
    if name == MarketLogistic.name:
        return MarketLogistic(feature_names).restore(artifact)
    if name == LightGBMOffset.name:
        return LightGBMOffset(feature_names).restore(artifact)
    raise ValueError(
        f"no predictor is called {name!r}; known are home_rate, elo, market, market_logistic, lightgbm_offset"
    )


def _not_fitted(name: str) -> RuntimeError:
    return RuntimeError(f"{name} has not been fitted; call fit(train, valid) or load it from the registry")
