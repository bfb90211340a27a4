"""Whether the user's last words reject the answer before them, ask the same again, or give thanks for it.

Only the user's own words count (`own.py`). It does not say what follows from it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from unisono.types import Message
from unisono.understand.conversation import in_tool_loop, spoken_turns
from unisono.understand.own import own_words

MAX_CHARS = 300
"""A rejection stands at the beginning of a message."""

_REJECTS = re.compile(
    r"(?i)^\W*(?:(?:no|nope|hmm+|um+|wait|sorry|but|well|ok|and|i think|i believe|actually|i'm afraid)[\s,.!:;-]+){0,3}"
    r"(?:(?:that|this|it|your (?:answer|response|solution|code|calculation|last answer))(?:'s|’s| is| was| looks| seems| are)? (?:just |simply |still |totally |completely |also |not |n't |all |definitely |plain |so )*(?:wrong|incorrect|right\?|not (?:right|correct|true|what|it|working|helpful)|false|mistaken|nonsense|off|bad|useless|no good|not what i (?:asked|meant|wanted))"
    r"|(?:that|this|it) (?:isn't|isn’t|wasn't|wasn’t|doesn't|doesn’t|does not|did not|didn't|didn’t|still doesn't|makes no) ?(?:right|correct|true|work|help|what i (?:asked|meant|wanted)|answer|make sense|sense|compile|run)"
    r"|wrong(?:[\s.!,]|$)|incorrect(?:[\s.!,]|$)|you(?:'re|’re| are) (?:wrong|mistaken|incorrect|not listening)|you (?:got|have|made|misunderstood|missed|ignored|didn't|did not|forgot)(?: (?:it|that|this|a|an|the|my|answer|point|me))*(?: (?:wrong|mistake|error|question|point))?|not (?:what i (?:asked|meant|wanted)|correct|right|true|helpful)|try (?:again|harder|once more)|still (?:wrong|incorrect|not|broken|fails|doesn't)|bad answer|terrible|useless|nonsense)"
    r"|^\W*(?:不对(?![称劲等应外齐口题])|不是这样|错了|你错|答错|回答错|不正确|这是错|还是错|又错|不是我(?:要|问|想)|没有回答|答非所问|再(?:试|来)一(?:次|遍)|重新(?:回答|来|做)|有误|胡说|你(?:没有?|搞|弄|算)(?:理解|明白|错))"
    r"|^\W*(?:nein[\s,.!]+)?(?:das (?:ist|war|stimmt) (?:leider )?(?:falsch|nicht (?:richtig|korrekt|was)|nicht|unsinn)|falsch|stimmt nicht|du liegst falsch|versuch(?:'s| es)? (?:noch ?mal|nochmal)|noch ?mal bitte)"
    r"|^\W*(?:non[\s,.!]+)?(?:c['’]est (?:faux|incorrect|pas (?:ça|correct|juste|bon|ce que))|ce n['’]est pas|faux|tu te trompes|vous vous trompez|réessaie|essaie encore)"
    r"|^\W*(?:no[\s,.!]+)?(?:(?:eso |esto )?(?:está mal|es incorrecto|no es correcto|no es lo que|es falso|no es así)|te equivocas|incorrecto|intenta de nuevo|inténtalo otra vez)"
    r"|^\W*(?:no[\s,.!]+)?(?:è (?:sbagliato|falso)|non è (?:giusto|corretto|quello)|sbagliato|ti sbagli|riprova)"
    r"|^\W*(?:não[\s,.!]+)?(?:(?:isso )?(?:está errado|é falso|não está certo|não é isso)|errado|tente de novo|tenta outra vez)"
    r"|^\W*(?:нет[\s,.!]+)?(?:это (?:неверно|неправильно|не так|не то|ошибка)|неверно|неправильно|ты ошиб|вы ошиб|попробуй (?:ещё|еще|снова)|не то)"
    r"|^\W*(?:いや[、。\s]*)?(?:違(?:う|います)|間違(?:い|って)|それは(?:違|間違)|もう一度|不正解)|^\W*(?:아니[요]?[,.\s]*)?(?:틀렸|틀린|그게 아니|잘못|다시 (?:해|답|대답|시도))"
)  # fmt: skip
_THANKS = re.compile(
    r"(?i)^\W*(?:(?:ok|okay|great|perfect|wow|ah|oh|yes|nice|cool|awesome|super|excellent|brilliant|wonderful|that(?:'s|’s| is)? (?:great|perfect|it|right|exactly (?:it|what i (?:need|want)ed)))[\s,.!:;-]+){0,2}"
    r"(?:thanks|thank you|thx|tysm|ty\b|much appreciated|that (?:worked|works|helped|helps|solved it|fixed it)|it (?:works|worked) now|perfect[.!]|exactly what i (?:needed|wanted)"
    r"|danke|vielen dank|merci|gracias|muchas gracias|obrigad[oa]|grazie|bedankt|dank je|dziękuję|спасибо|谢谢|多谢|感谢|謝謝|ありがとう|감사|고마워)"
)
_BUT = re.compile(r"(?i)\b(?:but|however|though|still|except|aber|mais|pero|mas|ma|но|不过|但是|可是)\b|但|でも")
_SPACE = re.compile(r"[\W_]+")


def dissatisfied(messages: Sequence[Message]) -> bool:
    """Say whether the last user message rejects the answer before it, or repeats the question before that.

    Args:
        messages: the whole conversation, oldest first. Nothing can be rejected before the first answer, nor between a
            tool's call and its result: what was said before it is over.
    """
    if len(messages) < 2 or not any(message.role == "assistant" for message in messages[:-1]) or in_tool_loop(messages):
        return False
    turns = spoken_turns(messages)
    last, before = next(turns, ""), next(turns, None)
    if before is None:
        return False
    if _plain(last) and _plain(last) == _plain(before):
        return True
    return _REJECTS.search(own_words(last[:MAX_CHARS])) is not None


def thanked(messages: Sequence[Message]) -> bool:
    """Say whether the last user message begins with thanks for the answer before it, without a but.

    Args:
        messages: the whole conversation, oldest first. Nobody is thanked before the first answer.
    """
    if not any(message.role == "assistant" for message in messages[:-1]):
        return False
    words = own_words(next(spoken_turns(messages), "")[:MAX_CHARS])
    return _THANKS.search(words) is not None and _BUT.search(words) is None


def _plain(text: str) -> str:
    return _SPACE.sub("", text[:4000].casefold())
