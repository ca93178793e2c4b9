"""Work that needs Java: finding one, running H2O on it, reading and scoring MOJOs."""

from malicious_domains.names.errors import MaliciousDomainsError


class ClusterError(MaliciousDomainsError):
    """An H2O cluster that does not start, loses a node, or does not read or fit the given rows."""
