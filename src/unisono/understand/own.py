"""The words that are the user's own in a message: without code, quotations, documents and mails that it carries.

It does not say what the words mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from unisono.understand.gate import Gates, Look, places_of
from unisono.understand.surface import clip

MAX_CHARS = 2_400
"""Of a longer text only the first and the last half of this are read."""

NEAR_CHARS = 64
"""What announces a text is searched for at once where it stands so near to the beginning, as it mostly does."""

_FENCE = re.compile(r"(?:```|~~~).*?(?:```|~~~|\Z)", re.DOTALL)
_INLINE_CODE = re.compile(r"`[^`\n]{0,400}`")
_TAGGED = re.compile(r"<([A-Za-z][\w-]{0,30})(?:\s[^<>]{0,200})?>.*?(?:</\1\s*>|\Z)", re.DOTALL)
_SINGLE_QUOTED = r"'(?<![\w'’]')[^'’\n]{1,300}['’](?![\w])"
_QUOTED_ASCII = re.compile(rf"\"[^\"]{{0,600}}\"|{_SINGLE_QUOTED}")
_QUOTED = re.compile(
    r"\"[^\"]{0,600}\"|“[^”]{0,600}[”“]|„[^“”]{0,600}[“”]|«[^»]{0,600}»|»[^«]{0,600}«|‹[^›]{0,300}›|「[^」]{0,600}」|『[^』]{0,600}』|《[^》]{0,300}》"
    rf"|{_SINGLE_QUOTED}|‘(?<![\w'’]‘)[^'’\n]{{1,300}}['’](?![\w])"
)
"""Each alternative begins with its mark, so that `re` looks for these marks alone."""
_QUOTED_LINE = re.compile(r"(?m)^[ \t]*(?:>|\|).*$")
_RULE = re.compile(r"(?m)^[ \t]*(?:-{3,}|={3,}|\*{3,}|_{3,}|#{3,}|-{2,}[ \w]{0,40}-{2,})[ \t]*$")
_MAIL = re.compile(
    r"(?mi)^[ \t]*(?:from|to|subject|sent|von|an|betreff|de|objet|asunto|发件人|主题|件名|from|cc)[ \t]*[:：].*$"
)
_FRAME_WORDS = re.compile(
    r"(?i)\b(?:translat\w*|rephras\w*|rewrit\w*|paraphras\w*|proofread\w*|correct (?:this|the|my)|edit (?:this|the|my)|"
    r"summari[sz]\w*|classif\w*|label|sentiment|tone of|text|article|passage|document|transcript|emails?|e-mails?|letter|review|"
    r"paragraph|sentence|phrase|quote|quotation|lyrics|poem|comment|message|notes?|excerpt|idiom|slogan|caption|headline|"
    r"prompt|log|output|reply|post|tweet|chat|speech|following|"
    r"übersetz\w*|fasse|korrigier\w*|satz|absatz|mail|brief|artikel|nachricht|protokoll|dokument|folgend\w*|"
    r"tradui\w*|résum\w*|corrig\w*|phrase|texte|lettre|courriel|suivant\w*|"
    r"traduc\w*|traduz\w*|resum\w*|corrij\w*|frase|texto|carta|correo|mensaje|siguiente|seguinte\w*|"
    r"riassum\w*|correggi\w*|testo|lettera|messaggio|seguente|articolo|"
    r"vertaal\w*|vat|zin|tekst\w*|bericht|volgende|przetłumacz\w*|popraw|zdanie|wiadomość|streść)\b"
    r"|перевед\w*|перескаж\w*|исправ\w*|текст\w*|письм\w*|предложени\w*|фраз\w*|сообщени\w*|стать\w*|следующ\w*"
    r"|翻译|翻譯|改写|润色|校对|总结|概括|摘要|文章|原文|文本|句子|这段|这句|下面|以下|邮件|短信|评论|歌词|台词|留言|对话|日志|作文"
    r"|訳し|翻訳|要約|添削|校正|次の|文章|文を|メール|手紙|歌詞|セリフ|コメント"
    r"|번역|요약|교정|다음|문장|글을|이메일|메일|편지|가사|댓글"
    r"|ترجم|لخص|صحح|النص|الجملة|الرسالة|التالي|अनुवाद|सारांश|वाक्य|पाठ|संदेश|निम्न"
)
_TAKEN_OUT = ((_FENCE, "`~"), (_TAGGED, "<"), (_INLINE_CODE, "`"), (_QUOTED_LINE, ">|"))
"""Patterns with the marks of which their matches hold one."""
_RULES = ("--", "===", "***", "___", "###")
_BLANK = " \u2022 "
"""What stands where something was taken out: it parts clauses and belongs to no word."""


def own_words(text: str) -> str:
    """Return the user's own words of one message, as `own_look` does."""
    return own_look(text).text


def own_look(text: str) -> Look:
    """Return the user's own words of one message, as gates look at them; what was taken out leaves a mark.

    Taken out are code, tagged blocks, quotations, quoted lines, mail headers with what follows them, what stands
    between rules of dashes, and what follows a line such as "Translate this text:".

    Args:
        text: a message; of a longer one the first and the last `MAX_CHARS // 2` characters are read.
    """
    text = clip(text, MAX_CHARS)
    for pattern, marks in _TAKEN_OUT:
        if _has(text, marks):
            text = pattern.sub(_BLANK, text)
    if _has(text, "-=*_#") and _has(text, _RULES):
        text = _between_rules(text)
    if not text.isascii():
        text = _QUOTED.sub(_BLANK, text)
    elif _has(text, "\"'"):
        text = _QUOTED_ASCII.sub(_BLANK, text)
    if not _has(text, ":："):
        return Look(text)
    mail = _MAIL.search(text)
    if mail is not None and len(_MAIL.findall(text)) > 1:
        text = text[: mail.start()]
    return _before_document(text)


def _before_document(text: str) -> Look:
    """Drop what follows a colon that announces a text: the words are then somebody else's."""
    at = 0
    while (colon := _next_colon(text, at)) is not None and colon < NEAR_CHARS:
        if _announces(text, at, colon):
            return Look(text[: colon + 1] + _BLANK)
        at = colon + 1
    look = Look(text)
    for place in () if colon is None else places_of(_frame_gate().passed_in(look), look.lowered):
        if place >= at and (colon := _next_colon(text, place)) is not None:
            if _announces(text, at, colon):
                return Look(text[: colon + 1] + _BLANK)
            at = colon + 1
    return look


def _has(text: str, marks: Iterable[str]) -> bool:
    """Say whether a text holds one of the marks: a tenth of the time of a search that finds nothing."""
    for mark in marks:  # noqa: SIM110 - a generator would take longer than the look
        if mark in text:
            return True
    return False


def _between_rules(text: str) -> str:
    """Drop what stands between two rules, or after a single one."""
    parts = _RULE.split(text)
    return _BLANK.join(parts[::2]) if len(parts) > 1 else text


def _announces(text: str, at: int, colon: int) -> bool:
    """Say whether the words before a colon announce a text: then those behind it are somebody else's.

    Args:
        text: a message.
        at: from here on it was not looked at yet.
        colon: where the colon stands; what announces stands between the sentence's begin, or the colon before, and it.
    """
    begin = max(at, *(text.rfind(mark, at, colon) + 1 for mark in ".!?。！？\n:："))
    return _FRAME_WORDS.search(text, begin, colon) is not None


@cache
def _frame_gate() -> Gates[str]:
    """Return the cheap look before the search for words that announce a text; built when a colon first comes."""
    return Gates({"announces": _FRAME_WORDS})


def _next_colon(text: str, at: int) -> int | None:
    places = [place for mark in ":：" if (place := text.find(mark, at)) >= 0]
    return min(places) if places else None
