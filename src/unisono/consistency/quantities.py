"""Numbers with their units, and dates, read out of a sentence in English or Chinese.

Values of one dimension are brought to one unit, so that 25 mm and 2.5 cm are equal. It compares nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNITS: dict[str, tuple[str, float]] = {}
"""Unit to dimension and factor."""

for _dimension, _names in {
    "length": "mm:.001 millimetre:.001 millimeter:.001 cm:.01 centimetre:.01 centimeter:.01 m:1 metre:1 meter:1 km:1000"
    " kilometre:1000 kilometer:1000 mile:1609.344 mi:1609.344 inch:.0254 inches:.0254 foot:.3048 feet:.3048 ft:.3048"
    " yard:.9144 毫米:.001 厘米:.01 米:1 公里:1000 千米:1000 英里:1609.344 英寸:.0254 英尺:.3048",
    "mass": "mg:.001 milligram:.001 g:1 gram:1 kg:1000 kilogram:1000 kilo:1000 tonne:1e6 ton:1e6 pound:453.59237"
    " lb:453.59237 ounce:28.349523 oz:28.349523 毫克:.001 克:1 公斤:1000 千克:1000 吨:1e6 斤:500",
    "time": "ms:.001 millisecond:.001 s:1 sec:1 second:1 min:60 minute:60 h:3600 hr:3600 hour:3600 day:86400"
    " week:604800 毫秒:.001 秒:1 分钟:60 小时:3600 天:86400 周:604800 星期:604800",
    "months": "month:1 year:12 decade:120 个月:1 年:12",
    "volume": "ml:.001 millilitre:.001 milliliter:.001 cl:.01 l:1 litre:1 liter:1 gallon:3.785411784 毫升:.001 升:1",
    "bytes": "kb:1e3 mb:1e6 gb:1e9 tb:1e12 kilobyte:1e3 megabyte:1e6 gigabyte:1e9 terabyte:1e12",
    "share": "%:1 percent:1 ％:1",
    "degrees": "°c:1 celsius:1 °:1 degree:1 摄氏度:1 度:1",
    "dollar": "$:1 dollar:1 usd:1 美元:1 cent:.01",
    "euro": "€:1 euro:1 eur:1 欧元:1",
    "pound": "£:1 gbp:1 英镑:1",
    "yuan": "¥:1 yuan:1 rmb:1 元:1 人民币:1 块:1",
    "power": "w:1 watt:1 kw:1000 kilowatt:1000 瓦:1 千瓦:1000",
    "speed": "km/h:1 kph:1 mph:1.609344",
    "area": "平方米:1 平方公里:1e6 km²:1e6 m²:1 公顷:1e4 亩:666.667",
}.items():
    for _name in _names.split():
        _word, _, _factor = _name.rpartition(":")
        UNITS[_word] = (_dimension, float(_factor))

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
WORDS: dict[str, float] = {word: float(value) for value, word in enumerate(_ONES)} | {
    word: 10.0 * (place + 2) for place, word in enumerate(_TENS)
}
SCALES: dict[str, float] = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_ORDINAL_CENTURIES = {
    word: value
    for value, word in enumerate(
        "tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        10,
    )
} | {"twenty-first": 21}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_DATES = re.compile(
    r"(?P<iso>\b(?P<y1>\d{4})-(?P<m1>\d{2})-(?P<d1>\d{2})\b)"
    rf"|(?P<dmy>\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{_MONTH.format('m2')}(?:,? (?P<y2>\d{{4}}))?\b)"
    rf"|(?P<mdy>\b{_MONTH.format('m3')} (?P<d3>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y3>\d{{4}}))?)"
    rf"|(?P<my>\b{_MONTH.format('m4')},? (?P<y4>\d{{4}})\b)"
    r"|(?P<zh>(?P<y5>\d{4})年(?:(?P<m5>\d{1,2})月(?:份)?(?:(?P<d5>\d{1,2})[日号])?)?)"
    r"|(?P<zmd>(?P<m6>\d{1,2})月(?:(?P<d6>\d{1,2})[日号]|份))"
    r"|(?P<century>\b(?P<c1>\d{1,2})(?:st|nd|rd|th) centur(?:y|ies)|(?P<c2>\d{1,2})世纪"
    rf"|\b(?P<c3>{'|'.join(_ORDINAL_CENTURIES)}) century)"
    r"|(?P<clock>\b(?P<h1>\d{1,2})[:：](?P<n1>\d{2})(?:\s?(?P<p1>[ap])\.?m\b\.?)?|\b(?P<h2>\d{1,2})\s?(?P<p2>[ap])\.?m\b\.?"
    r"|(?P<half>half past) (?P<h3>\w+)|(?P<zhpm>上午|下午|早上|晚上)?(?P<h4>\d{1,2})点(?:(?P<n4>\d{1,2})分|(?P<hzh>半))?)"
    r"|(?P<weekday>\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|(?:周|星期|礼拜)[一二三四五六日天])"
    r"|(?P<year>(?<![\d.,-])(?:1[0-9]|20)\d{2}(?![\d,.%°]*\d|\s?(?:%|°|[a-z]*(?:metre|meter|people|km|kg|mm|cm|ml|mb|gb)|[mglwh]\b)|[,.]?\d))",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"\d|days?\b|century|half past|[周期拜]", re.IGNORECASE)
_BEFORE_YEAR = re.compile(r"(?:^|\b(?:in|since|from|until|till|by|of|year|around|about|during|and|to|before|after|late|early))[\s(]*$", re.IGNORECASE)
_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH_NUMERAL = re.compile(r"(?<![第星期周拜\d])(?:百分之)?[零〇一二两三四五六七八九十百千万亿]+(?=[^一-鿿]|个半|[年月日天号时点分秒周级类项条人名位个片支块只杯盒本页层座次种国米克升元吨岁倍成鸡成张份匹头枚件套部架辆所家道]|小时|公|千|毫|厘|平|摄|欧|美|英|亿|万|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number in a sentence.

    Attributes:
        value: in the dimension's own unit.
        dimension: what is measured; empty for a bare count.
        written: the number as it stands, without its unit.
        near: the word that says of what it is a number.
        vague: the sentence says "about".
    """

    value: float
    dimension: str
    written: float
    near: str
    vague: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A point in time as far as it is told: (year, month, day), a weekday, a clock time in minutes, a century."""

    kind: str
    parts: tuple[int | None, ...]

    def conflicts(self, other: Day) -> bool:
        """Say whether two of one kind cannot both be meant."""
        return any(a is not None and b is not None and a != b for a, b in zip(self.parts, other.parts, strict=True))


def read_days(text: str) -> tuple[tuple[Day, ...], str]:
    """Return the dates and times of a sentence, and the sentence with a blank in the place of each."""
    if _MAYBE.search(text) is None:
        return (), text
    found: list[Day] = []

    def take(match: re.Match[str]) -> str:
        day = _day(match, text)
        if day is None:
            return match.group()
        found.append(day)
        return " ◦ "

    rest = _DATES.sub(take, text)
    return tuple(found), rest


def _day(match: re.Match[str], text: str) -> Day | None:
    part = match.groupdict()
    if part["weekday"]:
        word = part["weekday"].lower()
        if word[0] in "周星礼":
            return Day(kind="weekday", parts=("一二三四五六日".find(word[-1].replace("天", "日")),))
        return Day(kind="weekday", parts=("mon tue wed thu fri sat sun".split().index(word[:3]),))
    if part["century"]:
        named = part["c3"]
        return Day(kind="century", parts=(_ORDINAL_CENTURIES[named.lower()] if named else int(part["c1"] or part["c2"]),))
    if part["clock"]:
        return _clock(part)
    if part["year"]:
        if not _BEFORE_YEAR.search(text[: match.start()]):
            return None
        return Day(kind="date", parts=(int(part["year"]), None, None))
    return _date(part)


def _date(part: dict[str, str | None]) -> Day:
    def first(letter: str, places: str) -> str | None:
        return next((part[f"{letter}{n}"] for n in places if part.get(f"{letter}{n}")), None)

    year, month, day = first("y", "12345"), first("m", "123456"), first("d", "12356")
    number = None
    if month is not None:
        number = int(month) if month.isdigit() else _MONTHS.index(month[:3].lower()) + 1
    return Day(kind="date", parts=(int(year) if year else None, number, int(day) if day else None))


def _clock(part: dict[str, str | None]) -> Day | None:
    if part["half"]:
        hour = WORDS.get((part["h3"] or "").lower())
        return None if hour is None else Day(kind="clock", parts=(int(hour) * 60 + 30,))
    hour = int(part["h1"] or part["h2"] or part["h4"] or 0)
    minute = 30 if part["hzh"] else int(part["n1"] or part["n4"] or 0)
    half = (part["p1"] or part["p2"] or "").lower() or {"下午": "p", "晚上": "p"}.get(part["zhpm"] or "", "")
    if half == "p" and hour < 12:
        hour += 12
    return Day(kind="clock", parts=(hour * 60 + minute,))


def arabic(text: str) -> str:
    """Return Chinese text with its numerals in digits, where they are numerals."""
    return _ZH_NUMERAL.sub(lambda m: _zh_number(m.group()), text)


def _zh_number(numeral: str) -> str:
    share = numeral.startswith("百分之")
    digits = numeral.removeprefix("百分之")
    if not digits:
        return numeral
    value = _zh_value(digits)
    return f"{value:g}%" if share else f"{value:.12g}"


def _zh_value(digits: str) -> float:
    if not any(c in "十百千万亿" for c in digits):
        return float("".join(str(_ZH_DIGITS[c]) for c in digits))
    total = section = digit = 0.0
    for c in digits:
        if c in _ZH_DIGITS:
            digit = _ZH_DIGITS[c]
        elif c in "万亿":
            total = (total + section + digit) * (1e4 if c == "万" else 1e8)
            section = digit = 0.0
        else:
            section += (digit or 1.0) * {"十": 10.0, "百": 100.0, "千": 1000.0}[c]
            digit = 0.0
    return total + section + digit
