"""Every knob of a training, with the values that the packaged models were made with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainConfig:
    """What may be turned; another value of any of them gives another model."""

    # The split, and the GLM in H2O.
    split_seed: int = 123_456  # of H2O's runif, as the original's
    train_share: float = 0.8  # of the rows, or groups of rows, that are learned from
    alpha: float = 0.0  # share of the lasso in the penalty: a ridge alone
    ridge_classic: float = 1e-5  # lambda, the weight of the penalty, of the classic model
    ridge_language: float = 3e-5  # and of the language model
    # Thresholds.
    malicious_weight: float = 0.1  # of all malicious rows, to all legitimate ones
    out_of_fold_folds: int = 3  # of the scores that operating points are taken from
    false_positive_rates: tuple[float, ...] = (0.01, 0.001, 0.0001)  # of the operating points
    # Bins, and pairs of features.
    bins: int = 16  # of a feature, of about equal weight
    coarse_bins: int = 8  # of a feature where it stands in a pair
    paired_features: int = 10  # those that tell most, each with each
    bin_sample: int = 250_000  # rows at most that bins are chosen on
    # The tables of characters and words.
    cross_fit_folds: int = 5  # a row is scored by tables that did not count its fold
    vocabulary_size: int = 27_000  # the most frequent words of the list
    longest_word: int = 12  # characters
    viterbi_rounds: int = 3  # of re-estimating the words' costs
    prior_words: int = 20_000  # that the list's own frequencies count for
    single_share: float = 0.02  # of single characters among the arcs of a segmentation, at first
    fourgram_least: int = 2  # times that four characters must occur for a cost of their own

    def ridge(self, model: str) -> float:
        """H2O's lambda of a model by its name, classic or language."""
        return self.ridge_classic if model == "classic" else self.ridge_language


DEFAULTS = TrainConfig()
