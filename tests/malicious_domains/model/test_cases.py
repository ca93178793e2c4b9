"""Verdicts on names of the cases; ids as in lambda_app/domains/test_cases.py."""

from __future__ import annotations

import pytest

from malicious_domains.model.scorer import Scorer
from malicious_domains.names.allow import AllowList

LEGITIMATE = [
    ("D02", "d15k2d11r6t6rl.cloudfront.net"),
    ("D02 console", "dr49lng3n1n2s.cloudfront.net"),
    ("D02 protection", "d1zkz3k4cclnv6.cloudfront.net"),
    ("D03", "lgincdnmsftuswe2.azureedge.net"),
    ("D03 account", "acctcdnmsftuswe2.azureedge.net"),
    ("D03 storage", "c1usw2.blob.core.windows.net"),
    ("D03 traffic", "cdp-f-tlu-net.trafficmanager.net"),
    ("D03 front", "mmd-fd-ls-prod.azurefd.net"),
    ("D10", "www.awxcdn.com"),
    ("D11", "www.anywayanyday.com"),
    ("D12", "mozgcp.net"),
    ("D14", "cbq.qa"),
    ("D15", "gus.li"),
    ("D16", "7q3laqg6wohunnvj4jkor6kawqbqeaqbaeaq.a.e.e5.sk"),
    ("D06 other", "mfadsrvr.com"),
    ("D08", "umnyeseti.ru"),
    ("D01", "dns.msftncsi.com"),
    ("D01 www", "www.msftncsi.com"),
    ("D06", "amxrtb.com"),
    ("P34", "5.113.0.203.zen.spamhaus.org"),
    ("D22", "7sbvaemscs0mc925tb99.appsync-api.us-west-2.avsvmcloud.com"),
]
# What the label alone cannot tell from a generated one: an allow list is for these.
KNOWN = [("acronym", "dns.hpkp-faq.de"), ("no vowels", "www.prgrmmr.com")]
MALICIOUS = [  # of pronounceable families (D21) it finds little, as docs/evaluation.md says
    ("D18", "iujmtfksuiui.com"),
    ("dynamic", "ibbwnhgh.mooo.com"),
    ("free", "clwafrfuuxq.yi.org"),
    ("PSL", "bltjhzqp.dyndns.org"),
]


@pytest.mark.parametrize(("case", "host"), LEGITIMATE)
def test_harmless(case: str, host: str, language: Scorer) -> None:
    assert language.score(host).label == 0


@pytest.mark.parametrize(("case", "host"), MALICIOUS)
def test_generated(case: str, host: str, language: Scorer) -> None:
    assert language.score(host).label == 1


@pytest.mark.parametrize(("case", "host"), KNOWN)
def test_known_names(case: str, host: str, language: Scorer) -> None:
    plain = language.score(host)
    assert plain.label == 1
    listed = AllowList.from_entries([host.removeprefix("dns.").removeprefix("www.")])
    allowed = Scorer(language.artifact, allow=listed).score(host)
    assert (allowed.label, allowed.probability) == (0, plain.probability)
    assert language.at("0.0001").score(host).label == 0


@pytest.mark.parametrize("label", ["suxxnuduznztt", "fnpyjiaiogle", "hkwwiprlwvzi"])
def test_a_bare_label_says_so(label: str, language: Scorer) -> None:
    """P37: browsers ask for such names to find out whether answers are forged."""
    assert language.score(label).bare
    assert not language.score(f"{label}.com").bare
