"""Whether the user's own words ask for more thought or for a quick answer, in fifteen languages.

Curated phrases with rules of scope: only the last message of the user counts, only words that are the user's own
(`own.py`), and a phrase must stand where an instruction stands: as a clause of its own, or at the beginning or the end of
one, not inside a report ("my boss told me to think hard") or a question about thinking. A negation before a phrase turns
it round ("don't think too hard" asks for less, "not a quick answer" for more). A wished length ("in two sentences") is
format and no effort.

It does not learn, and it does not say what effort means for a choice.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from unisono.types import Effort, Message
from unisono.understand.conversation import spoken_turns
from unisono.understand.gate import Gates, Hint, Look, narrowed, places_of
from unisono.understand.own import own_look
from unisono.understand.phrases import LANGUAGES_OF, LESS, MORE

_NEGATION = re.compile(
    r"(?:\b(?:don't|don’t|dont|do not|doesn't|never|not|no need|needn't|needn’t|without|avoid|stop|rather than|anything but|more than|instead of|isn't|nothing)\b"
    r"|\b(?:nicht|kein|keine|keinen|nie|niemals|ohne|statt)\b|\b(?:ne|n'|n’|pas|sans|jamais|inutile de|inutile d'|évite|éviter)\b|\b(?:no|sin|nunca|ni|tampoco|evita|nada de|sin necesidad)\b"
    r"|\b(?:non|senza|mai|niente|evita|inutile)\b|\b(?:não|nao|sem|nunca|nem|evite|evita)\b|(?<![а-яё])(?:не|без|нет|ни|незачем|нечего|вместо)(?![а-яё])|\b(?:niet|geen|zonder|nooit)\b|\b(?:nie|bez|nigdy)\b|\b(?:değil|yok|gerek yok|gerekmez)\b"
    r"|不用|不必|不要|别|不需要|无需|没必要|不可|不准|少|没有必要|不想要|不是|不$|لا |بدون|دون|ليس|मत|नहीं|बिना|न )",
    re.IGNORECASE,
)

# Both begin with the marks that they may begin with, and look behind these: `re` is fast where it can look for marks alone.
_SENTENCE_END = re.compile(r"[.!?。！？\n;；…•–—-](?:(?<![–—-])[.!?。！？\n;；…•]*|(?<=\s[–—-])[–—-]*(?=\s)|(?<=—))")
_CLAUSE_END = re.compile(
    r"[,，、:：()（）\[\] ](?:(?<! )[,，、:：()（）\[\]]*"
    r"|(?<=\w )(?=(?:and|but|so(?! viel| lange| sehr| much| hard| many)|then|because|since|und|aber|et|mais|y|pero|e|ma|mas|но|и|maar|en|ale|i)\b ))"
)
_BEGINNING_QUESTION = re.compile(
    r"(?i)^\W*(?:how|why|what|when|where|which|who|whose|is|are|was|were|does|do|did|should|shall|has|have|am|may|might|"
    r"wie|warum|was|wann|wer|soll|sollte|ist|sind|comment|pourquoi|quand|quel|quelle|qui|que|est-ce|qu'est|cómo|por qué|qué|cuándo|cuál|come|perché|cosa|quando|como|por que|porque|o que|"
    r"как|почему|что|когда|зачем|hoe|waarom|wat|jak|dlaczego|co|kiedy|كيف|لماذا|ما|هل|क्या|कैसे|क्यों|nasıl|neden|niçin|hangi)\b|^\W*(?:怎么|如何|为什么|为何|什么|哪|谁|怎样|是否)"
)
_ENDING_QUESTION = re.compile(r"(?:吗|呢|么|ですか|ますか|でしょうか|のか|나요|까요?|인가요|습니까)\W*\Z")
_SPACELESS = frozenset({"zh", "ja", "ko"})
MAX_CLAUSE_CHARS = 160
_POLITE = re.compile(
    r"(?i)(?<!\w)(?:please|pls|plz|kindly|thanks|thank you|ok|okay|just|really|only|simply|now|then|first|so|and|but|also|well|hey|hi|hello|"
    r"here|this time|for me|if you can|if possible|bitte|danke|also|mal|nur|einfach|hallo|s'il te plaît|s'il vous plaît|stp|svp|merci|"
    r"juste|alors|por favor|gracias|solo|hola|per favore|grazie|obrigad[oa]|então|пожалуйста|спасибо|просто|только|привет|graag|even|maar|"
    r"alsjeblieft|alstublieft|gewoon|proszę|tylko|hej|من فضلك|رجاء|رجاءً|فقط|कृपया|बस)(?!\w)|请|麻烦|谢谢|一下|ください|下さい|お願いします|주세요|좀|그냥"
)
_REPORT = re.compile(
    r"(?i)(?<!\w)(?:told|said|says|asked|asks|advised|suggested|recommends?|reminded|urged|wrote|promised|claims?|means?|meaning|called|titled|named|"
    r"he|she|they|people|students|children|kids|everyone|someone|somebody|nobody|who|we|us|teachers?|boss|teacher|mom|dad|wife|husband|friend|doctor|coach|"
    r"my|his|her|their|our|how to|why|ways? to|tips|learn(?:ed|ing)?|help(?:s|ed|ing)? me|want to|wanted to|used to|tends? to|tried to|trying to|always|often|usually|"
    r"(?:i|we|you all)\s*$|i (?:was|had|think|thought|can|can't|could|should|must|have to|had to|never|did|didn't|got|gave|tend)|"
    r"sagte|sagt|bat|meinte|riet|ich (?:soll|sollte|muss|musste|habe|bitte)|um|er|sie|mein|meine|meinem|meiner|wir|leute|man|dass|wie|"
    r"a dit|m'a dit|dit|disait|demandé|il|elle|on|mon|ma|mes|nous|gens|comment|"
    r"dijo|dice|pidió|mi|mis|él|ella|ellos|nosotros|gente|cómo|"
    r"ha detto|dice|mio|mia|lui|lei|loro|noi|gente|disse|pediu|meu|minha|ele|ela|eles|nós|"
    r"сказал\w*|говорит|просил\w*|советовал\w*|он|она|они|мы|люди|мой|моя|мне надо было|велел\w*|"
    r"zei|zegt|vroeg|hij|zij|mijn|wij|mensen|powiedział\w*|mówi|prosił\w*|on|ona|oni|mój|moja|my)(?!\w)"
    r"|说|他|她|他们|我们|我(?:一直|也|还|正|很|都|已经)|老师|妈妈|爸爸|老板|朋友|叫我|让我|要我|告诉我要|人们|学生|孩子|我(?:总是|经常|常常|应该|曾|以前|从|昨天|会)|如何|怎么|怎样|为什么"
    r"|と言|彼|彼女|先生|母|父|上司|友達|私は|僕は|みんな|人は|方法|라고|그는|그녀|선생님|엄마|아빠|상사|친구|나는|사람들|방법"
    r"|قال|قالت|طلب|هو|هي|مديري|أمي|أبي|صديقي|ने कहा|कहते|वह|वे|मेरे|मेरी|लोग"
)
_COMPARED = re.compile(
    r"(?i)(?:difference|between|unterschied|différence|diferencia|differenza|diferença|区别|разниц\w*|違い|차이)"
)
"""Words about words."""
MAX_BEFORE, MAX_AFTER = 6, 10
"""Words of a clause that may stand before and after a phrase; two characters count as a word where there are no blanks."""


_TOO_MUCH = re.compile(
    r"(?i)overthink|(?:too|so|that|very|particularly|overly) (?:hard|much|deep|long|careful|thorough)|(?:spend|take|waste) |^rush|^hurry"
    r"|想(?:得)?(?:太|那么|这么)|(?:多|细|深)想|过度|过多|深究|钻牛角尖|纠结|较真|认真|长篇|思考"
    r"|nachdenken|überleg|grübel|zerbrich|zerbrechen|denk|nach$"
    r"|la tête|réfléchi|cogite|penser|creuser|pense"
    r"|pensar|pienses|piense|vueltas|cabeza|sesos|coco|compliqu"
    r"|pensarci|riflett|ragion|rimugin|pensare|scervell|complicar|problemi|romperti"
    r"|pens|reflet|raciocin|elabor|quebr|complic"
    r"|дума|раздумыв|размышл|заморач|мудри|услож|углубл|задумыв|вдава|ломай|вника"
    r"|考え|생각|고민|분석|denken|pieker|myśl|zastanawia|główk|komplik|kombin|rozmyśl|تفك|التفكير|تتعمق|تبالغ|सोच|दिमाग|विचार"
)
"""A phrase of `_LESS` that names the thought to be spared: it asks for less only under a negation, or one of its own."""
_OWN_NEGATION = re.compile(
    r"(?i)^(?:without|sans|sin|senza|sem|без|zonder|bez|ohne|no )|pas |ず|ない|なく|ません|말|않|안 |필요|없|마세요|마$|मत|नहीं|बिना"
)

_SCRIPTS = {
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
_LATIN = tuple(sorted(MORE.keys() - _SCRIPTS.keys()))


_AS_WRITTEN = _SPACELESS | {"tr"}
"""Languages whose clauses are not put into small letters: they have none, or capitals of their own (İ and I)."""
_SEVERAL_WORDS = re.compile(r"\S[\s-]+\S")


_WORD = r"[^\s,，、:：•]+"
_UP_TO_EIGHT_WORDS = rf"(?: ?{_WORD}(?:\s{_WORD}){{0,7}}?)??"
"""Each ends where a blank or a mark stands: could it end anywhere, a search would try all ways to cut a text up."""


def _gap(pattern: str) -> str:
    words = pattern.replace("~", _UP_TO_EIGHT_WORDS)
    return words.replace(" ?", "\0").replace(" ", r"\s+").replace("\0", r"\s?")


class _Phrases(NamedTuple):
    """A pattern that is compiled when a hint of it first comes: all of them would take a start fifty milliseconds."""

    pattern: str
    flags: int


def _written(table: dict[str, str]) -> dict[str, _Phrases]:
    """Return the phrases, which are searched for in small letters: ignoring case would take twice as long."""
    return {
        name: _Phrases(
            f"(?:{_gap(pattern)})" if name in _SPACELESS else rf"(?<!\w)(?:{_gap(pattern)})(?!\w)",
            re.IGNORECASE if name in _AS_WRITTEN else 0,
        )
        for name, pattern in table.items()
    }


Search: TypeAlias = "tuple[Effort, str]"
"""What is searched for: the phrases of a wish in a language."""
_Hint: TypeAlias = "Hint[Search]"

_PHRASES = {Effort.LESS: _written(LESS), Effort.MORE: _written(MORE)}


@cache
def _pattern(wish: Effort, name: str) -> re.Pattern[str]:
    phrases = _PHRASES[wish][name]
    return re.compile(phrases.pattern, phrases.flags)


_AUTHORING = re.compile(
    r"(?i)^\W*(?:(?:please|bitte|por favor|per favore|s'il te plaît|пожалуйста|proszę|now|can you|could you|help me|请|帮我|请帮我|给我|麻烦)\s*)*"
    r"(?:(?:write|draft|compose|convert|translate|rewrite|rephrase|paraphrase|name|recommend|list|design|invent|quote|spell|"
    r"schreib\w*|verfass\w*|übersetz\w*|formulier\w*|nenn\w*|écri\w*|rédige\w*|tradui\w*|escrib\w*|redact\w*|traduc\w*|traduz\w*|"
    r"scriv\w*|tradu\w*|redig\w*|escrev\w*|redij\w*|напиш\w*|состав\w*|перевед\w*|schrijf\w*|vertaal\w*|napisz\w*|przetłumacz\w*)(?!\w)|"
    r"写|翻译|起草|改写|اكتب|ترجم)"
)
"""A sentence that has something written or named: what stands in it is what the writing is about."""
_AUTHORED = re.compile(
    r"(?:を書いて|を作成して|訳して|써\s?줘|써\s?주세요|번역|작성해|लिखो|लिखिए|लिखें|अनुवाद|yaz(?:ın|ar mısın)?|çevir)\W*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"(?i)^\s*(?:in (?:der|dem|denen|which|cui)|that|which|asking|where|who|die|der|das|dass|que|qui|où|che|dove|котор\w*|чтобы|die|dat|waarin|który|która|które|żeby)(?!\w)"
)
"""How a clause begins that belongs to the one before it."""


def effort(messages: Sequence[Message]) -> Effort | None:
    """Return what the last message of the user asks for, or None.

    Args:
        messages: the whole conversation, oldest first. Messages of other roles are not read.

    Returns:
        `MORE`, `LESS` or None; of several wishes the last counts.
    """
    look = own_look(next(spoken_turns(messages), ""))
    hints = _hints(look)
    return _last_wish(look.text, look.lowered, hints) if hints else None


def _last_wish(text: str, lowered: str, hints: Sequence[_Hint]) -> Effort | None:
    """Return the last wish of a text, whose sentences are read from the last one that holds a hint."""
    ends = list(_SENTENCE_END.finditer(text))
    begins = [0, *(end.end() for end in ends)]
    for place in sorted({bisect_right(begins, at) - 1 for at in places_of(hints, lowered)}, reverse=True):
        begin, end = begins[place], ends[place] if place < len(ends) else None
        stop = end.start() if end else len(text)
        if near := narrowed(hints, lowered[begin:stop]):
            question = end is not None and end.group()[0] in "?？"
            wish = _of_sentence(text[begin:stop], lowered[begin:stop], near, question=question)
            if wish is not None:
                return wish
    return None


def _of_sentence(sentence: str, lowered: str, hints: Sequence[_Hint], *, question: bool) -> Effort | None:
    """Return the last wish of a sentence, but for those of a question, or of a text to be written, about something."""
    parts = list(_parts(sentence))
    wishes: dict[int, Effort] = {}
    for begin, stop, _ in parts:
        here = narrowed(hints, lowered[begin:stop])
        if here and (wish := _of_clause(sentence[begin:stop][:MAX_CLAUSE_CHARS], here)) is not None:
            wishes[begin] = wish
    found: Effort | None = None
    asks = authored = False
    for begin, stop, mark in parts if wishes else ():
        clause = sentence[begin:stop]
        asks = _asks(clause) or (asks and mark == " ")
        goes_on = authored and (mark in ":：" or _GOES_ON.match(clause) is not None)
        authored = goes_on or _AUTHORING.match(clause) is not None
        if begin in wishes and not authored and not (asks and (question or begin == 0)):
            found = found if _AUTHORED.search(clause) is not None else wishes[begin]
    return found


def _parts(sentence: str) -> Iterator[tuple[int, int, str]]:
    """Yield where the clauses of a sentence begin and stop, each with the mark before it."""
    at, mark = 0, " "
    for end in _CLAUSE_END.finditer(sentence):
        yield at, end.start(), mark
        at, mark = end.end(), end.group()[:1]
    yield at, len(sentence), mark


def _asks(clause: str) -> bool:
    if _BEGINNING_QUESTION.match(clause) is not None:
        return True
    return not clause.isascii() and _ENDING_QUESTION.search(clause[-12:]) is not None


@cache
def _gates(*names: str) -> Gates[Search]:
    """Return what looks for the phrases of some languages, made when a text in their letters first comes."""
    return Gates({(wish, name): table[name] for wish, table in _PHRASES.items() for name in names})


def _hints(look: Look) -> list[_Hint]:
    """Return what hints at phrases in the clauses of a text: without a hint there is none."""
    found = _gates(*_LATIN).passed_in(look)
    if not look.plain:
        letters = "".join(look.letters)
        for name, script in _SCRIPTS.items():
            if script.search(letters):
                found += _gates(name).passed_in(look)
    return found


def _languages(clause: str, among: set[str]) -> set[str]:
    """Return those of some languages whose phrases the clause could hold."""
    found = {name for name in among if name in _SCRIPTS and _SCRIPTS[name].search(clause)}
    if "zh" in found and _SCRIPTS["ja"].search(clause):
        found.discard("zh")
    if len(found) < len(among) and not among <= _SCRIPTS.keys():
        for word in clause.lower().replace("-", " ").split():
            found |= among & LANGUAGES_OF.get(word.lstrip("¿¡'’\"(*_")[:4], frozenset())
    return found


def _of_clause(clause: str, hints: Sequence[_Hint]) -> Effort | None:
    searches = {hint.name for hint in hints}
    names = sorted(_languages(clause, {name for _, name in searches}))
    for wish in _PHRASES:
        for name in names:
            if (wish, name) not in searches:
                continue
            text = clause if name in _AS_WRITTEN else clause.lower()
            for found in _pattern(wish, name).finditer(text):
                before, phrase, after = text[: found.start()], found.group(), text[found.end() :]
                if _instructs(before, phrase, after, spaceless=name in _SPACELESS):
                    meant = _turned(wish, before, phrase)
                    if meant is not None:
                        return meant
    return None


def _instructs(before: str, phrase: str, after: str, *, spaceless: bool) -> bool:
    """Say whether a phrase stands where an instruction stands."""
    if _REPORT.search(before) or _COMPARED.search(before):
        return False
    n_before, n_after = _n_words(before), _n_words(after)
    if not spaceless and not _SEVERAL_WORDS.search(phrase) and not _NEGATION.search(before):
        return n_before == 0 and n_after == 0
    return (n_before <= MAX_BEFORE and n_after <= MAX_AFTER) or n_after == 0


def _n_words(text: str) -> float:
    rest = _POLITE.sub(" ", text)
    n_wide = sum(1 for mark in rest if ord(mark) >= 0x3000)
    return len([word for word in rest.split() if ord(word[0]) < 0x3000 and word[0].isalnum()]) + n_wide / 2


def _turned(wish: Effort, before: str, phrase: str) -> Effort | None:
    """Turn a wish round when it is negated. Thought that is to be spared must be negated to be a wish at all."""
    negated = _NEGATION.search(before[-40:]) is not None
    if wish is Effort.LESS and _TOO_MUCH.search(phrase):
        rushes = phrase.lower().startswith(("rush", "hurry"))
        if rushes:
            return Effort.MORE if negated else Effort.LESS
        return Effort.LESS if negated or _OWN_NEGATION.search(phrase) or _NEGATION.search(phrase) else None
    if not negated:
        return wish
    return Effort.MORE if wish is Effort.LESS else Effort.LESS
