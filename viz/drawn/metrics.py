"""How wide a text may get: no layout program and no reader's font is asked.

A box must hold its text in whatever font a reader has. For each character this takes the widest of the usual ones (Helvetica and
Arial, DejaVu Sans and its kin Verdana), so that a label is never wider than its box, and a layout is the same on every machine.
"""

from __future__ import annotations

import unicodedata
from functools import cache

# Widths in twentieths of the size, one letter a character ("@" unknown, A 1, B 2 …), by the first character of a run.
PLAIN = {
    0x20: "GIJQMTPFHHJQGHGGMMMMMMMMMMGGQQQLUNNOPNMPPFJNLROPNPONMONTNNNHGHQLJMMKMMHMMFFLFTMMMMIKHMLQLLKMGMQ",
    0xA0: (
        "GIMMMMGLJTJMQHTJJQIIJMMGJIJMTTTMNNNNNNTONNNNFFFFPOPPPPPQPOOOONNMMMMMMMTKMMMMFFFFMMMMMMMQMMMMMLMLNMNMNMNKNKNKNK"
        "PMPMMMMMMMMMMMPMPMPMPMPMSNFFFFFFFFFFLLFFNLLLFLFLHLGLFOMOMOMQOMPMPMPMVUNININIMKMKMKMKMHMHMHOMOMOMOMOMOMTQMLMNKN"
        "KNKH"
    ),
    0x370: (
        "NLRMFFOM@@JKKKGF@@@@JJNGORI@Q@QQGNNLNMNPPFNNROMPPM@MMMPNPPFMNKMGLNMLMKKMMGLLMLLMMMLMMLNLNQGLMLQNMMNQNNQNPMMLLJ"
        "NNRMSQPNPMNMPMNMMKNMKFPMMMMNRNMONOMMPMNMFFFVUPOOMPNNNMPMVMOOOPRPPPMNMMRNPNVVQRNNVNMMLKNMSKMMMMPNMNMKLLRLNLSSOP"
        "LKQMMMMKKKFFFSRNMMLN"
    ),
    0x2010: "HHMJTTJJGGGGKKKKJJLLGNT",
    0x2070: "ID@@IIIIIIKKKEEHIIIIIIIIIIKKKEE@HIIIIIIDMHIHF@@@",
    0x2190: "QQQQ",
    0x2200: ("NMKMMRNNRRORROMPPNQQQGMQMMMMMOQQRRQJJJJOOOOKPVKPVKKKMMFMQQQQQQQQHQQQQQQQQQQQQQQQQQQQTTQQQQQQQQQQQQQQQQQQQQUUJQQQ"),
}
BOLD = {
    0x20: "GJKQNURGJJKQHIHHNNNNNNNNNNHHQQQMTPPOQNNQQHLPMTQRORPONQPWPOOJHJQLJNOLONIOOGGNGUONOOJLJONSMNLOHOQ",
    0xA0: (
        "GJNNMNHLJTLMQITJJQIIJOMHJILMUUUMPPPPPPVONNNNHHHHQQRRRRRQRQQQQOOONNNNNNULNNNNGGGGNONNNNNQNOOOONONPNPNPNOLOLOLOL"
        "QOQONNNNNNNNNNQOQOQOQOQOTPHGHGHGHGHGONHGPNNMGMGMJMLMHQOQOQOTQORNRNRNXVPJPJPJOLOLOLOLNJNJNJQOQOQOQOQOQOWSONOOLO"
        "LOLI"
    ),
    0x370: (
        "NLUQGGQO@@JLKKHH@@@@IJPHQUL@R@TRHPPMPNOQRHPPTQMRQO@NNORPQRHONLOHNNONNLLONHOMONLNPOLPMNPMPRHNNNRPNNOTOPRORNOLNJ"
        "ONSMVQQOSOONPNPONLOOLGRMMOOOTOONONNNRMOOHHHXWRQQPQPPPMRNYOQQQQTQRQOONPTPSQY[SUPOXPNNMKQNTLOONOQNNNOLLNTMONVWPS"
        "MLTMNNOKLLGGGTTONONN"
    ),
    0x2010: "IINJTTJJHHHHNNNNJJMMGNT",
    0x2070: "IE@@IIIIIIKKKFFJIIIIIIIIIIKKKFF@JJJIJJJENJJHH@@@",
    0x2190: "QQQQ",
    0x2200: ("PNKNNRNNRRORROMPPOQQNHNQMHNNNOQQRRQJJJJQQQQMSZLT[LLLNNFNQQQQQQQQHQQQQQQQQQQQQQQQQQQQVVQQQQQQQQQQQQQQQQQQQQUUJQQQ"),
}


def width(text: str, size: float, bold: bool = False) -> float:
    r"""The room that a line of text needs, in the unit of ``size``.

    >>> round(width("grad", 11), 2), round(width("grad", 11, bold=True), 2), width("\u6570", 11), width("\u0301", 10)
    (26.4, 29.7, 11.0, 0.0)
    """
    return size * sum(_of(c, bold) for c in text)


@cache
def _of(character: str, bold: bool) -> float:
    at = ord(character)
    for first, letters in (BOLD if bold else PLAIN).items():
        if first <= at < first + len(letters) and letters[at - first] != "@":
            return (ord(letters[at - first]) - 64) / 20
    if unicodedata.category(character) in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.4 if at >= 0x1F000 else 1.0  # pictographs stand out of the em
    return 1.1 if bold else 1.0


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """``text``, shortened in the middle until it fits into ``room``.

    >>> fit("a rather long name", 60, 11), fit("w", 60, 11)
    ('a ra…ame', 'w')
    """
    if width(text, size, bold) <= room:
        return text
    for keep in range(len(text) - 1, 0, -1):
        tail = (keep - 1) // 2
        short = f"{text[: keep - tail]}…{text[len(text) - tail :]}"
        if width(short, size, bold) <= room:
            return short
    return "…"
