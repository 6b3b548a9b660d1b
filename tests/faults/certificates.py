"""Throw-away certificates for the hop between bridge and marketplace: one authority, one key that
serves both sides."""

from __future__ import annotations

import subprocess
from pathlib import Path


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


def make(folder: Path) -> dict[str, Path]:
    """The files by the services' names for them."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key = folder / "peer.pem", folder / "peer.key"
    request, names = folder / "peer.csr", folder / "peer.names"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, "-days", 2, "-subj", "/CN=lab")
    openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=peer")
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-out", certificate, "-days", 2, "-extfile", names)
    return {"certificate": certificate, "key": key, "ca": ca}
