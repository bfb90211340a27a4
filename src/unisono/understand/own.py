"""The words that are the user's own in a message: without code, quotations, documents and mails that it carries.

It does not say what the words mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from unisono.understand.gate import CUT, Look
from unisono.understand.kept import Kept
from unisono.understand.surface import clip

MAX_CHARS = 2_400
"""Of a longer text only the first and the last half of this are read."""

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
_FRAME_WORDS = (
    r"translat\w*|rephras\w*|rewrit\w*|paraphras\w*|proofread\w*|summari[sz]\w*|classif\w*|label|sentiment|text|article|passage|document|transcript|emails?|letter|review|"
    r"paragraph|sentence|phrase|quote|quotation|lyrics|poem|comment|message|notes?|excerpt|idiom|slogan|caption|headline|"
    r"prompt|log|output|reply|post|tweet|chat|speech|following|"
    r"übersetz\w*|fasse|korrigier\w*|satz|absatz|mail|brief|artikel|nachricht|protokoll|dokument|folgend\w*|"
    r"tradui\w*|résum\w*|corrig\w*|phrase|texte|lettre|courriel|suivant\w*|"
    r"traduc\w*|traduz\w*|resum\w*|corrij\w*|frase|texto|carta|correo|mensaje|siguiente|seguinte\w*|"
    r"riassum\w*|correggi\w*|testo|lettera|messaggio|seguente|articolo|"
    r"vertaal\w*|vat|zin|tekst\w*|bericht|volgende|przetłumacz\w*|popraw|zdanie|wiadomość|streść"
)
_FRAMES = re.compile(rf"\b(?:{_FRAME_WORDS}|(?:correct|edit) (?:this|the|my)|tone of|e-mails?)\b")
"""Words that announce a text, in small letters."""
_IN_FRAMES = re.compile(rf"{_FRAME_WORDS}|correct|edit|tone|mails")
"""Words of which one stands in each of these."""
_MORE_FRAMES = re.compile(
    r"перевед\w*|перескаж\w*|исправ\w*|текст\w*|письм\w*|предложени\w*|фраз\w*|сообщени\w*|стать\w*|следующ\w*"
    r"|翻译|翻譯|改写|润色|校对|总结|概括|摘要|文章|原文|文本|句子|这段|这句|下面|以下|邮件|短信|评论|歌词|台词|留言|对话|日志|作文"
    r"|訳し|翻訳|要約|添削|校正|次の|文章|文を|メール|手紙|歌詞|セリフ|コメント"
    r"|번역|요약|교정|다음|문장|글을|이메일|메일|편지|가사|댓글"
    r"|ترجم|لخص|صحح|النص|الجملة|الرسالة|التالي|अनुवाद|सारांश|वाक्य|पाठ|संदेश|निम्न"
)
"""The same in other scripts, which no ASCII text holds."""
FEW_COLONS = 3
"""What stands before so many is searched at once; of more the words are looked at first."""
_TAKEN_OUT = ((_FENCE, "`~"), (_TAGGED, "<"), (_INLINE_CODE, "`"), (_QUOTED_LINE, ">|"))
"""Patterns with the marks of which their matches hold one."""
_RULES = ("--", "===", "***", "___", "###")
_BLANK = f" {CUT} "
"""What stands where something was taken out: it parts clauses and belongs to no word."""


class _Announcing(Kept[bool]):
    """Of words in small letters, whether they may stand in what announces a text."""

    def _made(self, word: str) -> bool:
        return _IN_FRAMES.fullmatch(word) is not None


_ANNOUNCING = _Announcing()


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
    look = Look(text)
    ends = [mark for mark in ".!?。！？\n" if mark in text]
    for at, colon in _before_colons(look):
        # What announces stands between the sentence's begin and the colon.
        begin = max([at, *[text.rfind(mark, at, colon) + 1 for mark in ends]])
        if _announces(look, begin, colon):
            return Look(text[: colon + 1] + _BLANK)
    return look


def _before_colons(look: Look) -> Iterable[tuple[int, int]]:
    """Return where what stands before each colon begins, behind the colon before it, and where it ends.

    Of many colons, as of those of JSON, only of such as stand behind a word that may announce a text.
    """
    text = look.text
    few = text.count(":") + text.count("：") <= FEW_COLONS
    if few or (not look.plain and _MORE_FRAMES.search(look.lowered) is not None):
        return _parts(text)
    words = set(filter(_ANNOUNCING.__getitem__, look.words))
    if not words:
        return ()
    return (part for part in _parts(text) if any(look.lowered.find(word, *part) >= 0 for word in words))


def _parts(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while (colon := _next_colon(text, at)) is not None:
        yield at, colon
        at = colon + 1


def _announces(look: Look, begin: int, end: int) -> bool:
    if _FRAMES.search(look.lowered, begin, end) is not None:
        return True
    return not look.plain and _MORE_FRAMES.search(look.lowered, begin, end) is not None


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


def _next_colon(text: str, at: int) -> int | None:
    plain, wide = text.find(":", at), text.find("：", at)
    found = plain if wide < 0 or 0 <= plain < wide else wide
    return None if found < 0 else found
