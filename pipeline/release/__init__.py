"""Package, serve, publish and deploy: the zip, the registry of models, stages and rollback.

MaliciousDomainsError
└── ReleaseError: what a command of this room could not do
    └── SmokeError: a live app does not answer as it should
"""

from malicious_domains.names.errors import MaliciousDomainsError


class ReleaseError(MaliciousDomainsError):
    """A release could not be made, served, read or deployed; the message says what to do."""
