"""The encoding of a text file: found by its bytes; and copies in UTF-8 of files that DuckDB can't decode."""

import codecs
import gzip
import io
import re
import shutil
import zlib
from collections.abc import Collection, Iterator, Sequence
from hashlib import md5
from pathlib import Path
from typing import BinaryIO, cast

import chardet

from shop_toolkit.errors import InputError, named, reason_of

# What DuckDB reads itself; files in the others are copied in UTF-8.
NATIVE = ("utf-8", "latin-1", "utf-16")
CODE_PAGES = ("windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254", "windows-1257")
# Other names of them.
ENCODING_ALIASES = {page.replace("windows-", "cp"): page for page in CODE_PAGES} | {
    "shift_jis": "shift-jis", "sjis": "shift-jis", "cp932": "shift-jis", "windows-31j": "shift-jis",
    "gbk": "gb18030", "gb2312": "gb18030", "cp949": "euc-kr",
}  # fmt: skip
# Of East Asia, with two bytes a letter, and what Python calls them: what the systems of that name write.
EAST_ASIAN = {
    "shift-jis": "cp932", "euc-jp": "euc_jp", "gb18030": "gb18030", "big5": "big5hkscs", "euc-kr": "cp949",
}  # fmt: skip
# What the detector calls them.
DETECTED = {
    "cp932": "shift-jis", "shift_jis": "shift-jis", "euc-jp": "euc-jp", "gb18030": "gb18030", "big5": "big5",
    "big5hkscs": "big5", "cp949": "euc-kr", "euc-kr": "euc-kr",
}  # fmt: skip
ENCODINGS = (*NATIVE, "utf-16-be", "utf-16-le", *CODE_PAGES, *EAST_ASIAN)
# Longest first: the mark of UTF-16 begins that of UTF-32.
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
BLOCK_BYTES = 1 << 20
SAMPLE_BYTES = 200_000
# The words of languages distinguish code pages, and a few words fit several: another one than that of Western Europe
# has to fit twice as well.
CLEARLY_BETTER = 2
LEAST_CONFIDENCE = 0.02
CONTROL_BYTES = re.compile(rb"[\x80-\x9f]")
# Code pages that have the umlauts of German where Windows-1252 has them: names with these decide nothing.
WITH_UMLAUTS = ("windows-1250", "windows-1254")
# A letter, which Windows-1252 has as a sign, within a word: Ksi¹¿ka for Książka. In so many words it is no slip.
# Its own letters beside those from À on show nothing: œ is ś in Windows-1250, and ª of Spanish names Ş.
OWN_LETTERS = rb"\x83\x8a\x8c\x8e\x9a\x9c\x9e\x9f\xaa\xb5\xba"
LETTER = rb"[a-zA-Z\xc0-\xff" + OWN_LETTERS + rb"]"
SIGN_IN_WORD = re.compile(LETTER + rb"(?:(?![" + OWN_LETTERS + rb"])[\x80-\xbf\xd7\xf7])+" + LETTER)
LEAST_WORDS = 2
# Code pages of languages with such letters among those of ASCII.
OF_LATIN_LETTERS = ("windows-1250", "windows-1257")
# Two of these pairs, ğ and Ğ, ı and İ, ş and Ş of Turkish, are Icelandic in Windows-1252, which has as many á, é and í.
TURKISH = (b"\xf0\xd0", b"\xfd\xdd", b"\xfe\xde")
ACUTE = b"\xe1\xe9\xed\xf3\xfa\xc1\xc9\xcd\xd3\xda"
WORD = re.compile(rb"[a-zA-Z\x80-\xff]{3,}")
ASCII = bytes(range(128))
# Letters of East Asia: kana, ideographs, Hangul, and signs that are as wide as they; words have several.
OF_EAST_ASIA = "[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff01-\uff9f\uffe5]"
EAST_ASIAN_LETTER = re.compile(OF_EAST_ASIA)
EAST_ASIAN_WORD = re.compile(f"{OF_EAST_ASIA}{{2}}")
KANA = re.compile("[\u3041-\u30fa]")
# Small letters and the first half of the large ones: in code pages they are signs, and the others are capitals.
HALF_WIDTH_KANA = re.compile("[\uff66-\uff7f]")
JAPANESE = ("shift-jis", "euc-jp")
NO_ASCII = re.compile("[^\x00-\x7f]")
# So many of the letters beyond ASCII are of East Asia. A few of them may be accents by chance.
MOST_LETTERS, LEAST_LETTERS = 0.9, 8
ACCENTED = re.compile(rb"[\x80-\xff][^\r\n]*")
UNREADABLE = (OSError, EOFError, UnicodeError, zlib.error)


def open_bytes(file: str) -> BinaryIO:
    """Open a file, unzipped where its name ends in .gz."""
    return cast(BinaryIO, gzip.open(file) if file.lower().endswith(".gz") else Path(file).open("rb"))


def open_text(file: str, encoding: str) -> io.TextIOWrapper:
    """Open a file as text with its own line ends; a byte order mark is still its first character."""
    return io.TextIOWrapper(open_bytes(file), _codec(encoding), newline="")


def find_encoding(file: str, requested: str | None) -> str:
    """The encoding of a text file; the whole file is read, as the first accented letter may be in its last line.

    Args:
        file: The file; gzipped where its name says so.
        requested: The setting `csv_encoding`; None means find out.

    Returns:
        'utf-8' if every byte fits it; 'utf-16' and the like by byte order mark or zero bytes; one of East Asia where
        its words show it; else 'latin-1', or a Windows code page where its characters or the words in it show one.

    Raises:
        InputError: The file's bytes do not fit the encoding, or the file cannot be read.
    """
    try:
        requested = ENCODING_ALIASES.get(requested or "", requested)
        encoding = _marked(file, requested) or requested
        if encoding is None:
            if _decodes(file, "utf-8"):
                return "utf-8"
            encoding = _east_asian(file) or _code_page(file)
        elif encoding == "latin-1" and _has_control_bytes(file):
            raise InputError(
                f"{named(file)} is no Latin-1: it looks like Windows-1252. Set csv_encoding: windows-1252, or null to"
                " have it detected."
            )
        if encoding != "latin-1" and not _decodes(file, encoding):
            raise InputError(
                f"{named(file)} is no {_spoken(encoding)}: some of its bytes are none, or the file was cut off. Export"
                " it again, best in UTF-8, or set csv_encoding to the encoding that it has."
            )
    except UNREADABLE as error:
        raise InputError(
            f"{named(file)} cannot be read as text: {reason_of(error)}. Export or copy it again."
        ) from error
    return encoding


class Utf8Copies:
    """Copies in UTF-8 of files whose encoding DuckDB does not know, in a folder beside the warehouse."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._used: set[Path] = set()

    def copy_of(self, file: str, stamp: str, encoding: str) -> str:
        """The path of a file's copy; it is written where it is missing. `stamp` changes with the file."""
        name = md5(f"{file}\n{stamp}\n{encoding}".encode(), usedforsecurity=False).hexdigest()
        copy = self.folder / f"{name}.csv"
        self._used.add(copy)
        if not copy.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = copy.with_suffix(".partial")
            try:
                with open_text(file, encoding) as source, aside.open("w", encoding="utf-8", newline="") as target:
                    target.write(source.read(1).removeprefix("\ufeff"))
                    shutil.copyfileobj(source, target, BLOCK_BYTES)
            except OSError as error:
                aside.unlink(missing_ok=True)
                raise InputError(
                    f"{named(file)} can't be copied in UTF-8 to {named(str(self.folder))}: {reason_of(error)}."
                ) from error
            aside.replace(copy)
        return str(copy)

    def delete_others(self) -> None:
        """Delete the copies that this object did not name: earlier builds left them."""
        delete_copies(self.folder, self._used)


def delete_copies(folder: Path, kept: Collection[Path] = ()) -> None:
    """Delete the copies in a folder, and the folder once it is empty."""
    if folder.is_dir():
        for path in folder.iterdir():
            if path not in kept and path.suffix in (".csv", ".partial"):
                path.unlink(missing_ok=True)
        if not any(folder.iterdir()):
            folder.rmdir()


def _codec(encoding: str) -> str:
    return EAST_ASIAN.get(encoding, "utf-16-le" if encoding == "utf-16" else encoding)


def _spoken(encoding: str) -> str:
    return encoding.upper().replace("WINDOWS", "Windows").replace("LATIN", "Latin")


def _blocks(file: str) -> Iterator[bytes]:
    with open_bytes(file) as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _marked(file: str, requested: str | None) -> str | None:
    """A wide encoding by its byte order mark, or by the zero bytes that pad Latin letters; None for other files."""
    with open_bytes(file) as stream:
        start = stream.read(4096)
    mark = next((name for mark, name in BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)
    if requested in (None, "utf-16") and mark is not None:
        return mark
    if requested is not None:
        return None
    pairs = len(start) // 2
    high, low = (start[position::2].count(0) for position in (0, 1))
    if low > 0.4 * pairs and not high:
        return "utf-16-le"
    return "utf-16-be" if high > 0.4 * pairs and not low else None


def _decodes(file: str, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(_codec(encoding))()
    try:
        for block in _blocks(file):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_control_bytes(file: str) -> bool:
    """Whether the file holds bytes that are control signs in Latin-1, and quotes, dashes or € in Windows-1252."""
    return any(CONTROL_BYTES.search(block.translate(None, ASCII)) for block in _blocks(file))


def _east_asian(file: str) -> str | None:
    """The encoding of East Asia that a text is in; None for any other.

    All of its bytes fit, nearly all letters beyond ASCII are of East Asia, and some side by side; they are kana, or the
    languages of that encoding fit clearly better than those of code pages. Western texts fail at their accents.
    """
    # To decode a large file takes long: its start rules out nearly all.
    letters = {name: found for name in EAST_ASIAN if (found := _letters(file, name)) and _decodes(file, name)}
    japanese = (name for name, found in letters.items() if name in JAPANESE and _are_kana(found))
    if (kana := next(japanese, None)) is not None:
        return kana
    # Two bytes of another language are two of these as well, but an odd number of them fits no other.
    half_width = HALF_WIDTH_KANA.findall(letters.get("shift-jis", ""))
    if letters.keys() == {"shift-jis"} and len(half_width) >= max(LEAST_LETTERS, len(letters["shift-jis"]) / 5):
        return "shift-jis"
    fitting = [name for name, found in letters.items() if len(found) >= LEAST_LETTERS]
    if not fitting:
        return None
    with open_bytes(file) as stream:
        # To the end of a line, as half a letter fits no encoding.
        start = stream.read(SAMPLE_BYTES)
    sample = start.rpartition(b"\n")[0] or start
    guesses = chardet.detect_all(sample, ignore_threshold=True, include_encodings=(*CODE_PAGES, *DETECTED))
    confidence: dict[str, float] = {}
    for guess in guesses:
        found = str(guess["encoding"]).lower()
        name = DETECTED.get(found, found)
        confidence[name] = max(float(guess["confidence"]), confidence.get(name, 0))
    best = max(fitting, key=lambda name: confidence.get(name, 0))
    of_pages = max(confidence.get(page, 0) for page in CODE_PAGES)
    return best if confidence.get(best, 0) >= max(LEAST_CONFIDENCE, CLEARLY_BETTER * of_pages) else None


def _letters(file: str, encoding: str) -> str:
    """The letters of East Asia at the start of a text; none where others are beside them or all stand alone."""
    try:
        with open_text(file, encoding) as stream:
            text = stream.read(SAMPLE_BYTES)
    except UnicodeDecodeError:
        return ""
    letters = "".join(EAST_ASIAN_LETTER.findall(text))
    is_clear = EAST_ASIAN_WORD.search(text) is not None and len(letters) >= MOST_LETTERS * len(NO_ASCII.findall(text))
    return letters if is_clear else ""


def _are_kana(letters: str) -> bool:
    """Whether letters are those of a Japanese text: a fifth are kana, which no other language has."""
    return len(KANA.findall(letters)) >= max(2, len(letters) / 5)


def _code_page(file: str) -> str:
    """The code page whose languages the words with accents fit; Latin-1 where Windows-1252 has nothing more."""
    sample = bytearray()
    has_control_bytes = False
    for block in _blocks(file):
        accents = block.translate(None, ASCII)
        has_control_bytes = has_control_bytes or CONTROL_BYTES.search(accents) is not None
        for match in ACCENTED.finditer(block) if accents else ():
            if len(sample) >= SAMPLE_BYTES:
                break
            # With the letters before it, which are of the same word.
            sample += block[max(0, match.start() - 20) : match.end()] + b"\n"
    text = bytes(sample)
    best = _fitting_page(text, CODE_PAGES)
    if best in (None, "windows-1252"):
        best = next((page for page in WITH_UMLAUTS if _fitting_page(_telling_words(text, page), (page,))), None)
    best = best or _page_by_letters(text)
    return best or ("windows-1252" if has_control_bytes else "latin-1")


def _fitting_page(text: bytes, pages: Sequence[str]) -> str | None:
    """The code page whose languages a text fits, and clearly better than those of Windows-1252; None where none is."""
    found = chardet.detect_all(text, ignore_threshold=True, include_encodings=CODE_PAGES) if text else []
    confidence = {str(guess["encoding"]).lower(): float(guess["confidence"]) for guess in found}
    best = max(pages, key=lambda page: confidence.get(page, 0))
    western = confidence.get("windows-1252", 0)
    is_clear = confidence.get(best, 0) >= max(LEAST_CONFIDENCE, CLEARLY_BETTER * western)
    return best if is_clear else None


def _page_by_letters(text: bytes) -> str | None:
    """The code page in which words have letters alone that have signs in Windows-1252, or Icelandic ones; else None."""
    words = set(WORD.findall(text))
    with_signs = [word for word in words if SIGN_IN_WORD.search(word)]
    if len(with_signs) >= LEAST_WORDS:
        whole = {page: sum(word.decode(page, "replace").isalpha() for word in with_signs) for page in OF_LATIN_LETTERS}
        return next((page for page in whole if whole[page] >= MOST_LETTERS * len(with_signs)), None)
    there = set(text)
    is_turkish = sum(not there.isdisjoint(pair) for pair in TURKISH) > 1 and there.isdisjoint(ACUTE)
    return "windows-1254" if is_turkish else None


def _telling_words(sample: bytes, page: str) -> bytes:
    """The words of a text, each once, that a code page reads otherwise than Windows-1252 does."""
    same = bytes(byte for byte in range(256) if _letter(byte, page) == _letter(byte, "windows-1252"))
    return b"\n".join(sorted({word for word in WORD.findall(sample) if word.translate(None, same)}))


def _letter(byte: int, page: str) -> str:
    return bytes([byte]).decode(page, "replace")
