"""Throw-away certificate authorities that sign, back-date and revoke, by OpenSSL's own command."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
serial = {folder}/serial
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
default_crl_days = 2
unique_subject = no
policy = any
[any]
commonName = supplied
"""
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
LONG_AGO = ("-startdate", "20200101000000Z", "-enddate", "20200102000000Z")
NOW = ("-days", "2")


def openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


@dataclass(frozen=True)
class Identity:
    certificate: Path
    key: Path


class Authority:
    """In a folder of its own, which it makes."""

    def __init__(self, folder: Path, name: str):
        self.folder = folder
        folder.mkdir()
        self.certificate = folder / "ca.pem"
        self.revoked = folder / "revoked.crl"
        self.config = folder / "ca.cnf"
        self.config.write_text(CONFIG.format(folder=folder))
        (folder / "index.txt").touch()
        (folder / "serial").write_text("1000\n")
        openssl("req", "-x509", *CURVE, "-keyout", folder / "ca.key", "-out", self.certificate,
                "-days", 2, "-subj", f"/CN={name}")
        self.list_revoked()

    def sign(self, file: str, names: str, expired: bool = False) -> Identity:
        """names: as in a certificate's subjectAltName."""
        request, extensions = self.folder / f"{file}.csr", self.folder / f"{file}.cnf"
        identity = Identity(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        openssl("req", "-new", *CURVE, "-keyout", identity.key, "-out", request,
                "-subj", f"/CN={file}")
        extensions.write_text(f"subjectAltName={names}\n")
        openssl("ca", "-batch", "-notext", "-config", self.config, "-in", request,
                "-out", identity.certificate, "-extfile", extensions,
                *(LONG_AGO if expired else NOW))
        return identity

    def revoke(self, identity: Identity) -> None:
        openssl("ca", "-config", self.config, "-revoke", identity.certificate)
        self.list_revoked()

    def list_revoked(self) -> None:
        """Put in place at once: whoever reads it reads a whole list."""
        fresh = self.revoked.with_suffix(".new")
        openssl("ca", "-config", self.config, "-gencrl", "-out", fresh)
        fresh.rename(self.revoked)
