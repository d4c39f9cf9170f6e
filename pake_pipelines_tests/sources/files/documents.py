"""PDF and DOCX files, made by the tests that read them."""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping

from docx import Document
from docx.document import Document as DocumentObject
from pypdf import PdfReader, PdfWriter

PLAIN_DOCUMENT_XML = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "<w:p><w:r><w:t>{}</w:t></w:r></w:p></w:body></w:document>"
)


def pdf(*pages: str, info: Mapping[str, str] | None = None, password: str | None = None, packed: bool = False) -> bytes:
    """Return a PDF with the lines of each page one below the other; an empty page has only a line drawn on it."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode())
    objects.append(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
    for number, page in enumerate(pages):
        resources = "/Resources << /Font << /F1 3 0 R >> >>"
        box = "/MediaBox [0 0 600 800]"
        objects.append(f"<< /Type /Page /Parent 2 0 R {box} {resources} /Contents {5 + 2 * number} 0 R >>".encode())
        drawn = zlib.compress(_drawn(page)) if packed else _drawn(page)
        packing = b"/Filter /FlateDecode" if packed else b""
        objects.append(b"<< %b /Length %d >>\nstream\n%b\nendstream" % (packing, len(drawn), drawn))
    written = _with_table(objects)
    if info is None and password is None:
        return written
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(written)))
    writer.add_metadata(dict(info or {}))
    if password is not None:
        writer.encrypt(password, algorithm="RC4-128")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _drawn(page: str) -> bytes:
    if not page:
        return b"0 0 m 100 100 l S"
    lines = [line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)") for line in page.split("\n")]
    shown = " ".join(f"({line}) Tj T*" for line in lines)
    return f"BT /F1 12 Tf 14 TL 50 750 Td {shown} ET".encode("cp1252")


def _with_table(objects: list[bytes]) -> bytes:
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, len(written))
    return written + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + trailer


def docx(write: Callable[[DocumentObject], object], title: str = "", author: str = "") -> bytes:
    """Return a Word document that `write` filled."""
    document = Document()
    document.core_properties.title = title
    document.core_properties.author = author
    write(document)
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def with_parts(package: bytes, parts: Mapping[str, bytes | str | None]) -> bytes:
    """Return a zip package with some of its parts replaced, added, or left out (None)."""
    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        kept = {name: old.read(name) for name in old.namelist()}
        for name, content in (kept | dict(parts)).items():
            if content is not None:
                new.writestr(name, content)
    return target.getvalue()
