"""Who a client is: hosts of several addresses, and hosts that are no clients."""

from __future__ import annotations

from pathlib import Path

import pytest

from malicious_domains.names.errors import MaliciousDomainsError
from malicious_domains.scan.client_names import ClientNames
from tests.helpers.commands import run_here as command
from tests.malicious_domains.scan.test_scan import BOTS, START, Rows, clean, zeek


def test_a_host_of_two_addresses_is_one_client(tmp_path: Path) -> None:
    addresses = ("192.0.2.1", "2001:DB8:0::1", "::ffff:192.0.2.1")
    rows: Rows = [(START + i, addresses[i % 3], name, "NXDOMAIN") for i, name in enumerate(BOTS)]
    (tmp_path / "dns.log").write_text(zeek(clean() + rows))
    (tmp_path / "same").write_text("# ours\n192.0.2.1 laptop\n2001:db8::1,laptop\n")
    done = command("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same")
    assert "20 of 20 new names do not exist" in done.stdout
    assert [x.split()[0] for x in done.stdout.splitlines()[1::2]] == ["laptop"]
    left = command(
        *("scan", tmp_path / "dns.log", "--same-client", tmp_path / "same"),
        *("--not-clients", tmp_path / "same"),
    )
    assert (left.returncode, "20 not_a_client" in left.stderr) == (0, True)


def test_addresses_have_one_spelling() -> None:
    names = ClientNames()
    spellings = {names.name_client(x) for x in ("2001:DB8:0:0::1", "2001:db8::1")}
    assert spellings == {"2001:db8::1"}
    assert names.name_client("::ffff:192.0.2.1") == "192.0.2.1"
    assert names.name_client("laptop.lan") == "laptop.lan"


@pytest.mark.parametrize("text", ["192.0.2.1\n", "192.0.2.1,\n", b"\xff\xfe"])
def test_a_damaged_list_of_clients_is_an_error(tmp_path: Path, text: str | bytes) -> None:
    path = tmp_path / "same"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(MaliciousDomainsError, match="same"):
        ClientNames.load(path)
