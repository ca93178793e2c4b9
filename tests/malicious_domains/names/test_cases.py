r"""Texts that people paste, pipe and log, one row a case.

The ids are those of the list of cases from public bug reports; "P01 ..." with a word after it
is another of the same kind. xmqjtoevkbhrw.ru stands for a generated name.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from malicious_domains.names.parse import InvalidDomain, Skipped, parse

DGA = "xmqjtoevkbhrw"
ZEEK = "1700000000.123456\tC8bLvv\t10.0.0.5\t53211\t10.0.0.1\t53\tudp\t1\t0.02\tgoogle.com\t1"
BIND = (
    "client @0x7f 192.168.1.90#64727 (ocsp.example.com): query: ocsp.example.com IN A + (10.0.0.1)"
)

JUDGED = [
    ("P01", r"c2\.xmqjtoevkbhrw\.ru", DGA),
    ("P01 www", r"www\.example\.com", "example"),
    ("P01 last dot", r"www.xmqjtoevkbhrw\.ru", DGA),
    ("P01 root", r"c2\.xmqjtoevkbhrw\.ru.", DGA),
    ("P01 twice", r"c2\\.xmqjtoevkbhrw\\.ru", DGA),
    ("P01 URL", r"hxxp://c2\.xmqjtoevkbhrw\.ru/x", DGA),
    ("P01 bracket", r"c2[\.]xmqjtoevkbhrw[\.]ru", DGA),
    ("P01 path", r"c2\.xmqjtoevkbhrw\.ru/x\.y", DGA),
    ("P02 dot", r"google\.com.xmqjtoevkbhrw.ru", DGA),
    ("P02 046", r"google\046com.xmqjtoevkbhrw.ru", DGA),
    ("P02 000", r"google.com\000.xmqjtoevkbhrw.ru", DGA),
    ("P02 032", r"my\032printer.xmqjtoevkbhrw.ru.", DGA),
    ("P02 x07", r"a\x07b.xmqjtoevkbhrw.ru", DGA),
    ("P02 sign", r"a\@b.xmqjtoevkbhrw.ru", DGA),
    ("P07", "xmqjtoevkbhrw[.ru", DGA),
    ("P07 right", "xmqjtoevkbhrw.]ru", DGA),
    ("P07 round", "xmqjtoevkbhrw(.ru", DGA),
    ("P07 right round", "www.)xmqjtoevkbhrw.)ru", DGA),
    ("P07 curly", "xmqjtoevkbhrw{.ru/x", DGA),
    ("P08", "hxxp[:]//xmqjtoevkbhrw[.]ru", DGA),
    ("P08 slashes", "hxxps[://]xmqjtoevkbhrw[.]ru", DGA),
    ("P08 path", "example[.]com[/]path", "example"),
    ("P08 port", "example[.]com[:]443", "example"),
    ("P08 all", "http[:]//user[@]xmqjtoevkbhrw[.]ru[:]8080[/]x", DGA),
    ("P08 round", "hxxp(:)//xmqjtoevkbhrw(.)ru", DGA),
    ("P08 double", "xmqjtoevkbhrw[[.]]ru", DGA),
    ("P10", "xmqjtoevkbhrw{dot}ru", DGA),
    ("P10 at", "user{at}example[dot]com", "example"),
    ("P10 at dot", "user[at]example.com", "example"),
    ("P10 round at", "user(at)example(dot)com", "example"),
    ("P10 words", "xmqjtoevkbhrw dot ru", DGA),
    ("P10 words www", "www dot xmqjtoevkbhrw dot co dot uk", DGA),
    ("P10 words at", "user at xmqjtoevkbhrw dot ru", DGA),
    ("P10 blanks", "xmqjtoevkbhrw [.] ru", DGA),
    ("P10 blanks inside", "xmqjtoevkbhrw[ dot ]ru", DGA),
    ("P10 lone dot", "xmqjtoevkbhrw . ru", DGA),
    ("P12", "h**p://xmqjtoevkbhrw.ru", DGA),
    ("P12 s", "h**ps://xmqjtoevkbhrw.ru:8443/", DGA),
    ("P12 brackets", "h[tt]p://xmqjtoevkbhrw.ru", DGA),
    ("P12 no colon", "hxxp//xmqjtoevkbhrw.ru", DGA),
    ("P13", "google-dot-com", "google-dot-com"),
    ("P14", "example[DOT]com", "example"),
    ("P14 curly", "example{.}com", "example"),
    ("P14 angle", "example<.>com", "example"),
    ("P15", "hXXp://example.com", "example"),
    ("P15 meow", "meow://example.com", "example"),
    ("P15 backslashes", r"hxxp:\\example[.]com\x", "example"),
    ("P15 JSON", r"http:\/\/example.com\/a", "example"),
    ("P16", "xmqjtoevkbhrw。ru", DGA),
    ("P16 wide", "ｘｍｑｊｔｏｅｖｋｂｈｒｗ．ｒｕ", DGA),
    ("P19", "www.google.com.", "google"),
    ("P21", "https://s3.amazonaws.com/bucket/x", "amazonaws"),
    ("P21 region", "https://s3.eu-west-1.amazonaws.com/bucket/x", "amazonaws"),
    ("P22", "googleapis.com", "googleapis"),
    ("P23", "www.qld.gov.au", "www"),
    ("P24", "dkim._domainkey.example.com", "example"),
    ("P24 below", "wt_shop.cn.b2b168.com", "b2b168"),
    ("P26", "*.xmqjtoevkbhrw.ru", DGA),
    ("P26 dot", ".xmqjtoevkbhrw.ru", DGA),
    ("P26 two", "*.*.xmqjtoevkbhrw.ru", DGA),
    ("P26 plus", "+.xmqjtoevkbhrw.ru", DGA),
    ("P26 URL", "https://*.xmqjtoevkbhrw.ru/*", DGA),
    ("P28", "||xmqjtoevkbhrw.ru^", DGA),
    ("P28 allowed", "@@||example.com^", "example"),
    ("P28 option", "||xmqjtoevkbhrw.ru^$third-party,image", DGA),
    ("P28 end", "@@||xmqjtoevkbhrw.ru^|", DGA),
    ("P28 wildcard", "||*.xmqjtoevkbhrw.ru^", DGA),
    ("P28 address", "|https://xmqjtoevkbhrw.ru/x|", DGA),
    ("P28 path", "||xmqjtoevkbhrw.ru/ads/*$script", DGA),
    ("P28 no bars", "xmqjtoevkbhrw.ru^", DGA),
    ("P29", "0.0.0.0 xmqjtoevkbhrw.ru", DGA),
    ("P29 IPv6", "::1 xmqjtoevkbhrw.ru", DGA),
    ("P29 comment", "127.0.0.1\twww.xmqjtoevkbhrw.ru  # ads of example.com", DGA),
    ("P29 defanged", "0.0.0.0 xmqjtoevkbhrw[.]ru", DGA),
    ("P29 dnsmasq", "address=/xmqjtoevkbhrw.ru/0.0.0.0", DGA),
    ("P29 dnsmasq #", "address=/xmqjtoevkbhrw.ru/#", DGA),
    ("P29 dnsmasq option", "--server=/.xmqjtoevkbhrw.ru/127.0.0.1#53", DGA),
    ("P29 dnsmasq local", "local=/xmqjtoevkbhrw.ru/", DGA),
    ("L08 query", "Jul  7 19:39:41 dnsmasq[536]: query[A] xmqjtoevkbhrw.ru from 10.0.0.1", DGA),
    ("L08 extra", "dnsmasq[7]: 12 10.0.0.2/53 query[AAAA] xmqjtoevkbhrw.ru from 10.0.0.2", DGA),
    ("P29 Unbound", 'local-zone: "xmqjtoevkbhrw.ru" always_nxdomain', DGA),
    ("P29 Unbound root", 'local-zone: "xmqjtoevkbhrw.ru." static', DGA),
    ("P29 Unbound data", 'local-data: "xmqjtoevkbhrw.ru. 60 IN A 0.0.0.0"', DGA),
    ("P29 BIND", 'zone "xmqjtoevkbhrw.ru" { type master; file "null"; };', DGA),
    ("P29 RPZ", "xmqjtoevkbhrw.ru CNAME .", DGA),
    ("P29 RPZ wildcard", "*.xmqjtoevkbhrw.ru 60 IN CNAME rpz-drop.", DGA),
    ("P29 dig", "xmqjtoevkbhrw.ru.\t300\tIN\tA\t203.0.113.5", DGA),
    ("P29 hash", "xmqjtoevkbhrw.ru # from https://example.com/list", DGA),
    ("P29 semicolon", "xmqjtoevkbhrw.ru ; a comment", DGA),
    ("P29 YAML", "- '+.xmqjtoevkbhrw.ru'", DGA),
    ("P29 Clash", "DOMAIN-SUFFIX,xmqjtoevkbhrw.ru,REJECT", DGA),
    ("Markdown", "[xmqjtoevkbhrw.ru](https://xmqjtoevkbhrw.ru/)", DGA),
    ("Markdown, quoted", '[a b](<https://xmqjtoevkbhrw.ru/x_(y)> "title")', DGA),
    ("Slack", "<https://xmqjtoevkbhrw.ru|click here>", DGA),
    ("P34", "5.113.0.203.zen.spamhaus.org", "spamhaus"),
    ("P41", '"xmqjtoevkbhrw.ru"', DGA),
    ("P41 URL", "<https://example.com>", "example"),
    ("P41 comma", "example.com,", "example"),
    ("P41 JSON", '"xmqjtoevkbhrw.ru",', DGA),
    ("P41 back", "`xmqjtoevkbhrw.ru`.", DGA),
    ("P41 single", "'xmqjtoevkbhrw.ru';", DGA),
    ("P41 round", "(xmqjtoevkbhrw.ru)", DGA),
    ("P41 square", "[xmqjtoevkbhrw.ru]", DGA),
    ("P41 typographic", "“xmqjtoevkbhrw.ru”", DGA),
    ("P41 stop", "xmqjtoevkbhrw.ru.,", DGA),
    ("P42", "user@example.com", "example"),
    ("P42 mailto", "mailto:user@example.com", "example"),
    ("P42 subject", "mailto:user@example.com?cc=a@google.com", "example"),
    ("P45", "http://google.com@xmqjtoevkbhrw.ru/", DGA),
    ("P45 hash", "http://google.com#@xmqjtoevkbhrw.ru/", "google"),
    ("P45 backslash", r"http://google.com\@xmqjtoevkbhrw.ru/", "google"),
    ("P45 comma", "https://example.com/a,b;c'd", "example"),
    ("D02", "d15k2d11r6t6rl.cloudfront.net", "cloudfront"),
    ("D03", "lgincdnmsftuswe2.azureedge.net", "azureedge"),
    ("D03 storage", "c1usw2.blob.core.windows.net", "windows"),
    ("D03 traffic", "cdp-f-tlu-net.trafficmanager.net", "trafficmanager"),
    ("D16", "7q3laqg6wohunnvj4jkor6kawqbqeaqbaeaq.a.e.e5.sk", "e5"),
    ("L12", "www.example.com.", "example"),
    ("L16", "(13)xmqjtoevkbhrw(2)ru(0)", DGA),
    ("L16 upper", "(3)WWW(13)XMQJTOEVKBHRW(2)RU(0)", DGA),
    ("L16 dot in a label", "(10)google.com(13)xmqjtoevkbhrw(2)ru(0)", DGA),
    ("C01", "\ufeffxmqjtoevkbhrw.ru", DGA),
    ("NP05 valid", "XN--MNCHEN-3YA.DE", "xn--mnchen-3ya"),
    ("NP05 sharp s", "xn--fa-hia.de", "xn--fa-hia"),
    ("NP08", "http://KÖNIGSGÄẞCHEN.de/", "xn--knigsgchen-b4a3dun"),
    ("NP12 Namecoin", "xmqjtoevkbhrw.bit", DGA),
    ("NP16 option", "||xmqjtoevkbhrw.ru^$domain=a.com|~b.a.com,important", DGA),
    ("NP16 blanks", "||xmqjtoevkbhrw.ru^$csp=script-src 'self' *", DGA),
    ("NP16 path", "||xmqjtoevkbhrw.ru^ads^$~third-party", DGA),
    ("NP16 no bars", "xmqjtoevkbhrw.ru$important,domain=a.com", DGA),
    ("NP19 address", "xmqjtoevkbhrw.ru|203.0.113.5", DGA),
    ("NP19 IPv6", "xmqjtoevkbhrw.ru | 2001:db8::1", DGA),
    ("NP19 first", "203.0.113.5|xmqjtoevkbhrw.ru", DGA),
    ("NP19 defanged", "xmqjtoevkbhrw[.]ru|203[.]0[.]113[.]5", DGA),
    ("NP19 port", "www.xmqjtoevkbhrw.ru|443", DGA),
    ("NP21", "10.0.4.11 wc7 wc7.xmqjtoevkbhrw.ru", DGA),
    ("NP21 full first", "10.0.4.11\twc7.xmqjtoevkbhrw.ru. wc7 # x", DGA),
    ("NP21 local", "10.0.4.11 wc7 wc7.lan wc7.xmqjtoevkbhrw.ru", DGA),
    ("NP21 twice", "0.0.0.0 xmqjtoevkbhrw.ru xmqjtoevkbhrw.ru", DGA),
    ("NP21 comment", "127.0.0.1 xmqjtoevkbhrw.ru#a comment", DGA),
    ("NP23", "xmqjtoevkbhrw.eth.limo", DGA),
    ("NP23 below", "www.xmqjtoevkbhrw.eth.limo", DGA),
    ("STIX", "[domain-name:value = 'xmqjtoevkbhrw.ru']", DGA),
    ("STIX URL", r"[url:value = 'http://xmqjtoevkbhrw.ru/?a=\'b\'']", DGA),
    (
        "STIX twice",
        "[domain-name:value='xmqjtoevkbhrw.ru'] AND [ipv4-addr:value='203.0.113.5']",
        DGA,
    ),
    ("STIX time", "[domain-name:value = 'xmqjtoevkbhrw.ru'] WITHIN 60 SECONDS", DGA),
]

REFUSED = [
    ("P01 half", r"c2\.xmqjtoevkbhrw.ru", "escape"),
    ("P02 registrable", r"goo\046gle.com", "escape"),
    ("P02 letter", r"\103oogle.com", "escape"),
    ("P02 suffix", r"google.c\111m", "escape"),
    ("P02 path", r"xmqjtoevkbhrw.ru\path", "escape"),
    ("P02 URL", r"http://google\046com.xmqjtoevkbhrw.ru", "escape"),
    ("P05", "11/25/2026,xmqjtoevkbhrw.ru,10.0.0.1", "csv_row"),
    ("P05 log", "2026/11/25 10:00:00 query xmqjtoevkbhrw.ru", "log_line"),
    ("P05 date", "11/25/2026", "path"),
    ("P05 ISO", "2026-11-25", "date"),
    ("P05 dots", "25.11.2026", "address"),
    ("P05 time", "10:30", "address"),
    ("P05 stamp", "2026-11-25T10:00:00Z", "port"),
    ("P05 quoted", '"11/25/2026","xmqjtoevkbhrw.ru"', "csv_row"),
    ("P05 semicolons", "google.com;xmqjtoevkbhrw.ru", "csv_row"),
    ("P05 tab", "google.com\txmqjtoevkbhrw.ru", "csv_row"),
    ("P05 URL first", "http://google.com/,xmqjtoevkbhrw.ru", "csv_row"),
    ("P05 URL blank", "http://google.com/ xmqjtoevkbhrw.ru", "characters"),
    ("P05 two", "google.com xmqjtoevkbhrw.ru", "characters"),
    ("P05 lines", "google.com\nxmqjtoevkbhrw.ru", "characters"),
    ("P05 prose", "google.com is bad", "characters"),
    ("P05 not a comment", "google.com ; xmqjtoevkbhrw.ru", "csv_row"),
    ("P05 mail", "google.com user@xmqjtoevkbhrw.ru", "characters"),
    ("P05 path", "/etc/hosts", "path"),
    ("P05 type", "text/html", "path"),
    ("P05 drive", r"C:\google.com\x", "port"),
    ("P05 file", "file:///etc/passwd", "url"),
    ("P05 extension", "chrome-extension://abcdefgh/x", "url"),
    ("P05 twice", "http://http://xmqjtoevkbhrw.ru", "url"),
    ("P05 control", "google.com\x1b[0m.xmqjtoevkbhrw.ru", "characters"),
    ("P10 no top-level domain", "polka dot dress", "characters"),
    ("P18", "example..com", "empty_label"),
    ("P18 front", "..example.com", "empty_label"),
    ("P23", "hokkaido.jp", "suffix"),
    ("P23 wildcard", "test.kobe.jp", "suffix"),
    ("P26 whole", "*.com", "suffix"),
    ("P26 whole dot", ".com", "suffix"),
    ("P26 part", "*xmqjtoevkbhrw.ru", "characters"),
    ("P26 end", "xmqjtoevkbhrw.*", "characters"),
    ("P28 whole", "||zip^", "suffix"),
    ("P28 address", "||203.0.113.5^", "address"),
    ("P28 cosmetic", "example.com##.ad", "list_row"),
    ("P29 address", "0.0.0.0 0.0.0.0", "address"),
    ("P29 several", "0.0.0.0 google.com xmqjtoevkbhrw.ru", "several"),
    ("P29 dnsmasq several", "address=/google.com/xmqjtoevkbhrw.ru/0.0.0.0", "several"),
    ("P29 RPZ address", "32.5.113.0.203.rpz-ip CNAME .", "list_row"),
    ("P35", "__cloud_init_expected_not_found__.", "characters"),
    ("P46", "203.0.113.0/24", "address"),
    ("P46 hex", "0x7f.1", "address"),
    ("P46 IPv6", "[2001:db8::1]:443", "address"),
    ("brackets", "[xmqjtoevkbhrw.ru]:53", "characters"),
    ("P46 defanged", "hxxp://203[.]0[.]113[.]5/x", "address"),
    ("L02", ZEEK, "log_line"),
    ("L05", '{"event_type":"dns","dns":{"rrname":"google.com"}}', "json"),
    ("L08", "Jul  7 19:39:41 dnsmasq[536]: forwarded google.com to 10.0.0.1", "log_line"),
    ("L09", BIND, "log_line"),
    ("L09 syslog", "<30>Jan 1 10:00:00 host app[1]: google.com", "log_line"),
    (
        "L10 Windows",
        "PACKET 02E5 UDP Rcv 10.0.0.5 0001 Q [0001 D] A (6)google(3)com(0)",
        "log_line",
    ),
    ("L11 Suricata", "11/25/2026-10:00 [**] Query TX 1 [**] google.com [**] A", "log_line"),
    ("L16 length", "(12)xmqjtoevkbhrw(2)ru(0)", "label_length"),
    ("L16 root", "(0)", "empty"),
    ("C10", "b\udcfccher.de", "encoding"),
    ("empty", "", "empty"),
    ("quotes", '""', "empty"),
    ("NP05 nothing", "xn--.com", "idn"),
    ("NP05 ASCII", "xn--xmqjtoevkbhrw-.ru", "idn"),
    ("NP05 nested", "xn--xn---epa.com", "idn"),
    ("NP05 capitals", "XN--BCHER-2PA.de", "idn"),
    ("NP05 bare", "xn--google-", "idn"),
    ("NP16 expression", r"/^xmqjtoevkbhrw\.ru$/", "list_row"),
    ("NP16 no name", "*$domain=xmqjtoevkbhrw.ru", "list_row"),
    ("NP19 names", "xmqjtoevkbhrw.ru|google.com", "characters"),
    ("NP21 alias", "10.0.4.11 db wc7.xmqjtoevkbhrw.ru", "several"),
    ("NP21 names", "10.0.4.11 google.com google.com.xmqjtoevkbhrw.ru", "several"),
    ("STIX names", "[domain-name:value = 'a.com' OR domain-name:value = 'b.com']", "several"),
    ("STIX pattern", "[domain-name:value LIKE '%.xmqjtoevkbhrw.ru']", "list_row"),
    ("STIX address", "[ipv4-addr:value = '203.0.113.5']", "list_row"),
]

SKIPPED = [
    ("P29 localhost", "127.0.0.1 localhost", "special_use"),
    ("P29 several", "::1 localhost ip6-localhost ip6-loopback", "special_use"),
    ("P29 local zone", "local=/lan/", "special_use"),
    ("P29 comment", "# a list", "comment"),
    ("P29 semicolon", "; a zone", "comment"),
    ("P29 mark", "! Title: a list", "comment"),
    ("P29 slashes", "// a list", "comment"),
    ("P29 head", "[Adblock Plus 2.0]", "comment"),
    ("P29 TTL", "$TTL 60", "comment"),
    ("P31", "159.86.31.172.in-addr.arpa.", "reverse"),
    ("P31 IPv6", "1.0.0.0.ip6.arpa", "reverse"),
    ("P31 ENUM", "4.3.2.1.e164.arpa", "reverse"),
    ("P31 bare", "in-addr.arpa", "reverse"),
    ("P31 classless", "0_25.2.0.192.in-addr.arpa", "reverse"),
    ("P31 service", "b._dns-sd._udp.0.1.168.192.in-addr.arpa", "reverse"),
    ("P32", "_googlecast._tcp.local", "service"),
    ("P32 printer", "x._ipp._tcp.local", "service"),
    ("P32 licence", "_vlmcs._tcp", "service"),
    ("P32 blanks", "Printer 2 [01ba]._pdl-datastream._tcp.local", "service"),
    ("P32 escape", r"Printer\0322._ipp._tcp.local.", "service"),
    ("P32 controllers", "_ldap._tcp.dc._msdcs.corp.local", "service"),
    ("P32 suffix", "_dmarc.co.uk", "service"),
    ("P40", "-", "placeholder"),
    ("P40 N/A", "N/A", "placeholder"),
    ("P40 n/a", "n/a", "placeholder"),
    ("P40 null", "null", "placeholder"),
    ("P40 NULL", "NULL", "placeholder"),
    ("P40 NaN", "NaN", "placeholder"),
    ("P40 None", "None", "placeholder"),
    ("P40 nil", "nil", "placeholder"),
    ("P40 NA", "NA", "placeholder"),
    ("P40 <NA>", "<NA>", "placeholder"),
    ("P40 #N/A", "#N/A", "placeholder"),
    ("P40 MySQL", r"\N", "placeholder"),
    ("P40 quoted", '"-"', "placeholder"),
    ("P43", "pаypal.com", "script"),
    ("P43 xn--", "xn--80ak6aa92e.com", "script"),
    ("L20", "*", "placeholder"),
    ("L20 empty", "(empty)", "placeholder"),
    ("special", "printer.local", "special_use"),
    ("special bare", "localhost", "special_use"),
    ("special port", "http://localhost:8080/x", "special_use"),
    ("special home", "nas.home.arpa", "special_use"),
    ("special arpa", "ipv4only.arpa", "special_use"),
    ("NP12", "google.notavalidsuffix", "no_tld"),
    ("NP12 file", "https://report_final.pdf/", "no_tld"),
    ("NP12 program", "virus.exe", "no_tld"),
    ("NP12 search suffix", "xmqjtoevkbhrw.ru.contoso", "no_tld"),
    ("NP12 two", "b.ru.fritz.repeater", "no_tld"),
    ("NP12 service", "_ldap._tcp.contoso", "service"),
    ("NP23", "vitalik.eth", "no_tld"),
    ("NP05 script", "xn--punycode-fk-u8a3886h9p1r.com", "script"),
]
SPECIAL = ["localhost", "onion", "invalid", "test", "example", "internal", "alt"]
SPECIAL += ["lan", "home", "corp", "localdomain"]
SKIPPED += [(f"special {zone}", f"xmqjtoevkbhrw.{zone}", "special_use") for zone in SPECIAL]


def ids(rows: list[tuple[str, str, str]]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(("case", "text", "label"), JUDGED, ids=ids(JUDGED))
def test_judged(case: str, text: str, label: str) -> None:
    name = parse(text)
    assert name.label == label, case
    assert parse(f"  {text}\r\n") == name
    assert parse(name.host) == name


@pytest.mark.parametrize(("case", "text", "reason"), REFUSED, ids=ids(REFUSED))
def test_invalid(case: str, text: str, reason: str) -> None:
    with pytest.raises(InvalidDomain) as caught:
        parse(text)
    assert (caught.value.status, caught.value.reason) == ("invalid", reason), case
    tell(caught.value)


@pytest.mark.parametrize(("case", "text", "reason"), SKIPPED, ids=ids(SKIPPED))
def test_skipped(case: str, text: str, reason: str) -> None:
    with pytest.raises(Skipped) as caught:
        parse(text)
    assert (caught.value.status, caught.value.reason) == ("skipped", reason), case
    tell(caught.value)


def tell(error: InvalidDomain) -> None:
    """One line that can be written anywhere."""
    message = str(error)
    assert message.isprintable()
    assert message.encode()
    assert len(message) < 250


@pytest.mark.parametrize(
    "label", ["home", "local", "example", "na", "nullable", "com", "suxxnuduznztt"]
)
def test_p37_bare_labels_are_marked(label: str) -> None:
    name = parse(label)
    assert name.bare
    assert name.label == label


def test_c10_bytes_are_shown() -> None:
    with pytest.raises(InvalidDomain, match=r"not UTF-8.*'b\\xfccher\.de'"):
        parse("b\udcfccher.de")


def test_long_texts_are_quoted_in_part() -> None:
    with pytest.raises(InvalidDomain) as caught:
        parse("a b " * 1000)
    assert len(str(caught.value)) < 150


def test_errors_can_be_sent_between_processes() -> None:
    import pickle

    for text in ("a b", "printer.local"):
        with pytest.raises(InvalidDomain) as caught:
            parse(text)
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value)
        assert (again.status, again.reason, str(again)) == (
            caught.value.status,
            caught.value.reason,
            str(caught.value),
        )


LABEL = st.from_regex(r"[a-z][a-z0-9]{3,20}", fullmatch=True)
HOST = st.builds(
    lambda before, label, suffix: ".".join([*before, label, suffix]),
    st.lists(LABEL, max_size=2),
    LABEL,
    st.sampled_from(["ru", "com", "co.uk", "mooo.com"]),
)
FORMS = [
    *("{}.", "{},", "{};", '"{}"', "'{}',", "<{}>", "`{}`", "({})", "[{}]"),
    *(
        "http://{}",
        "hxxps://{}/x?y=z#w",
        "h**p://{}:8080",
        "meow://u:p@{}/",
        "hxxp[:]//{}",
        "{}:443",
    ),
    *("*.{}", ".{}", "+.{}", "||{}^", "@@||{}^$important", "|http://{}|", "- {}", "user@{}"),
    *(
        "0.0.0.0 {}",
        "127.0.0.1\t{} # x",
        ":: {}",
        "address=/{}/0.0.0.0",
        "server=/{}/",
        "local=/{}/",
    ),
    *('local-zone: "{}" always_null', "{} # comment here", "{} ; comment here", "{}\t// comment"),
    *(
        "{} CNAME .",
        "*.{} IN CNAME .",
        "{}. 300 IN A 203.0.113.5",
        'zone "{}" IN {{ type hint; }};',
    ),
]
DOTS = [
    "[.]",
    "(.)",
    "{.}",
    "<.>",
    "[dot]",
    "(DOT)",
    "{dot}",
    "[.",
    ".]",
    "。",
    "．",
    r"\.",
    " dot ",
]


@settings(max_examples=40)
@given(HOST, st.sampled_from(FORMS))
def test_a_host_in_any_form_has_the_same_label(host: str, form: str) -> None:
    assert parse(form.format(host)).label == parse(host).label


@settings(max_examples=40)
@given(HOST, st.sampled_from(DOTS), st.sampled_from(["{}", "hxxp://{}/x", "{}/x", "0.0.0.0 {}"]))
def test_a_defanged_host_has_the_same_label(host: str, dot: str, form: str) -> None:
    assume(" " not in dot or form == "{}")
    assert parse(form.format(host.replace(".", dot))).label == parse(host).label


@settings(max_examples=40)
@given(HOST)
def test_windows_form_has_the_same_label(host: str) -> None:
    written = "".join(f"({len(label)}){label}" for label in host.split(".")) + "(0)"
    assert parse(written).label == parse(host).label


SIGNS = "abx019-_.:/\\@#?,;|^*+$[](){}<>\"'` \t\n=&%~!é中\u200b\udcff"
WORDS = ["google.com", "evil.ru", "http://", "hxxp", "[.]", r"\.", r"\046", "0.0.0.0 ", "||", " # "]
PIECES = st.sampled_from([*SIGNS, *WORDS, "xn--", " dot ", "(6)", "(0)"])
TEXT = st.text(max_size=40) | st.lists(PIECES, max_size=12).map("".join)


@settings(max_examples=40)
@given(TEXT)
def test_a_label_stands_in_the_text_as_a_whole(text: str) -> None:
    try:
        name = parse(text)
    except InvalidDomain as error:
        tell(error)
        assert error.reason
        return
    assert re.fullmatch(r"[a-z0-9-]{1,63}", name.label)
    assert parse(name.host) == name
    if text.isascii():
        assert re.search(rf"(?<![a-z0-9-]){re.escape(name.label)}(?![a-z0-9-])", text.lower())


@settings(max_examples=40)
@given(HOST, HOST, st.sampled_from([" ", "\t", ",", ", ", ";", " ; ", "\n", '","', "|", " | "]))
def test_two_names_are_never_one(one: str, other: str, between: str) -> None:
    with pytest.raises(InvalidDomain):
        parse(f"{one}{between}{other}")


@settings(max_examples=40)
@given(
    st.lists(
        HOST | LABEL | st.sampled_from(["query", "11/25/2026", "10:00:00", "->"]),
        min_size=2,
        max_size=6,
    )
)
def test_words_with_blanks_are_no_name(words: list[str]) -> None:
    """None of the forms of lists begins with a word and goes on with another."""
    with pytest.raises(InvalidDomain):
        parse(" ".join(words))
