"""All settings of a training, with the values that the packaged models were made with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a training; a change of any of them gives another model."""

    # The split, and the GLM in H2O.
    split_seed: int = 123_456  # of H2O's runif, as in the H2O demo
    train_share: float = 0.8  # share of the rows, or groups of rows, to train on
    alpha: float = 0.0  # share of the lasso in the penalty: ridge only
    ridge_classic: float = 1e-5  # lambda, the weight of the penalty, of the classic model
    ridge_language: float = 3e-5  # lambda of the language model
    # Thresholds.
    malicious_weight: float = 0.07  # weight of all malicious rows to that of all legitimate ones
    out_of_fold_folds: int = 3  # folds of the scores from which operating points are taken
    false_positive_rates: tuple[float, ...] = (0.01, 0.001, 0.0001)  # of the operating points
    # Bins.
    bin_weight: float = 0.1  # as malicious_weight, where bins are chosen
    bins: int = 16  # bins of a feature, of about equal weight
    bin_sample: int = 250_000  # at most so many rows are looked at to choose bins
    # The tables of characters and words.
    cross_fit_folds: int = 5  # a row is scored by tables that did not count its fold
    vocabulary_size: int = 27_000  # the most frequent words of the word list
    longest_word: int = 12  # characters
    viterbi_rounds: int = 3  # rounds of re-estimating the surprisal of words
    prior_words: int = 20_000  # weight of the word list's own frequencies, in words
    single_share: float = 0.02  # initial share of single characters in a segmentation
    fourgram_least: int = 2  # occurrences that a 4-gram needs to be counted by itself


DEFAULTS = TrainConfig()
