# ruff: noqa: E501 - tables of phrases in many languages: a line is an entry
"""What of a text asks something: the text without what the caller gives to be worked on.

"Translate to French: how much is gold today?" asks for a translation, whatever the given words say. It judges no
freshness, and it does not say whose words they are; `own.py` does.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import NamedTuple

from unisono.understand.surface import clip

MAX_CHARS = 2_400
"""Of a longer text only the first and the last half of this are read."""
MAX_TURN = 48
"""A last line no longer than this may be a turn of its own: `conversation.SHORT_CHARS`."""
MAX_NAME = 4
"""Blanks that a quoted name does not have."""
MIN_GIVEN = 150
"""Characters of what stands in one paragraph with a short instruction, for it to be a given text."""
MAX_ANNOUNCED = 200
"""Characters of a line that says what is to be done with the text that follows or went before."""
MAX_COLONS = 3
"""Colons that may end such a line: those behind them belong to the given text, or to data."""

_MARKS = re.compile("[\n`<>:：\"“„«「'‘]|->|- ")
"""A text without one of these gives nothing."""
_ENCLOSED = re.compile(
    r"(?:```|~~~|\"\"\").*?(?:```|~~~|\"\"\"|\Z)|`[^`\n]{0,400}`|<([A-Za-z][\w-]{0,30})(?:\s[^<>]{0,200})?>.*?(?:</\1\s*>|\Z)"
    r"|^[ \t]*>.*$",
    re.DOTALL | re.MULTILINE,
)
_QUOTED = re.compile(
    r"\"[^\"]{0,600}\"|“[^”]{0,600}[”“]|„[^“”]{0,600}[“”]|«[^»]{0,600}»|「[^」]{0,600}」|'(?<![\w'’]')[^'\n]{1,300}'(?![\w])"
    r"|‘[^’\n]{1,300}’(?!\w)"
)
_TONGUES = (
    r"(?:french|german|spanish|chinese|english|italian|japanese|polish|latin|russian|arabic|portuguese|dutch|korean|hindi|swedish|greek|turkish"
    r"|czech|thai|danish|norwegian|finnish|hungarian|hebrew|vietnamese|ukrainian|romanian|indonesian|persian|mandarin|cantonese)"
)
_WORKED_ON = re.compile(
    r"\b(?:translat\w*|translation|rephras\w*|reword\w*|rewrit\w*|paraphras\w*|proofread\w*|summari[sz]\w*|summary|sum (?:this|that|it) up|tl;?dr"
    r"|shorten\w*|condens\w*|simplif\w*|polish|gist|headline|takeaways|main points|main idea"
    r"|gramma\w*|spelling|typos?|mistakes?|errors?|corrections?|correct (?:this|the|my|sentence)|fix (?:this|the|my)|correct(?=\s*[:：])|punctuat\w*|tenses?|(?:passive|active) voice"
    r"|classif\w*|sentiment|label|toxic|spam|tone|(?:more|less) (?:polite|formal)|polite\w*|friendlier|wording|extract|convert"
    rf"|(?:how (?:do|would) (?:you|i) say|what does .{{0,20}} mean|what is .{{0,3}} in)|refactor|pull .{{0,30}} out of"
    rf"|(?:in|to|into) {_TONGUES}(?:[, ]*please)?(?=\s*[:：^]|\s*$)"
    r"|übersetz\w*|umformulier\w*|formulier\w*|korrigier\w*|korrektur|rechtschreib\w*|grammatik\w*|fasse|fass|kürze\w*|verbesser\w*|höflicher|fehler"
    r"|tradui\w*|reformul\w*|résum\w*|raccourci\w*|corrig\w*|grammaire|fautes|comment dit-on"
    r"|traduc\w*|traduz\w*|resum\w*|acort\w*|corrig\w*|corrij\w*|gramática|reescrib\w*|cómo se dice"
    r"|перевед\w*|перевод\w*|перескаж\w*|сократ\w*|исправ\w*|перефраз\w*|грамматик\w*|ошибк\w*|как сказать)\b"
    r"|翻译|翻譯|译成|译为|翻成|译文|中译|改写|重写|润色|校对|总结|概括|摘要|归纳|缩写|改得|改成|语法|病句|错别字|语病|订正|挑错|标点|纠正|修改"
    r"|情感|情绪|语气|标注|提取|抽取|[语文]怎么[说讲]|换个说法|转成"
    r"|ترجم|لخص|صحح|أعد صياغة|תרגם|סכם|תקן|訳し|翻訳|要約|添削|校正|번역|요약|교정",
    re.IGNORECASE,
)
"""What is done with a text that is given."""
_NAMED = re.compile(
    r"^[^\w\n]*(?:(?:the|this|my|your|here is the|here's the|given the|das|der|le|el)\s+)?"
    r"(?:text|context|passage|article|document|transcript|e-?mail|mail|letter|review|message|comment|excerpt|note|input|notes"
    r"|artikel|nachricht|texte|texto|mensaje|текст|сообщение|文本|文章|原文|材料|资料|背景|短文|邮件|评价|评论|上下文)\s*(?:below)?\s*[:：]"
    r"|\b(?:(?:based on|according to|from|using(?: only)?|given|read|of|in) (?:the|this) (?:following )?(?:text|context|passage|article|document|mail|e-?mail|note|review)s?\b(?! of)"
    r"|(?:text|context|passage|article|document|mail|e-?mail|note) below)"
    r"|根据(?:以下|下面|下文|上文|材料|文章|背景|资料|短文)|阅读下面|(?:下面|以下)的?(?:文章|文字|短文|材料)|只用给出",
    re.IGNORECASE | re.MULTILINE,
)
"""What names a text that is given: what is asked beside it is answered from it."""
_THIS = re.compile(
    r"\b(?:th(?:is|ese)|the (?:following|above)|below|diese[nrs]?|folgende\w*|ceci|cette|suivante?s?|est[ae]|siguientes?|эт[оу]т?|следующ\w*)\b|下面|以下|这[段句条篇个些封]|上面|下列",
    re.IGNORECASE,
)
"""What points at a text that is given, in the line before it."""
_QUESTION = re.compile(
    r"\b(?:questions?|ask\w*|know|tell|wonder\w*|curious|frage\w*|demand\w*|pregunt\w*|вопрос\w*)\b|问|知道|告诉",
    re.IGNORECASE,
)
"""What points at a question instead."""
_NOUNS = (
    "text",
    "context",
    "passage",
    "article",
    "document",
    "transcript",
    "mail",
    "letter",
    "review",
    "message",
    "comment",
    "excerpt",
    "note",
    "input",
    "artikel",
    "nachricht",
    "mensaje",
    "текст",
    "сообщение",
    "文本",
    "文章",
    "原文",
    "材料",
    "资料",
    "背景",
    "短文",
    "邮件",
    "评价",
    "评论",
    "上下文",
    "根据",
    "下面",
    "以下",
    "只用给出",
)
"""Of which one stands in each of these, in small letters."""
_LATIN_NOUNS = tuple(noun for noun in _NOUNS if noun.isascii())
_POINTED_AT = re.compile(rf"th(?:e|is) (?:following )?(?:{'|'.join(_LATIN_NOUNS)})")
_BELOW = " below"
"""One of both stands in each of these that has no colon, in small letters, where all of it is ASCII."""
_ENCLOSERS = ("`", "~~~", '"""', "<", ">")
_THEIR_SIGNS = tuple('`~"<>')
"""Of which one stands in each: a single sign is looked for in a thirtieth of the time."""
_QUOTES = tuple("\"“„«「'‘")
_COLON = re.compile("[:：]")
_ANSWERED = re.compile(
    r"\b(?:answer\w*|respond\w*|my question|antwort\w*|beantwort\w*|répon\w*|respond\w*|respuesta|ответ\w*)\b|回答|答案|答复|解答",
    re.IGNORECASE,
)
"""Where an answer is wanted, what follows is no given text but the question."""
_SENTENCE_ENDS = ".!?。！？\n"
_CLOSED = re.compile(
    r"(?:(?:ok|okay|great|cool|perfect|nice|fine|good|alright|and|gut|super|bien|vale|хорошо|ладно|好的?|行|嗯)[\s,.!，。！]*){0,3}"
    r"(?:(?:many |a lot )?thanks?(?: you)?(?: so much| very much| a lot| a million)?|thx|ty|cheers|bye(?: bye)?|goodbye|good ?night|see you(?: later| tomorrow)?|ok|okay|great|cool|perfect|that(?:'s| is) all"
    r"|(?:vielen )?dank\w*|tschüss|bis (?:morgen|später|dann)|gute nacht|merci(?: beaucoup)?|au revoir|bonne (?:nuit|journée)|(?:muchas )?gracias|adiós|hasta (?:luego|mañana)"
    r"|(?:большое )?спасибо|пока|до (?:завтра|свидания)|شكرا|תודה|谢谢你?|多谢|谢啦|感谢|再见|拜拜|晚安|就这些|很好)"
    r"(?:[\s,.!，。！~]*(?:bye|thanks|that's all|谢谢|再见|就这些))?\W*",
    re.IGNORECASE,
)
_SALUTE = re.compile(
    r"\s*(?:(?:(?:hi|hello|hey|hallo|good (?:morning|afternoon|evening|day)|morning|evening|thanks|thank you|thx|guten (?:morgen|tag|abend)|danke|bonjour|bonsoir|salut|merci|hola|buen[oa]s (?:días|tardes|noches)|gracias"
    r"|привет|здравствуйте|доброе утро|добрый (?:день|вечер)|спасибо)(?: there| again| all)?[\s,.!]*(?<=[,.!]))|(?:你好|您好|嗨|早上好|下午好|晚上好|早安?|谢谢你?|多谢|谢了)[，。！,!~\s]+)+\s*(?=\S.{6})",
    re.IGNORECASE,
)
"""A greeting, or thanks, before what is asked."""
_BEGINS = re.compile(
    r"\W*(?:(?:please|now|ok|okay|then|bitte|请|现在|好的?)[\s,，]*)?(?:(?:write|tell|explain|make|draft|compose|invent|create|describe|suggest|recommend|plan|imagine|pretend|sing|play"
    r"|schreib\w*|erzähl\w*|erklär\w*|écris|raconte|explique|escribe|cuenta|explica|напиши|расскажи|объясни)\b|写|讲|解释|编|起|画|推荐|帮我写)|.*[?？]\s*$",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"\b(?:it|its|he|his|him|she|her|they|them|their|that|this|these|those|there|then|one|ones|and|what about|how about|so|same|instead|again|also|else|answer"
    r"|es|er|sie|das|und|il|elle|ça|et|eso|ella|y|это|он|она|и|а)\b|它|他|她|这|那|呢|还|再|也|该|答",
    re.IGNORECASE,
)
"""What leans on what was said before."""
MIN_WORDS, MIN_HAN = 4, 6
"""Of a turn that stands by itself."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_ASKS = re.compile(r"[?？؟]\s*$")
_MARK = re.compile(r"[?？؟]")
_SENTENCE = re.compile(r"[.!?。！？](?:(?<=[。！？])|(?=\s|$))")


def closed(text: str) -> bool:
    """Say whether the last line only thanks or takes leave, behind others: nothing is asked any more."""
    before, _, last = text.rstrip().rpartition("\n")
    return bool(before) and len(last) <= MAX_TURN and _CLOSED.fullmatch(last.strip()) is not None


def turn_of_its_own(line: str) -> bool:
    """Say whether a line, behind others, is a task or a question that needs nothing said before it."""
    if len(line) > MAX_TURN or _LEANS.search(line) is not None or _BEGINS.match(line) is None:
        return False
    return len(line.split()) >= MIN_WORDS or len(_HAN.findall(line)) >= MIN_HAN


class Asked(NamedTuple):
    """The part of a text that asks, and whether all that is left is what is to be done with a text that was given."""

    text: str
    only_task: bool


def asked(text: str) -> Asked:
    """Return the part of a text that asks; the same text where nothing in it is given to be worked on.

    Taken out are a greeting before it; code, tagged blocks and quoted lines; quotations longer than a name, and any beside a word such as "translate"; what follows a
    line that announces a text ("Summarise this:"), but for a short question behind it, which is a turn of its own;
    and what goes before a last line that refers to it.

    Args:
        text: the caller's words; of a longer one the first and the last `MAX_CHARS // 2` characters are read.
    """
    if (salute := _SALUTE.match(text)) is not None:
        text = text[salute.end() :]
    if len(text) < MIN_GIVEN and _MARKS.search(text) is None:
        return Asked(text, only_task=False)
    whole = rest = clip(text, MAX_CHARS)
    if any(map(rest.__contains__, _THEIR_SIGNS)) and any(map(rest.__contains__, _ENCLOSERS)):
        rest = _ENCLOSED.sub(" ", rest)
    if any(map(rest.__contains__, _QUOTES)) and _QUOTED.search(rest) is not None:
        around = clip(_QUOTED.sub(" ", rest), 2 * MAX_ANNOUNCED)
        short = _WORKED_ON.search(around) is None
        if _ANSWERED.search(around) is None and (not short or _QUESTION.search(around) is None):
            rest = _QUOTED.sub(lambda found: found.group() if short and _is_name(found.group()) else " ", rest)
    rest = _announced(rest)
    if len(rest) >= len(whole):
        return Asked(text, only_task=False)
    return Asked(rest, only_task="\n" not in rest.strip() and (_announces(rest) or _NAMED.search(rest) is not None))


def _announced(text: str) -> str:
    """Drop what follows the first line that announces a text, or what goes before a last line that does."""
    named = _NAMED.search(text) if _may_name(text.lower()) else None
    if named is not None and _ANSWERED.search(text, 0, named.start()) is None:
        end = named.end()
        return text[: text.find("\n", end)] if "\n" in text[end:] and ":" not in named.group() else text[:end]
    for colon in islice(_COLON.finditer(text), MAX_COLONS) if ":" in text or "：" in text else ():
        begin = max(text.rfind(mark, 0, colon.start()) for mark in _SENTENCE_ENDS) + 1
        if _announces(text[begin : colon.end()]):
            return f"{text[: colon.end()]}\n{_turn(text[colon.end() :])}"
    lines = [line for line in text.split("\n") if line.strip()]
    if len(lines) < 2:
        return _beside(text.strip())
    first, last = lines[0], lines[-1]
    if _announces(first) and _ASKS.search(first) is None:
        return f"{first}\n{_turn(text.lstrip()[len(first) :])}"
    return last if _announces(last) else text


def _may_name(low: str) -> bool:
    """Say whether `_NAMED` may be found in a text, which stands here in small letters."""
    if not low.isascii():
        return any(map(low.__contains__, _NOUNS))
    if ":" in low:
        return any(map(low.__contains__, _LATIN_NOUNS))
    return _POINTED_AT.search(low) is not None or _BELOW in low  # a sixth of the time of looking for each noun


def _beside(text: str) -> str:
    """Drop a long given text that stands in one paragraph with what is to be done with it, behind or before it."""
    ends = [found.end() for found in _SENTENCE.finditer(text)]
    if not ends:
        return text
    first, last = text[: ends[0]], text[ends[-2 if ends[-1] == len(text) and len(ends) > 1 else -1] :]
    if len(text) - len(last) >= MIN_GIVEN and _announces(last):
        return last
    rest = text[len(first) :]
    return (
        first
        if len(rest) >= MIN_GIVEN and (_announces(first) or (_ASKS.search(first) and not _MARK.search(rest)))
        else text
    )


def _is_name(quoted: str) -> bool:
    """Say whether a quotation is short enough to be a title or a name."""
    return len(quoted) <= (30 if quoted.isascii() else 12) and quoted.count(" ") < MAX_NAME


def _announces(line: str) -> bool:
    """Say whether a line tells what to do with a text that stands beside it."""
    if len(line) > MAX_ANNOUNCED or _ANSWERED.search(line) is not None:
        return False
    return _WORKED_ON.search(line) is not None or (_THIS.search(line) is not None and _QUESTION.search(line) is None)


def _turn(given: str) -> str:
    """Return the last line of a given text where it may be a turn of its own.

    It is short; and it ends as a question does, or the given text began in the line that announced it.
    """
    lines = [line for line in given.strip().split("\n") if line.strip()]
    if len(lines) < 2 or len(lines[-1]) > MAX_TURN:
        return ""
    return lines[-1] if _ASKS.search(lines[-1]) is not None or given.partition("\n")[0].strip() else ""
