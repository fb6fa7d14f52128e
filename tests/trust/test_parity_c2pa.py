"""The same picture with a manifest of C2PA itself.

Authority: peer library. c2pa-python is optional: pip install -e '.[parity]'; without it
all tests skip. Verdicts are taken from failure codes: the words for states changed
between its versions. The chain is made here; a subject wants an organisation
(c2pa-rs#2262).
"""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization as pem
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from PIL import Image
from signed_files import CLAIM, LATEST, ME, OTHER, png, signed
from support.peers import peer_module

from coursekit.trust.png_chunks import chunk, walk
from coursekit.trust.verdict import judge

pytestmark = pytest.mark.parity
UNTRUSTED = "signingCredential.untrusted"
CHANGED = "assertion.dataHash.mismatch"


@pytest.fixture(scope="module")
def c2pa() -> Any:
    return peer_module("c2pa")


def certificate(subject: str, key: Any, issuer: str, by: Any, authority: bool) -> bytes:
    def named(word: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "our tests")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, word)])

    now, public = datetime.now(UTC), key.public_key()
    uses = {
        "digital_signature": not authority,
        "key_cert_sign": authority,
        "crl_sign": authority,
    }
    others = (
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "encipher_only",
        "decipher_only",
    )
    usage = x509.KeyUsage(**uses, **dict.fromkeys(others, False))
    parent = x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(authority, None), True)
        .add_extension(usage, True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(parent, False)
    )
    if not authority:
        email = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
        made = made.add_extension(email, False)
    return made.sign(by, None).public_bytes(pem.Encoding.PEM)


CHAIN = certificate("me", ME, "root", OTHER, False) + certificate(
    "root", OTHER, "root", OTHER, True
)


def with_c2pa(c2pa: Any, data: bytes, key: Any = ME, chain: bytes = CHAIN) -> bytes:
    """The file with a manifest of C2PA, that says what ours would."""
    secret = key.private_bytes(
        pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
    )
    actions = {"label": "c2pa.actions", "data": {"actions": CLAIM["actions"]}}
    claim = {
        "title": CLAIM["title"],
        "format": "image/png",
        "claim_generator_info": [CLAIM["tool"]],
        "assertions": [actions],
    }
    info = c2pa.C2paSignerInfo(b"ed25519", chain, secret, None)
    out = io.BytesIO()
    with c2pa.Signer.from_info(info) as signer, c2pa.Builder(json.dumps(claim)) as made:
        made.sign(signer, "image/png", io.BytesIO(data), out)
    return out.getvalue()


def failures(c2pa: Any, data: bytes) -> set[str]:
    with c2pa.Reader("image/png", io.BytesIO(data)) as reader:
        results = reader.get_validation_results()["activeManifest"]
        return {each["code"] for each in results["failure"]}


def test_its_reader_finds_our_words_and_knows_no_such_signer(c2pa):
    data = with_c2pa(c2pa, png(1, texts=1))
    assert failures(c2pa, data) == {UNTRUSTED}
    with c2pa.Reader("image/png", io.BytesIO(data)) as reader:
        found = json.loads(reader.json())
    manifest = found["manifests"][found["active_manifest"]]
    assert manifest["title"] == CLAIM["title"]
    actions = next(
        a for a in manifest["assertions"] if a["label"].startswith("c2pa.actions")
    )
    assert actions["data"]["actions"][0].items() >= CLAIM["actions"][0].items()
    names = [c.name for c in walk(data)]
    assert names.count(b"caBX") == 1 and names[1] == b"caBX"


def test_both_notice_the_same_changes(c2pa):
    """A byte of the pixels; a chunk more; bytes behind the end."""
    plain = png(1, texts=1)
    theirs, ours = with_c2pa(c2pa, plain), signed(plain)
    text = chunk(b"tEXt", b"a\0b")

    def flipped(data: bytes) -> bytes:
        pixels = next(c for c in walk(data) if c.name == b"IDAT")
        inside = pixels.data[:-1] + bytes([pixels.data[-1] ^ 1])
        return data[: pixels.start] + chunk(b"IDAT", inside) + data[pixels.end :]

    for change in (
        flipped,
        lambda data: data[:-12] + text + data[-12:],
        lambda data: data + b"x",
    ):
        assert CHANGED in failures(c2pa, change(theirs))
        assert judge(change(ours), {}, LATEST).state == "broken"


def test_both_are_gone_when_the_pixels_are_saved_again(c2pa):
    theirs, ours = with_c2pa(c2pa, png(1)), signed(png(1))
    for data in (theirs, ours):
        with Image.open(io.BytesIO(data)) as picture:
            again = io.BytesIO()
            picture.save(again, "PNG")
        assert judge(again.getvalue(), {}, LATEST).state == "none"
        with pytest.raises(c2pa.C2paError, match="ManifestNotFound"):
            failures(c2pa, again.getvalue())


def test_neither_takes_the_other_for_its_own(c2pa):
    with pytest.raises(c2pa.C2paError, match="ManifestNotFound"):
        failures(c2pa, signed())
    assert judge(with_c2pa(c2pa, png()), {}, LATEST).state == "none"


def test_a_key_that_the_certificate_does_not_name_cannot_sign(c2pa):
    with pytest.raises(c2pa.C2paError, match="signature does not match"):
        with_c2pa(c2pa, png(), OTHER)
