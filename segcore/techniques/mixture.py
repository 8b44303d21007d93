"""A Gaussian mixture with full covariances, fitted by expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FLOOR = 1e-3  # added to the variances, so that a cluster of one colour has a volume


@dataclass(frozen=True)
class Mixture:
    """Weights (k,), means (k, d), lower Cholesky factors (k, d, d) of the covariances."""

    weights: NDArray[np.float64]
    means: NDArray[np.float64]
    factors: NDArray[np.float64]

    def log_densities(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the logarithm of weight times density of each part, (n, k)."""
        result = np.empty((len(rows), len(self.weights)))
        for i, (weight, mean, factor) in enumerate(
            zip(self.weights, self.means, self.factors, strict=True)
        ):
            whitened = (rows - mean) @ np.linalg.inv(factor).T
            volume = np.log(np.diag(factor)).sum() + 0.5 * len(mean) * np.log(2 * np.pi)
            result[:, i] = np.log(weight) - volume - 0.5 * np.einsum("ij,ij->i", whitened, whitened)
        return result

    def assign(self, rows: NDArray[np.floating]) -> NDArray[np.int64]:
        """Return the likeliest part of each row, (n,)."""
        return self.log_densities(rows).argmax(axis=1)


def fit(rows: NDArray[np.floating], means: NDArray[np.floating], rounds: int = 60) -> Mixture:
    """Fit a mixture, begun at the given means.

    Parameters
    ----------
    rows : (n, d)
    means : (k, d)
        For example those of k-means; rows belong to the nearest at first.
    rounds : int
        At most; it ends earlier once the mean log-likelihood gains less than 1e-3.
    """
    data: NDArray[np.float64] = np.asarray(rows, np.float64)
    distances = ((data[:, None] - means[None]) ** 2).sum(axis=2)
    shares: NDArray[np.float64] = np.eye(len(means))[distances.argmin(axis=1)]
    before = -np.inf
    for _ in range(rounds):
        mixture = _maximised(data, shares)
        logs = mixture.log_densities(data)
        top = logs.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(logs - top).sum(axis=1, keepdims=True))
        shares = np.exp(logs - total).astype(np.float64)
        now = float(total.mean())
        if now - before < 1e-3:
            break
        before = now
    return mixture


def _maximised(rows: NDArray[np.float64], shares: NDArray[np.float64]) -> Mixture:
    counts = shares.sum(axis=0) + 10 * np.finfo(float).eps
    means = shares.T @ rows / counts[:, None]
    factors = np.empty((len(counts), rows.shape[1], rows.shape[1]))
    for i, mean in enumerate(means):
        centred = rows - mean
        covariance = (shares[:, i, None] * centred).T @ centred / counts[i]
        factors[i] = np.linalg.cholesky(covariance + FLOOR * np.eye(len(mean)))
    return Mixture(counts / counts.sum(), means, factors)
