"""Numbers with their units: the values, the table of units, the words for numbers in English and Chinese.

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
_ZH_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_ZH_NUMERAL = re.compile(
    r"(?<![第星期周拜\d])(?:百分之)?[零〇一二两三四五六七八九十百千万亿]+(?=[^一-鿿]|个半|[年月日天号时点分秒周级类项条人名位个片支块只杯盒本页层座次种国米克升元吨岁倍成鸡成张份匹头枚件套部架辆所家道]|小时|公|千|毫|厘|平|摄|欧|美|英|亿|万|$)"
)


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
