"""What one cell looks like: a person's name, an address, a number of some kind, a sentence.

A shape is a guess from the form alone. What a cell means, once its column is known, is `cells.read`'s to say.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from clientlib import idcard
from clientlib.chinese import DOUBLE_FAMILY_NAMES

SHAPES = (
    "id_card",
    "licence",
    "mobile",
    "email",
    "instant",
    "date",
    "figure",
    "percent",
    "six_digits",
    "ticker",
    "isin",
    "condition",
    "band",
    "identifier",
    "person",
    "latin_name",
    "organisation",
    "address",
    "list",
    "sentence",
    "han_word",
    "latin_word",
    "other",
)
"""Every shape; each cell has exactly one, the first that fits."""
VALUE_SHAPES = frozenset(
    {"id_card", "licence", "mobile", "email", "instant", "date", "figure", "percent", "six_digits"}
)
"""What never stands as a title above a column."""

# The commonest surnames, which together some 90 % of Han Chinese bear.
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜"
    "崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文庞"
    "樊兰殷施洪安颜倪牛温芦季俞章鲁葛伍申尤毕聂柴焦向柳邢岳齐梅庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲"
    "成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强丛华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵇"
)
_HAN = "㐀-鿿𠀀-𿿽"
PERSON = (
    rf"[㐀-鿿]{{2,8}}[·•.][㐀-鿿]{{2,8}}(?:[·•.][㐀-鿿]{{1,8}})?"
    rf"|(?:{'|'.join(sorted(DOUBLE_FAMILY_NAMES))})[{_HAN}]{{1,2}}"
    rf"|[{''.join(sorted(_SURNAMES))}][{_HAN}]{{1,2}}"
)
"""What a person's name in Chinese looks like: a pattern for the whole text, for `re` and for Polars."""
_ORGANISATION = re.compile(
    r"(?:公司|集团|基金|计划|银行|证券|信托|保险|事务所|合伙企业|合作社|工厂|厂|医院|大学|学院|中学|小学|学校|研究院|研究所|"
    r"委员会|局|厅|中心|协会|商行|超市|酒店|"
    r"\b(?:Ltd|Limited|Inc|LLC|PLC|GmbH|AG|S\.?A|Co|Corp|Bank|Fund|University|Hospital|School|Group)\.?)$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"(?:省|自治区|特别行政区|市|自治州|地区|盟|县|区|旗)")
_STREET = re.compile(
    r"(?:路|街|道|巷|弄|胡同|村|镇|乡|大厦|花园|小区|广场)\D{0,6}\d|\d+\s*(?:号|室|栋|幢|楼|单元|弄)|"
    r"\d+[A-Za-z]?,?\s+(?:\w+\s+){1,3}(?:Road|Rd|Street|St|Avenue|Ave|Lane)\b|"
    r"\b(?:Road|Street|Avenue|Rd\.|St\.)",
    re.IGNORECASE,
)
_FORMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (shape, re.compile(pattern))
    for shape, pattern in (
        ("mobile", r"(?:\+?86[- ]?|0086)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|\+[1-9]\d{6,14}"),
        ("email", r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+"),
        ("instant", r"\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?[ T]*\d{1,2}[:时]\d{1,2}.*"),
        ("date", r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{4}年\d{1,2}月\d{1,2}[日号]|\d{1,2}([-/.])\d{1,2}\2\d{4}"),
        ("date", r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"),
        ("six_digits", r"\d{6}"),
        (
            "figure",
            r"[-+]?(?:¥\s*)?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?\s*[千百十]?[万亿]?元?",
        ),
        ("percent", r"[-+]?\d+(?:\.\d+)?\s*%"),
        ("ticker", r"\d{6}\.(?:SH|SZ|BJ|OF|HK)|\d{4,5}\.HK|(?:SH|SZ)\d{6}"),
        ("isin", r"[A-Z]{2}[A-Z0-9]{9}\d"),
        ("condition", r"[a-z_]+\s*(?:=|in|>|<).*"),
        ("band", r"[A-Za-z]+(?:_[0-9A-Za-z]+){1,3}|\d+[万千kKmM]?\s*[-–~至]\s*\d+[万千kKmM]?"),
        ("identifier", r"[A-Za-z]{1,6}[-_.]?\d[0-9A-Za-z._\-]*|\d+[-_][0-9A-Za-z_\-]+"),
    )
)


@lru_cache(maxsize=65_536)
def shape(text: str) -> str:
    """The shape of a cell that is not empty."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if named := _number_with_check(plain):
        return named
    for name, form in _FORMS:
        if form.fullmatch(plain):
            return name
    return _words(plain)


def _number_with_check(plain: str) -> str | None:
    """An ID card or a licence number: the check character tells it from any other long number."""
    upper = re.sub(r"\s", "", plain).upper()
    if re.fullmatch(idcard.PATTERN, upper):
        return "id_card" if _card_date(upper) else "other"
    if re.fullmatch(r"[159AN][1239][0-9A-HJ-NP-RTUW-Y]{16}", upper):
        return "licence"
    return None


def _card_date(number: str) -> bool:
    """Whether a birth date stands inside. A wrong check character is a slip, not another kind of number."""
    return re.fullmatch(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])", number[6:14]) is not None


def _words(plain: str) -> str:
    if _STREET.search(plain) and (len(plain) >= 6):
        return "address"
    if re.search(r"[;；、|]", plain.rstrip(";；、|。")):
        return "sentence" if re.search(r"[。！？!?，]", plain) else "list"
    if _is_sentence(plain):
        return "sentence"
    if _ORGANISATION.search(plain) and len(plain) > 2:
        return "organisation"
    if _PLACE.search(plain) and len(plain) >= 5 and _is_han(plain):
        return "address"
    if _is_person(plain):
        return "person"
    if re.fullmatch(r"[A-Z][a-zà-ÿ'’\-]+(?:\s+[A-Z][A-Za-zà-ÿ.'’\-]*){1,3}", plain):
        return "latin_name"
    if _is_han(plain):
        return "han_word"
    return "latin_word" if re.fullmatch(r"[A-Za-z][A-Za-z .&/'\-]*", plain) else "other"


def _is_sentence(plain: str) -> bool:
    if re.search(r"[。！？!?，]", plain):
        return True
    return len(plain.split()) >= 5 or (len(plain) > 14 and _is_han(plain) and not _ORGANISATION.search(plain))


def _is_han(plain: str) -> bool:
    return any("\u3400" <= letter <= "\u9fff" or letter >= "\U00020000" for letter in plain)


def _is_person(plain: str) -> bool:
    return re.fullmatch(PERSON, plain) is not None
