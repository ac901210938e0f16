"""PDF files made for the tests, harmless and otherwise, with pypdf's own writer or by hand."""

from __future__ import annotations

import io
import zlib
from functools import cache

from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, NumberObject, TextStringObject


def written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def pages(count: int = 1) -> PdfWriter:
    writer = PdfWriter()
    for _ in range(count):
        writer.add_blank_page(200, 200)
    return writer


def dictionary(**names: object) -> DictionaryObject:
    return DictionaryObject({NameObject("/" + name): value for name, value in names.items()})


def action(kind: str, **more: object) -> DictionaryObject:
    return dictionary(S=NameObject("/" + kind), **more)


@cache
def plain(count: int = 1) -> bytes:
    return written(pages(count))


def with_action(kind: str, **more: object) -> bytes:
    """Put an action where the file is opened."""
    writer = pages()
    writer._root_object[NameObject("/OpenAction")] = writer._add_object(action(kind, **more))
    return written(writer)


def with_script() -> bytes:
    writer = pages()
    script = action("JavaScript", JS=TextStringObject("app.alert('hello')"))
    names = dictionary(JavaScript=dictionary(Names=ArrayObject([TextStringObject("a"), writer._add_object(script)])))
    writer._root_object[NameObject("/Names")] = names
    return written(writer)


def with_script_on_a_page() -> bytes:
    writer = pages()
    on_open = dictionary(O=action("JavaScript", JS=TextStringObject("app.alert(1)")))
    writer.pages[0][NameObject("/AA")] = on_open
    return written(writer)


def with_file() -> bytes:
    writer = pages()
    writer.add_attachment("a.txt", b"something else")
    return written(writer)


def with_annotation(subtype: str) -> bytes:
    writer = pages()
    note = dictionary(
        Type=NameObject("/Annot"), Subtype=NameObject("/" + subtype), Rect=ArrayObject([NumberObject(0)] * 4)
    )
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    return written(writer)


def with_form() -> bytes:
    writer = pages()
    writer._root_object[NameObject("/AcroForm")] = dictionary(XFA=TextStringObject("<xdp/>"))
    return written(writer)


def with_link() -> bytes:
    """Make a PDF with what is ordinary: a link to a page of the web, and a place to open it at."""
    writer = pages()
    note = dictionary(
        Type=NameObject("/Annot"), Subtype=NameObject("/Link"), Rect=ArrayObject([NumberObject(0)] * 4),
        A=action("URI", URI=TextStringObject("https://example.com/")),
    )  # fmt: skip
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])
    writer._root_object[NameObject("/OpenAction")] = ArrayObject(
        [writer.pages[0].indirect_reference, NameObject("/Fit")]
    )
    return written(writer)


def encrypted(password: str = "") -> bytes:
    writer = pages()
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    return written(writer)


def by_hand(*objects: bytes, root: int = 1) -> bytes:
    """Write numbered objects, a table of where they are, and the end."""
    body, places = b"%PDF-1.7\n", []
    for number, inner in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, inner)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + table + b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, root, len(body)
    )  # fmt: skip


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"


def spelled_otherwise() -> bytes:
    """Write JavaScript's name with codes for letters."""
    return by_hand(b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/J#61vaScript/J#53(1)>>>>", PAGES, PAGE)


def out_of_the_table() -> bytes:
    """Hide a script in an object that no table names."""
    body = by_hand(CATALOG, PAGES, PAGE)
    hidden = b"%PDF-1.7\n9 0 obj\n<</S/Java#53cript/JS(1)>>\nendobj\n"
    return body.replace(b"%PDF-1.7\n", hidden.ljust(len(hidden)), 1)


def in_a_packed_stream() -> bytes:
    """Hide a launch action in a packed stream of objects (pypdf writes none, so by hand)."""
    inner = b"4 0 <</S/Launch/F(cmd.exe)>>"
    packed = zlib.compress(inner)
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed)
    objects = {1: CATALOG.replace(b">>", b"/OpenAction 4 0 R>>", 1), 2: PAGES, 3: PAGE, 5: stream}
    body, places = b"%PDF-1.7\n", {}
    for number, inner_object in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%b\nendobj\n" % (number, inner_object)
    start = len(body)
    entries = [(0, 0, 255)]
    entries += [(2, 5, 0) if number == 4 else (1, places.get(number, start), 0) for number in range(1, 7)]
    table = zlib.compress(b"".join(bytes([k]) + at.to_bytes(4, "big") + bytes([g]) for k, at, g in entries))
    body += b"6 0 obj\n<</Type/XRef/Size 7/Root 1 0 R/W[1 4 1]/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (
        len(table), table
    )  # fmt: skip
    return body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def bomb(unpacked: int = 300_000_000) -> bytes:
    """Pack a stream of objects that unpacks without measure."""
    packer = zlib.compressobj(9)
    block = b" " * 1_000_000
    packed = b"".join(packer.compress(block) for _ in range(unpacked // len(block))) + packer.flush()
    stream = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed)
    start_table = by_hand(CATALOG, PAGES, PAGE, stream)
    at = start_table.rindex(b"startxref")
    start = at
    places = [0] + [start_table.index(b"%d 0 obj" % n) for n in range(1, 5)]
    entries = [(0, 0, 255), *((1, place, 0) for place in places[1:]), (2, 4, 0), (1, start, 0)]
    table = b"".join(bytes([k]) + place.to_bytes(4, "big") + bytes([g]) for k, place, g in entries)
    body = start_table[:at]
    body += b"6 0 obj\n<</Type/XRef/Size 7/Root 1 0 R/W[1 4 1]/Length %d>>stream\n%b\nendstream" % (len(table), table)
    return body + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def nested(depth: int = 20_000) -> bytes:
    return by_hand(CATALOG, PAGES, PAGE, b"[" * depth + b"]" * depth)


def circle_of_pages() -> bytes:
    return by_hand(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>")


def many_pages() -> bytes:
    """Name one page two thousand times."""
    return by_hand(CATALOG, b"<</Type/Pages/Kids[" + b"3 0 R " * 2000 + b"]/Count 2000>>", PAGE)
