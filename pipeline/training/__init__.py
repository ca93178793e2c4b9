"""Train models on labelled names: design, fit in H2O, threshold, export and verification."""

from malicious_domains.names.errors import MaliciousDomainsError


class TrainingError(MaliciousDomainsError):
    """Data that no model can be trained on, or a model whose answers differ from H2O's."""
