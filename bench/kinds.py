"""Kinds of text, each made for a number of characters: what they cost to read is not the same.

They mean nothing, and no two are equal. Requests that are more than one text (a conversation, tools) are made here too.
It measures nothing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from random import Random

from bench.prompts import body, prompt

Text = Callable[[Random, int], str]

_GERMAN = (
    "der die das über für größe können müssen straße haus schön fünf zwölf prüfung rechnung und ist nicht mit von wie "
    "viele übung erklären käse"
)
_RUSSIAN = "это как для что слово который время человек год рука дело жизнь день вопрос почему нужно объяснить задача"
_FRENCH = (
    "le la les des une est-ce que l'école où très être déjà c'est français réponse élève garçon aujourd'hui pourquoi "
    "expliquer naïve cœur après jusqu'à"
)
_ARABIC = "في من على إلى هذا ما كيف لماذا سؤال الجواب العدد مدرسة كتاب اليوم السنة اشرح احسب المسألة كان بين بعد قبل كل"
_HINDI = "यह क्या है और में से को का की के लिए कैसे क्यों सवाल जवाब संख्या विद्यालय किताब आज साल समझाइए गणना कीजिए बाद पहले"
_KOREAN = (
    "이것은 무엇입니까 어떻게 왜 질문 대답 숫자를 학교에서 책은 오늘 올해 설명해 계산하세요 그리고 그래서 사람들이 "
    "시간 문제를 우리는 있다 없다 같은"
)
_OF_WISHES = {
    "French": "vérifier réfléchir temps",
    "Russian": "быстро подумай проверить",
    "Arabic": "فكر سريع",
    "Hindi": "सोच जल्दी ध्यान",
    "Korean": "생각 빨리 자세히",
}
"""Words that stand in wishes for more thought or a quick answer; one in forty is one."""
_CHINESE = (
    "的一是不了人我在有他这为之大来以个中上们到说国和地也子时道出而要于就下得可你年生自会那后能对着事其里所去行过家十"
    "用发天如然作方成者多日都三小军二无同么经法当起与好看学进种将还分此心前面又定见只主没公从"
)
_JAPANESE = (
    "のにはをたがでてとしれさあいうえおかきくけこすせそつなまみめもやゆよらりるろわんアイスタトンルコメ日本人年月時分国会社学校"
    "問題答考早急教明説何今前後大小中行来見"
)
_EMOJI = "😀😂🤔👍🏽❤️🔥🎉👨‍👩‍👧🇩🇪✅⚠️🚀😭🙏💡"
_BASE64_LINE = 76
_WORDS_PER_WISH = 40


def _joined(piece: Callable[[], str], n_chars: int) -> str:
    pieces: list[str] = []
    length = 0
    while length < n_chars:
        pieces.append(piece())
        length += len(pieces[-1])
    return "".join(pieces)[:n_chars]


def _prose(rng: Random, n_chars: int) -> str:
    ends = (". ", "? ", ", however: ", "; (see 3.1) ", " 42 % ", ".\n\n")
    return _joined(lambda: prompt(rng, rng.randint(30, 120)).capitalize() + rng.choice(ends), n_chars)


def _code(rng: Random, n_chars: int) -> str:
    def line() -> str:
        name = f"{rng.choice('abcdef')}_{rng.randint(0, 99)}"
        return f'    {rng.choice(("x", "return", "self"))} {name} = f({rng.randint(0, 9)}, "y");  # {prompt(rng, 20)}\n'

    return f"Fix this:\n```python\n{_joined(line, n_chars)}"


def _day(rng: Random) -> str:
    return f"2024-0{rng.randint(1, 9)}-1{rng.randint(0, 9)}"


def _table(rng: Random, n_chars: int) -> str:
    def row() -> str:
        return f"{rng.randint(1, 9999)},{rng.random():.3f},{rng.choice(('yes', 'no'))},{_day(rng)}\n"

    return f"Summarise:\n{_joined(row, n_chars)}"


def _markdown_table(rng: Random, n_chars: int) -> str:
    def row() -> str:
        return f"| {rng.randint(1, 9999)} | {prompt(rng, 15)} | {rng.random():.2%} | {_day(rng)} |\n"

    return f"Which row is the largest?\n\n| id | name | share | day |\n|---:|---|---:|---|\n{_joined(row, n_chars)}"


def _json(rng: Random, n_chars: int) -> str:
    def member() -> str:
        name, number = prompt(rng, 8).strip(), rng.randint(0, 99_999)
        return f'{{"id": {number}, "name": "{name}", "ok": true, "at": "{_day(rng)}T10:{rng.randint(10, 59)}:00Z"}},\n'

    return f"What is wrong here?\n[{_joined(member, n_chars)}]"


def _log(rng: Random, n_chars: int) -> str:
    def entry() -> str:
        at = f"{_day(rng)} 11:{rng.randint(10, 59)}:{rng.randint(10, 59)},{rng.randint(100, 999)}"
        if rng.random() < 0.7:
            return f"{at} ERROR [worker-{rng.randint(1, 64)}] app.db: {prompt(rng, 40)} (id={rng.getrandbits(48):x})\n"
        frames = "".join(
            f'  File "/srv/app/{rng.choice("abcdef")}.py", line {rng.randint(1, 900)}, in f{rng.randint(0, 99)}\n'
            f"    return self.{prompt(rng, 6).strip()}(value, key={rng.randint(0, 9)})\n"
            for _ in range(4)
        )
        return f"Traceback (most recent call last):\n{frames}ValueError: {prompt(rng, 20)}\n"

    return f"Why does it fail?\n{_joined(entry, n_chars)}"


def _latex(rng: Random, n_chars: int) -> str:
    def piece() -> str:
        a, b, n = rng.choice("abcxyz"), rng.choice("nmkpq"), rng.randint(2, 99)
        return rng.choice(
            (
                f"Let ${a}_{{{b}}} = \\frac{{{n}}}{{{b}^2 + 1}}$ for all ${b} \\in \\mathbb{{N}}$. ",
                f"\\[ \\sum_{{{b}=1}}^{{\\infty}} \\sqrt{{{a}^{n}}} \\leq \\int_0^{n} e^{{-{a}}} \\, d{a} \\]\n",
                f"{prompt(rng, 50).capitalize()}. ",
            )
        )

    return f"Prove it.\n{_joined(piece, n_chars)}"


def _base64(rng: Random, n_chars: int) -> str:
    text = base64.b64encode(rng.randbytes(n_chars)).decode()
    lines = "\n".join(text[at : at + _BASE64_LINE] for at in range(0, n_chars, _BASE64_LINE))
    return f"Decode this:\n{lines}"[: max(n_chars, 20)]


def _one_line(rng: Random, n_chars: int) -> str:
    def piece() -> str:
        name = f"{rng.choice('abcdefgh')}{rng.randint(0, 999)}"
        return f'function {name}(e,t){{return e.{name}||t[{rng.randint(0, 99)}]?"{prompt(rng, 8).strip()}":null}};'

    return f"What does this do? {_joined(piece, n_chars)}"


def _spaced(words: str, of_wishes: str = "") -> Text:
    few = of_wishes.split()
    one_of = words.split() * max(1, _WORDS_PER_WISH * len(few) // len(words.split())) + few
    ends = (*" " * 11, ". ", ", ", "? ")
    return lambda rng, n_chars: _joined(lambda: rng.choice(one_of) + rng.choice(ends), n_chars)


def _unspaced(letters: str, more: str) -> Text:
    ends = (*[""] * 11, "，", "。", more)
    return lambda rng, n_chars: _joined(lambda: rng.choice(letters) + rng.choice(ends), n_chars)


def _mixed(rng: Random, n_chars: int) -> str:
    return _joined(lambda: rng.choice((KINDS["Chinese"](rng, rng.randint(4, 14)), f" {prompt(rng, 12)} ")), n_chars)


def _emoji(rng: Random, n_chars: int) -> str:
    return _joined(lambda: f"{prompt(rng, 15)} {''.join(rng.choices(_EMOJI, k=rng.randint(1, 4)))} ", n_chars)


KINDS: dict[str, Text] = {
    "words": prompt,
    "prose": _prose,
    "code": _code,
    "table": _table,
    "Markdown table": _markdown_table,
    "JSON": _json,
    "log": _log,
    "LaTeX": _latex,
    "base64": _base64,
    "one line": _one_line,
    "emoji": _emoji,
    "German": _spaced(_GERMAN),
    "French": _spaced(_FRENCH, _OF_WISHES["French"]),
    "Russian": _spaced(_RUSSIAN, _OF_WISHES["Russian"]),
    "Arabic": _spaced(_ARABIC, _OF_WISHES["Arabic"]),
    "Hindi": _spaced(_HINDI, _OF_WISHES["Hindi"]),
    "Korean": _spaced(_KOREAN, _OF_WISHES["Korean"]),
    "Chinese": _unspaced(_CHINESE, "A1"),
    "Chinese and English": _mixed,
    "Japanese": _unspaced(_JAPANESE, "A1"),
}
"""By name; `one line` has no line's end, as minified code."""

N_TURNS, N_TOOLS = 40, 20


def _one_message(text: Text) -> Callable[[Random, int], bytes]:
    return lambda rng, n_chars: body(text(rng, n_chars), model="auto", stream=False)


def _conversation(rng: Random, n_chars: int) -> bytes:
    """Return a conversation of `N_TURNS` messages by turns of the user and the model, the last one the user's."""
    each = max(n_chars // N_TURNS, 8)
    said = [_prose(rng, each) for _ in range(N_TURNS + 1)]
    messages = [{"role": "assistant" if n % 2 else "user", "content": words} for n, words in enumerate(said)]
    return _body(messages)


def _with_tools(rng: Random, n_chars: int) -> bytes:
    """Return a request with `N_TOOLS` tools, which hold most of the characters."""
    each = max(n_chars // (3 * N_TOOLS), 8)

    def tool(n: int) -> dict[str, object]:
        members = {
            prompt(rng, 8).strip(): {"type": "string", "description": prompt(rng, each)}
            for _ in ("one", "two", "three")
        }
        parameters = {"type": "object", "properties": members, "required": list(members)}
        return {
            "type": "function",
            "function": {"name": f"tool_{n}", "description": "A tool.", "parameters": parameters},
        }

    message = {"role": "user", "content": _prose(rng, 200)}
    return _body([message], tools=[tool(n) for n in range(N_TOOLS)])


def _body(messages: Sequence[Mapping[str, str]], **members: object) -> bytes:
    return json.dumps({"model": "auto", "messages": messages, "max_tokens": 64, **members}).encode()


BODIES: dict[str, Callable[[Random, int], bytes]] = {
    **{name: _one_message(text) for name, text in KINDS.items()},
    "40 turns": _conversation,
    "20 tools": _with_tools,
}
"""Whole requests of about so many characters, by name."""
