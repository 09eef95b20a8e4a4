"""Reference values of the metrics by numpy, scipy and scikit-learn.

Writes metrics.json (names, shapes, expected values) and metrics.bin (the features, little-endian single precision)
beside this script. Run it from anywhere with the packages installed (`pip install numpy scipy scikit-learn`):

    python3 tests/golden/metrics.py

Features are numbers that single precision holds; everything after them is computed in double precision. Wherever there
is another way to a value than the Rust code's, it is taken here: the Frechet distance by the general matrix square root
(or, where that is singular, by the singular values of the centred data), the Wasserstein distance as the linear program
that defines it, divergences and kernels from the packages.
"""

import json
from pathlib import Path

import numpy as np
from scipy.linalg import sqrtm
from scipy.optimize import linprog
from scipy.sparse import kron, eye, vstack
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist, pdist
from scipy.special import rel_entr, softmax
from scipy.stats import entropy
from sklearn.metrics.pairwise import polynomial_kernel, rbf_kernel
from sklearn.neighbors import NearestNeighbors

NEIGHBOURS = [1, 3, 5]
DIRECTIONS = 4


def single(values):
    return np.asarray(values).astype(np.float32).astype(np.float64)


def correlated(random, count, dimensions, shift, scale):
    mixing = np.random.default_rng(dimensions).normal(size=(dimensions, dimensions)) / dimensions**0.5
    return single(shift + scale * random.normal(size=(count, dimensions)) @ mixing)


def pairs():
    """Names of the cases, with real and generated features."""
    random = np.random.default_rng(2014)
    yield "line", correlated(random, 30, 1, 0.0, 1.0), correlated(random, 20, 1, 0.5, 2.0)
    yield "plane", correlated(random, 60, 2, 0.0, 1.0), correlated(random, 45, 2, 0.25, 0.75)
    yield "wide", correlated(random, 80, 6, 0.0, 1.0), correlated(random, 70, 6, 0.5, 1.5)
    # Far from the origin: means cancel.
    yield "offset", correlated(random, 50, 5, 1000.0, 1.0), correlated(random, 50, 5, 1000.5, 1.25)
    # More dimensions than samples: singular covariances.
    yield "singular", correlated(random, 20, 40, 0.0, 1.0), correlated(random, 25, 40, 0.25, 1.0)
    yield "high", correlated(random, 120, 32, 0.0, 1.0), correlated(random, 110, 32, 0.125, 1.0)
    # Repeated samples and tied distances.
    yield "lattice", single(random.integers(0, 6, (40, 2))), single(random.integers(1, 8, (30, 2)))
    # Collapsed to three samples, one real sample an outlier.
    real = correlated(random, 40, 3, 0.0, 1.0)
    real[0] = 20.0
    yield "collapsed", real, real[random.integers(1, 4, 35)]


# Heusel et al. 2017, equation 6.
def frechet(real, generated):
    mean = np.sum((real.mean(0) - generated.mean(0)) ** 2)
    covariances = [np.atleast_2d(np.cov(x, rowvar=False)) for x in (real, generated)]
    traces = sum(np.trace(c) for c in covariances)
    full_rank = all(len(x) > x.shape[1] and np.linalg.matrix_rank(c) == x.shape[1] for x, c in zip((real, generated), covariances))
    # C = A^T A, and Tr (C1 C2)^(1/2) is the sum of the singular values of A1 A2^T.
    a, b = [(x - x.mean(0)) / (len(x) - 1) ** 0.5 for x in (real, generated)]
    cross = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    root = np.trace(sqrtm(covariances[0] @ covariances[1])).real
    assert abs(root - cross) <= (1e-9 if full_rank else 1e-4) * traces, (root, cross)
    return mean + traces - 2 * (root if full_rank else cross)


def gaussian_frechet(mean1, covariance1, mean2, covariance2):
    root = sqrtm(covariance1 @ covariance2).real
    return np.sum((mean1 - mean2) ** 2) + np.trace(covariance1 + covariance2 - 2 * root)


# Gretton et al. 2012, equation 3.
def unbiased(kernel, real, generated):
    m, n = len(real), len(generated)
    xx, yy, xy = kernel(real, real), kernel(generated, generated), kernel(real, generated)
    return (
        (xx.sum() - np.trace(xx)) / (m * (m - 1))
        + (yy.sum() - np.trace(yy)) / (n * (n - 1))
        - 2 * xy.mean()
    )


def polynomial(real, generated):
    return unbiased(
        lambda x, y: polynomial_kernel(x, y, degree=3, gamma=1 / real.shape[1], coef0=1), real, generated
    )


def gaussian(real, generated, sigma):
    # Centred first: scikit-learn expands |x - y|^2, which loses digits far from the origin.
    centre = real.mean(0)
    kernel = lambda x, y: rbf_kernel(x - centre, y - centre, gamma=1 / (2 * sigma**2))
    return unbiased(kernel, real, generated)


def squared_radii(features, k):
    # Indices by scikit-learn, distances once more, so that tied ones are equal to the bit.
    _, indices = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(features).kneighbors(features)
    squares = np.sort(cdist(features, features, "sqeuclidean"), axis=1)
    neighbours = ((features[:, None, :] - features[indices]) ** 2).sum(-1)
    assert np.allclose(np.sort(neighbours, axis=1), squares[:, : k + 1], atol=1e-6)
    return squares[:, k]  # the first is the sample itself


# Kynkaanniemi et al. 2019, equations 1 and 2; Naeem et al. 2020, section 3.
def manifolds(real, generated, k):
    across = cdist(real, generated, "sqeuclidean")
    real_radii, generated_radii = squared_radii(real, k), squared_radii(generated, k)
    # Rounding decides nothing: every sample is either clearly inside or outside, or on the edge exactly.
    for gap in (np.abs(across - real_radii[:, None]), np.abs(across - generated_radii[None, :])):
        assert not ((gap > 0) & (gap < 1e-12)).any()
    inside = across <= real_radii[:, None]
    return {
        "k": k,
        "precision": inside.any(axis=0).mean(),
        "recall": (across <= generated_radii[None, :]).any(axis=1).mean(),
        "density": inside.sum(axis=0).mean() / k,
        "coverage": inside.any(axis=1).mean(),
    }


# The cheapest plan that moves equal weights on x to equal weights on y.
def squared_wasserstein(x, y):
    n, m = len(x), len(y)
    cost = ((x[:, None] - y[None, :]) ** 2).ravel()
    rows = kron(eye(n), np.ones((1, m)))
    columns = kron(np.ones((1, n)), eye(m))
    weights = np.concatenate([np.full(n, 1 / n), np.full(m, 1 / m)])
    plan = linprog(cost, A_eq=vstack([rows, columns]), b_eq=weights, bounds=(0, None), method="highs")
    assert plan.status == 0, plan.message
    return cost @ plan.x


# Rabin et al. 2012; Bonneel et al. 2015.
def sliced_wasserstein(real, generated, directions):
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    return np.mean([squared_wasserstein(real @ u, generated @ u) for u in unit]) ** 0.5


# Salimans et al. 2016, section 4, with the parts of the authors' code.
def inception_score(probabilities, splits):
    count = len(probabilities)
    scores = []
    for i in range(splits):
        part = probabilities[i * count // splits : (i + 1) * count // splits]
        scores.append(np.exp(rel_entr(part, part.mean(axis=0)).sum(axis=1).mean()))
    return {"splits": splits, "value": np.mean(scores), "deviation": np.std(scores)}


# Srivastava et al. 2017; Lin et al. 2018, section 4.1.
def modes(samples, centres, sigma):
    distances, nearest = cKDTree(centres).query(samples)
    good = distances <= 3 * sigma
    assert (np.abs(distances - 3 * sigma) > 1e-9).all()
    assigned = np.bincount(nearest, minlength=len(centres))
    hits = np.bincount(nearest[good], minlength=len(centres))
    return {
        "modes": int((hits > 0).sum()),
        "high_quality": good.mean(),
        "reverse_kl": entropy(assigned, np.ones(len(centres))),
        "assigned": assigned.tolist(),
        "hits": hits.tolist(),
    }


def mode_cases():
    random = np.random.default_rng(2018)
    angles = 2 * np.pi * np.arange(8) / 8
    ring = single(2 * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    # Two modes are missing, the others are uneven.
    weights = np.array([5, 4, 3, 0, 2, 2, 1, 0]) / 17
    sigma = 0.125
    drawn = ring[random.choice(8, 150, p=weights)] + 1.3 * sigma * random.normal(size=(150, 2))
    yield "ring", single(drawn), ring, sigma
    corners = single(np.array([[x, y, z] for x in (0, 4) for y in (0, 4) for z in (0, 4)]))
    drawn = corners[random.integers(0, 5, 80)] + 0.25 * random.normal(size=(80, 3))
    yield "cube", single(drawn), corners, 0.25


def main():
    sets, values = [], []

    def store(name, features):
        sets.append({"name": name, "count": features.shape[0], "dimensions": features.shape[1]})
        values.append(features.astype("<f4").tobytes())

    cases = []
    for name, real, generated in pairs():
        directions = single(np.random.default_rng(7).normal(size=(DIRECTIONS, real.shape[1])))
        store(f"{name}/real", real)
        store(f"{name}/generated", generated)
        store(f"{name}/directions", directions)
        centre = real.mean(0)
        median = np.median(pdist(np.concatenate([real - centre, generated - centre])))
        sigma = 0.75 * real.shape[1] ** 0.5
        cases.append(
            {
                "name": name,
                "frechet": frechet(real, generated),
                "polynomial": polynomial(real, generated),
                "median": median,
                "gaussian_median": gaussian(real, generated, median),
                "sigma": sigma,
                "gaussian_sigma": gaussian(real, generated, sigma),
                "manifolds": [manifolds(real, generated, k) for k in NEIGHBOURS],
                "sliced_wasserstein": sliced_wasserstein(real, generated, directions),
            }
        )

    random = np.random.default_rng(2016)
    probabilities = single(softmax(3 * random.normal(size=(103, 10)) - 0.3 * np.arange(10), axis=1))
    probabilities[:5] = np.eye(10)[:5]  # certain ones: 0 ln 0
    store("probabilities", probabilities)

    known = []
    for name, samples, centres, sigma in mode_cases():
        store(f"{name}/samples", samples)
        known.append({"name": name, "centres": centres.tolist(), "sigma": sigma, **modes(samples, centres, sigma)})

    gaussians = []
    for dimensions in (1, 5, 12):
        means = random.normal(size=(2, dimensions))
        covariances = [m @ m.T for m in random.normal(size=(2, dimensions, dimensions))]
        distance = gaussian_frechet(means[0], covariances[0], means[1], covariances[1])
        gaussians.append(
            {
                "means": means.tolist(),
                "covariances": [c.ravel().tolist() for c in covariances],
                "frechet": distance,
            }
        )

    generated, real = [40, 0, 7, 3, 50], [10.0, 5.0, 30.0, 2.0, 53.0]
    golden = {
        "sets": sets,
        "pairs": cases,
        "inception_score": [inception_score(probabilities, splits) for splits in (1, 4, 10)],
        "modes": known,
        "gaussians": gaussians,
        "reverse_kl": {"generated": generated, "real": real, "value": entropy(generated, real)},
    }
    here = Path(__file__).parent
    (here / "metrics.bin").write_bytes(b"".join(values))
    (here / "metrics.json").write_text(json.dumps(golden, indent=1, default=float) + "\n")


if __name__ == "__main__":
    main()
