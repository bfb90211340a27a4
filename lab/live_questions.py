# ruff: noqa: E501, PERF401 - the items are data: a group a line reads better than a word a line
"""The live test set: 453 short questions with known answers that no probe asks.

Other templates, other words and five kinds that the probe does not have: a router which only remembers the
probe gains nothing here. Used to measure, never to tune or to teach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from random import Random

from unisono.evaluate.probe.questions import Question, probe_questions
from unisono.evaluate.probe.verify import (
    Check,
    ExactText,
    FunctionIs,
    GapIs,
    InOrder,
    ItemsFrom,
    JsonHas,
    NumberIs,
    OptionIs,
    TextIs,
    normal,
    yes_no,
)

Item = tuple[str, Check]
"""What fills a phrasing, or a whole prompt, with its check."""

SEED = 7_000_001
PROBE_KINDS = (
    "arithmetic", "logic", "extraction", "format", "translation", "words", "sentiment", "knowledge", "yes_no", "code", "lists",
    "topic", "spelling", "definition", "reading", "grammar",
)  # fmt: skip
"""Kinds of the live set that the probe asks about too, with other words, under its own or a wider name."""


def live_questions(*, seed: int = SEED) -> tuple[Question, ...]:
    """Return all questions, the same for the same seed; those of kinds that the probe has come first.

    Args:
        seed: another one draws other questions from the same word lists, to confirm what was found on the first.

    Raises:
        ValueError: a question is also one of the probe's.
    """
    questions: list[Question] = []
    for kind, write in KINDS.items():
        rng = Random(f"{seed}/{kind}")
        for prompt, check in write(rng):
            mark = sha256(prompt.encode()).hexdigest()[:8]
            tokens = 80 if kind == "code" and "def" not in prompt and "unction" in prompt else 48
            questions.append(
                Question(id=f"live-{kind}-{mark}", kind=kind, prompt=prompt, check=check, max_tokens=tokens)
            )
    shared = overlap(questions, probe_prompts())
    if shared:
        raise ValueError(f"These live questions are the probe's: {sorted(shared)}")
    if len({q.id for q in questions}) != len(questions):
        raise ValueError("A live question occurs twice.")
    return tuple(questions)


def probe_prompts() -> list[str]:
    """Return every prompt that ten probes of the largest size ask."""
    return [q.prompt for seed in range(10) for q in probe_questions(seed=seed, n_per_kind=50)]


def overlap(questions: Iterable[Question], prompts: Iterable[str]) -> set[str]:
    """Return the questions whose text, letter case, punctuation and digits aside, is one of the prompts."""
    known = {_skeleton(p) for p in prompts}
    return {q.prompt for q in questions if _skeleton(q.prompt) in known}


def _skeleton(prompt: str) -> str:
    return re.sub(r"\d+", "0", normal(prompt))


def _ask(rng: Random, phrasings: Sequence[str], items: Sequence[Item]) -> list[Item]:
    """Return every item once, the phrasings in turn, in a shuffled order."""
    order = list(items)
    rng.shuffle(order)
    return [(phrasings[n % len(phrasings)].replace("{}", text), check) for n, (text, check) in enumerate(order)]


def _texts(pairs: dict[str, str | tuple[str, ...]]) -> list[Item]:
    """Return items whose answer is a text, with all the other answers as rivals."""
    answers = {key: (value,) if isinstance(value, str) else value for key, value in pairs.items()}
    everything = {a for own in answers.values() for a in own}
    return [(key, TextIs(accepted=own, rivals=tuple(sorted(everything - set(own))))) for key, own in answers.items()]


def _options(texts: Mapping[str, Sequence[str]], options: tuple[tuple[str, ...], ...]) -> list[Item]:
    return [(text, OptionIs(right=right, options=options)) for right, own in texts.items() for text in own]


# -------------------------------------------------------------------- kinds that the probe has too


def _arithmetic(rng: Random) -> list[Item]:
    items: list[Item] = []
    names = ["Tom", "Mia", "Raj", "Zoe", "Ken", "Ida", "Leo", "Amy"]
    for n in range(4):
        a, b = rng.randint(11, 49), rng.randint(6, 38)
        who = names[n]
        items.append(
            (
                f"{who} has {a} marbles and finds {b} more. How many marbles does {who} have now?",
                NumberIs(value=a + b, given=(a, b)),
            )
        )
        a, b = rng.randint(30, 80), rng.randint(5, 28)
        items.append(
            (
                f"A bus with {a} passengers stops and {b} get off. How many stay on the bus?",
                NumberIs(value=a - b, given=(a, b)),
            )
        )
        a, b = rng.randint(3, 9), rng.randint(4, 12)
        items.append(
            (
                f"There are {a} boxes with {b} eggs each. How many eggs is that in all?",
                NumberIs(value=a * b, given=(a, b)),
            )
        )
        a, b = rng.randint(3, 9), rng.randint(3, 11)
        items.append((f"Divide {a * b} by {a}.", NumberIs(value=b, given=(a * b, a))))
    items.append(("What is half of 86?", NumberIs(value=43, given=(86,))))
    items.append(("What is 10% of 350?", NumberIs(value=35, given=(10, 350))))
    items.append(
        (
            "A shirt costs $40 and is reduced by 25%. What is the new price in dollars?",
            NumberIs(value=30, given=(40, 25)),
        )
    )
    items.append(("What is the square root of 144?", NumberIs(value=12, given=(144,))))
    items.append(
        (
            "A train leaves at 9:00 and travels 60 km per hour. How many km has it gone by noon?",
            NumberIs(value=180, given=(9, 0, 60)),
        )
    )
    items.append(("What is 9 squared?", NumberIs(value=81, given=(9,))))
    return items


def _logic(rng: Random) -> list[Item]:
    items: list[Item] = []
    people = ["Olga", "Pavel", "Quinn", "Rosa", "Stefan", "Tina", "Umar", "Vera"]
    relations = (
        ("{0} finished the race before {1}, and {1} finished before {2}. Who came in last?", 2),
        ("{0} earns more than {1}. {2} earns less than {1}. Who earns the most money?", 0),
        ("{0} lives north of {1}. {1} lives north of {2}. Who lives furthest south?", 2),
        ("{0} has fewer books than {1}, but more than {2}. Who has the most books?", 1),
        ("{0} is heavier than {1} and lighter than {2}. Which of the three weighs the least?", 1),
    )
    for text, right in (*relations, *relations):
        trio = rng.sample(people, 3)
        items.append((text.format(*trio), OptionIs(right=trio[right], options=tuple((p,) for p in trio))))
    for odd, others in (
        ("hammer", "apple, pear, hammer, grape"), ("chair", "lion, chair, tiger, wolf"), ("Monday", "red, Monday, blue, green"),
        ("spoon", "shirt, jacket, spoon, trousers"), ("bicycle", "violin, piano, flute, bicycle"), ("London", "rose, tulip, London, lily"),
    ):  # fmt: skip
        options = tuple((w,) for w in others.split(", "))
        items.append((f"Which word does not belong with the others: {others}?", OptionIs(right=odd, options=options)))
    for text, answer in (
        ("If it rains, the match is cancelled. It rains. Is the match cancelled?", "yes"),
        ("Every bird in the cage is yellow. Tweety is in the cage and is a bird. Is Tweety yellow?", "yes"),
        ("No student failed the test. Max is a student. Did Max fail the test?", "no"),
        ("The shop is closed on Sundays. Today is Sunday. Can I buy bread there today?", "no"),
        ("Ann is the sister of Joe. Joe is the father of Kim. Is Ann the aunt of Kim?", "yes"),
        ("The cup is inside the box and the box is inside the car. Is the cup inside the car?", "yes"),
    ):
        items.append((text, yes_no(answer)))
    return items


def _extraction(rng: Random) -> list[Item]:
    items: list[Item] = []
    cities = ["Vienna", "Boston", "Seville", "Krakow", "Dublin", "Geneva"]
    people = ["Hannah Weiss", "Liam Carter", "Noor Haddad", "Ivan Petrov", "Chloe Martin", "Diego Ramos"]
    goods = ["lamp", "toaster", "backpack", "keyboard", "teapot", "drill"]
    for n in range(6):
        a, b = rng.sample(cities, 2)
        text = f"Our headquarters moved from {a} to {b} last spring. In which city are the headquarters now?"
        items.append((text, OptionIs(right=b, options=((a,), (b,)))))
        price, year = rng.randint(12, 95), rng.randint(2009, 2021)
        items.append((f"Ad: {goods[n]}, bought in {year}, hardly used, {price} euros. How much does the seller want for it?",
                      OptionIs(right=str(price), options=((str(price),), (str(year),)))))  # fmt: skip
        buyer, seller = people[n], people[n - 1]
        text = f"This contract is made between {seller} (the seller) and {buyer} (the buyer). What is the name of the buyer?"
        items.append((text, OptionIs(right=buyer, options=((buyer, *buyer.split()), (seller, *seller.split())))))
        room, hour = rng.randint(101, 499), rng.randint(2, 9)
        text = f"Your appointment with Dr. Lang is at {hour} pm in room {room}. Which room do I have to go to?"
        items.append((text, NumberIs(value=room, given=(hour,))))
    return items


_VEGETABLES = ("artichoke", "asparagus", "aubergine", "bean", "beet", "beetroot", "broccoli", "cabbage", "carrot", "cauliflower", "celery", "chard", "corn", "courgette", "cucumber", "eggplant", "garlic", "kale", "leek", "lettuce", "mushroom", "okra", "onion", "parsnip", "pea", "pepper", "potato", "pumpkin", "radish", "spinach", "squash", "tomato", "turnip", "yam", "zucchini")  # fmt: skip
_SPORTS = ("archery", "badminton", "baseball", "basketball", "bowling", "boxing", "cricket", "curling", "cycling", "diving", "fencing", "football", "golf", "gymnastics", "handball", "hockey", "judo", "karate", "lacrosse", "rowing", "rugby", "running", "sailing", "skating", "skiing", "snowboarding", "soccer", "softball", "squash", "surfing", "swimming", "tennis", "volleyball", "wrestling")  # fmt: skip
_COUNTRIES = ("argentina", "australia", "austria", "belgium", "brazil", "canada", "chile", "china", "colombia", "croatia", "cuba", "denmark", "egypt", "england", "finland", "france", "germany", "ghana", "greece", "hungary", "iceland", "india", "indonesia", "iran", "iraq", "ireland", "israel", "italy", "jamaica", "japan", "kenya", "mexico", "morocco", "nepal", "netherlands", "nigeria", "norway", "pakistan", "peru", "philippines", "poland", "portugal", "romania", "russia", "scotland", "singapore", "spain", "sweden", "switzerland", "thailand", "tunisia", "turkey", "uganda", "ukraine", "usa", "vietnam", "wales")  # fmt: skip


def _format(rng: Random) -> list[Item]:
    items: list[Item] = []
    for place, country in (
        ("Lisbon", "Portugal"),
        ("Osaka", "Japan"),
        ("Munich", "Germany"),
        ("Naples", "Italy"),
        ("Quebec", "Canada"),
    ):
        text = f"Give me JSON with the fields city and country for: {place} is in {country}."
        items.append((text, JsonHas(values={"city": place, "country": country})))
    for thing, price in (("umbrella", 14), ("wallet", 39), ("mirror", 52), ("blanket", 27), ("scooter", 120)):
        text = f'Format as a JSON object with "product" and "price" (a number): The {thing} costs {price} dollars.'
        items.append((text, JsonHas(values={"product": thing, "price": price})))
    for n, plural, known in ((3, "vegetables", _VEGETABLES), (2, "sports", _SPORTS), (3, "countries", _COUNTRIES), (4, "vegetables", _VEGETABLES), (3, "sports", _SPORTS)):  # fmt: skip
        items.append((f"I need a bullet list of {n} {plural}, no explanations.", ItemsFrom(n=n, known=known)))
    for words in ("WELCOME HOME", "PLEASE STAND BACK", "NO PARKING HERE", "HAPPY NEW YEAR", "KEEP THE DOOR SHUT"):
        items.append((f"Rewrite in lower case letters: {words}", ExactText(wanted=words.lower())))
    for word in ("garden", "silver", "planet", "candle"):
        items.append(
            (f"Repeat this word three times, separated by dashes: {word}", ExactText(wanted="-".join([word] * 3)))
        )
    return items


def _translation(rng: Random) -> list[Item]:
    spanish = _texts({"house": "casa", "tree": ("árbol",), "window": "ventana", "cheese": "queso", "black": ("negro", "negra"), "horse": "caballo", "snow": "nieve", "seven": "siete"})  # fmt: skip
    italian = _texts(
        {"cat": ("gatto", "gatta"), "moon": "luna", "wine": "vino", "bread": "pane", "sea": "mare", "flower": "fiore"}
    )
    french = _texts(
        {"dog": "chien", "sun": "soleil", "apple": "pomme", "red": "rouge", "brother": ("frère",), "thank you": "merci"}
    )
    chinese = _texts(
        {"tea": "茶", "sky": ("天空", "天"), "tree": ("树", "樹", "树木"), "horse": ("马", "馬"), "flower": ("花",)}
    )
    return [
        *_ask(rng, ("How do you say {} in Spanish?", "Spanish word for {}?"), spanish),
        *_ask(rng, ("How would an Italian say {}?", "Please put the word {} into Italian."), italian),
        *_ask(rng, ("How do you say {} in French?", "I need the French for {}."), french),
        *_ask(rng, ("How do you write {} in Chinese characters?", "Chinese for {}?"), chinese),
    ]


def _words(rng: Random) -> list[Item]:
    opposite = _texts({
        "heavy": ("light", "lightweight"), "difficult": ("easy", "simple"), "buy": "sell", "brave": ("cowardly", "timid", "afraid", "fearful", "coward"), "clean": "dirty",
        "thick": "thin", "young": "old", "asleep": "awake", "push": "pull", "arrive": ("leave", "depart"), "cheap": ("expensive", "costly"), "deep": "shallow",
    })  # fmt: skip
    alike = _texts({"big": ("large", "huge", "enormous", "giant", "vast"), "angry": ("mad", "furious", "irate", "annoyed", "enraged", "upset"), "pretty": ("beautiful", "attractive", "lovely", "cute", "gorgeous"), "error": ("mistake", "fault", "flaw", "blunder"), "gift": "present"})  # fmt: skip
    plural = _texts(
        {"woman": "women", "wolf": "wolves", "berry": "berries", "potato": "potatoes", "ox": "oxen", "shelf": "shelves"}
    )
    return [
        *_ask(rng, ("Tell me the contrary of the word {}.", "Which word is opposite in meaning to {}?"), opposite),
        *_ask(rng, ("Tell me a word with the same meaning as {}.",), alike),
        *_ask(
            rng, ("One {}, two ... what? Complete with the right form.", "How do you spell {} in the plural?"), plural
        ),
    ]


def _sentiment(rng: Random) -> list[Item]:
    liked = (
        "The hotel breakfast was superb and the view took our breath away.", "My son adores this puzzle, he plays with it daily.",
        "Super fast delivery and the quality is outstanding.", "I am thrilled with my new headphones.", "The guide was funny and knew everything.",
        "A charming little cafe with delicious cake.", "Finally a vacuum cleaner that does its job, great buy!", "The concert was magical.",
        "Support solved my problem in five minutes, thank you!", "Comfortable, light and beautiful, I recommend it.", "The best haircut I ever had.",
    )  # fmt: skip
    disliked = (
        "The soup tasted like dishwater.", "The app crashes every time I open it.", "Terrible customer service, I will never order again.",
        "The jacket fell apart after one wash.", "We waited two hours and then they lost our order.", "The bed was hard and the room smelled of smoke.",
        "What a waste of time, the ending made no sense.", "The screen cracked within a week.", "The course was boring and far too expensive.",
        "The taxi driver was rude and took a detour.", "The cake was dry and stale.",
    )  # fmt: skip
    classes = (("positive",), ("negative",))
    phrasings = (
        "A customer wrote: {} Is the tone positive or negative?",
        "Label this comment as positive or negative. {}",
        "Feedback: {}\nWould you call this feedback positive or negative?",
    )
    return _ask(rng, phrasings, _options({"positive": liked, "negative": disliked}, classes))


def _knowledge(rng: Random) -> list[Item]:
    capitals = _texts({"France": "Paris", "Italy": "Rome", "Russia": "Moscow", "Canada": "Ottawa", "Portugal": "Lisbon", "Cuba": "Havana", "Ireland": "Dublin", "India": ("New Delhi", "Delhi"), "Austria": "Vienna", "Sweden": "Stockholm"})  # fmt: skip
    continents = ("Africa", "Asia", "Europe", "South America", "North America")
    where = [(c, TextIs(accepted=(r,), rivals=tuple(x for x in continents if x != r))) for c, r in (("Nigeria", "Africa"), ("Brazil", "South America"), ("Vietnam", "Asia"), ("Hungary", "Europe"), ("Ethiopia", "Africa"))]  # fmt: skip
    rest = _texts({
        "Who wrote Don Quixote?": "Cervantes", "Who developed the theory of relativity?": "Einstein", "What is the hardest natural material?": ("diamond", "diamonds"),
        "Which planet is known as the red planet?": "Mars", "Which metal is liquid at room temperature?": "mercury", "What is the longest river in Africa?": "Nile",
        "Which organ pumps blood through the body?": "heart", "In which country are the pyramids of Giza?": "Egypt",
    })  # fmt: skip
    return [
        *_ask(rng, ("{}: what is its capital?", "Tell me {}'s capital city."), capitals),
        *_ask(rng, ("Which continent does {} belong to?",), where),
        *rest,
    ]


def _yes_no(rng: Random) -> list[Item]:
    true = (
        "Is London in England?", "Do birds have wings?", "Is the moon smaller than the sun?", "Can dogs bark?", "Is milk white?", "Is twelve an even number?",
        "Do trees have roots?", "Is winter colder than summer?", "Are whales mammals?", "Is gold a metal?", "Does the sun rise in the east?",
    )  # fmt: skip
    false = (
        "Can elephants fly?", "Is Tokyo the capital of China?", "Is fire cold?", "Do humans have four arms?", "Is a kilometre shorter than a metre?",
        "Is water dry?", "Do snakes have legs?", "Is Africa a country?", "Is 3 times 3 equal to 10?", "Do cows eat meat?", "Is a tomato blue?",
    )  # fmt: skip
    items = [(q, yes_no("yes")) for q in true] + [(q, yes_no("no")) for q in false]
    return _ask(rng, ("{} Just say yes or no.", "Is this so? {} Yes or no.", "Quick question: {}"), items)


def _code(rng: Random) -> list[Item]:
    outputs: list[Item] = [
        ("max([3, 9, 4])", NumberIs(value=9, given=(3, 4))), ("'xyz'[0]", TextIs(accepted=("x",), max_words=25)),
        ("10 // 4", NumberIs(value=2, given=(10, 4))), ("len([5, 6, 7, 8])", NumberIs(value=4, given=(5, 6, 7, 8))),
        ("'Cat'.lower()", ExactText(wanted="cat", n_extra_words=25)), ("2 ** 5", NumberIs(value=32, given=(2, 5))),
        ("'red-blue-pink'.split('-')[1]", TextIs(accepted=("blue",), rivals=("red", "pink"))), ("abs(-8)", NumberIs(value=8, given=(-8,))),
        ("'hello'.replace('l', 'w')", ExactText(wanted="hewwo", n_extra_words=25)), ("min(6, 2, 11)", NumberIs(value=2, given=(6, 11))),
        ("list(range(3))[-1]", NumberIs(value=2, given=(3, 1))),
    ]  # fmt: skip
    functions = (
        ("triple", ("n",), "gives back three times n", ("n * 3", "3 * n", "n + n + n")),
        ("is_odd", ("n",), "tells whether n is odd", ("n % 2 != 0", "n % 2 == 1", "n % 2", "bool(n % 2)", "n & 1", "True if n % 2 != 0 else False", "n % 2 > 0")),
        ("multiply", ("a", "b"), "gives back the product of a and b", ("a * b", "b * a")),
        ("first", ("items",), "gives back the first element of a list", ("items[0]",)),
        ("cube", ("x",), "gives back x to the power of three", ("x ** 3", "x * x * x", "pow(x, 3)")),
        ("smaller", ("a", "b"), "gives back the smaller of two numbers", ("min(a, b)", "a if a < b else b", "a if a <= b else b", "b if b < a else a")),
        ("shout", ("text",), "gives back the text in upper case", ("text.upper()",)),
        ("reverse", ("text",), "gives back the text backwards", ("text[::-1]", "''.join(reversed(text))")),
        ("total", ("numbers",), "gives back the sum of a list of numbers", ("sum(numbers)",)),
        ("subtract", ("a", "b"), "gives back a minus b", ("a - b",)),
        ("length", ("text",), "gives back the number of characters in text", ("len(text)",)),
    )  # fmt: skip
    written: list[Item] = [
        (f"{name} with the argument{'s' if len(args) > 1 else ''} {' and '.join(args)} that {does}",
         FunctionIs(name=name, parameters=args, accepted=accepted))
        for name, args, does, accepted in functions
    ]  # fmt: skip
    return [
        *_ask(rng, ("In Python, what is the value of {}?", "What do I get if I evaluate {} in Python?"), outputs),
        *_ask(
            rng,
            ("Can you write me a Python function called {}?", "I need Python code for a function named {}."),
            written,
        ),
    ]


def _lists(rng: Random) -> list[Item]:
    items: list[Item] = []
    for _ in range(7):
        values = sorted(rng.sample(range(2, 90), 3), reverse=True)
        mixed = values[1:] + values[:1]
        items.append(
            (f"Order from highest to lowest: {', '.join(map(str, mixed))}", InOrder(items=tuple(map(str, values))))
        )
    for words in (
        "tiger, ant, elephant",
        "sun, galaxy, star",
        "ice, umbrella, coat",
        "hat, trousers, sock",
        "pea, cucumber, leek",
    ):
        options = tuple((w,) for w in words.split(", "))
        items.append(
            (
                f"Which of these words is the longest: {words}?",
                OptionIs(right=max(words.split(", "), key=len), options=options),
            )
        )
    for sentence in (
        "The cat sat on the mat",
        "I like green tea",
        "She sells old books in town",
        "We won",
        "Birds sing in spring",
    ):
        items.append((f"How many words does this sentence have? {sentence}.", NumberIs(value=len(sentence.split()))))
    for word in ("table", "orange", "sky", "computer", "bread"):
        items.append((f"How many letters are in the word {word}?", NumberIs(value=len(word))))
    return items


# ------------------------------------------------------------------ kinds that the probe does not have


def _past_tense(rng: Random) -> list[Item]:
    verbs = _texts({
        "go": "went", "eat": "ate", "see": "saw", "write": "wrote", "run": "ran", "take": "took", "bring": "brought", "think": "thought", "swim": "swam",
        "give": "gave", "drive": "drove", "buy": "bought", "sing": "sang", "speak": "spoke", "fly": "flew", "build": "built", "catch": "caught",
        "teach": "taught", "walk": "walked", "carry": "carried", "play": "played", "sleep": "slept",
    })  # fmt: skip
    return _ask(
        rng, ("What is the past tense of the verb {}?", "Put {} into the simple past.", "Past tense of {}?"), verbs
    )


def _topic(rng: Random) -> list[Item]:
    texts = {
        "sports": ("The striker scored twice in the final minutes.", "She won the marathon in record time.", "The coach praised his goalkeeper.", "The tennis match lasted five sets.", "Two swimmers broke the world record."),
        "politics": ("The parliament votes on the new law today.", "The president met the prime minister.", "The senator lost the election.", "The opposition calls for a new government.", "The minister resigned after the vote."),
        "food": ("Add the onions and fry them until golden.", "This restaurant serves excellent pasta.", "Bake the bread for forty minutes.", "A pinch of salt improves the sauce.", "Fresh basil goes well with tomatoes."),
        "technology": ("The new phone has a faster chip.", "The update fixes a bug in the browser.", "Engineers built a robot that can climb stairs.", "The laptop runs for ten hours on battery.", "The software company released an app."),
    }  # fmt: skip
    options = (("sports", "sport"), ("politics", "political"), ("food", "cooking"), ("technology", "tech"))
    phrasings = (
        "Which topic fits this text: sports, politics, food or technology? {}",
        "{} Choose the category: sports, politics, food, technology.",
    )
    return _ask(rng, phrasings, _options(texts, options))


def _spam(rng: Random) -> list[Item]:
    spam = (
        "You have won $5,000! Click here to claim your prize now!!!", "Lose 20 pounds in a week with this secret pill, order today!", "Dear winner, send us your bank details to get your money.",
        "Cheap watches, 90% off, only today, click the link!", "URGENT: your account is blocked, enter your password here.", "Make $10,000 a month from home, no work, guaranteed!",
        "Congratulations, you were selected for a free cruise, call now!", "Hot singles near you are waiting, join free!", "Earn bitcoin fast, double your money in one day!", "FREE FREE FREE phone, limited offer, reply with your card number!",
    )  # fmt: skip
    ham = (
        "Hi Anna, can we move our meeting to Thursday at ten?", "The minutes of yesterday's call are attached.", "Mom, I will be home late, please keep some dinner.", "Your library book is due next Monday.", "Thanks for the photos, the kids look so happy!",
        "Could you review my draft before Friday?", "The plumber is coming tomorrow morning.", "Happy birthday, see you tonight at the party!", "The train was delayed, I will arrive at nine.", "Here is the recipe you asked me for.",
    )  # fmt: skip
    spam_items: list[Item] = [(t, _Spam(is_spam=True)) for t in spam]
    ham_items: list[Item] = [(t, _Spam(is_spam=False)) for t in ham]
    return _ask(
        rng,
        ("Is the following e-mail spam? Answer yes or no. {}", "Message: {} Is this message spam, yes or no?"),
        spam_items + ham_items,
    )


class _Spam:
    """The answer says whether a message is spam, by yes or no, or by the word."""

    def __init__(self, *, is_spam: bool) -> None:
        self._yes_no = yes_no("yes" if is_spam else "no")
        self._is_spam = is_spam

    def __call__(self, text: str) -> float:
        words = normal(text)
        if words in ("spam", "it is spam"):
            return float(self._is_spam)
        if words in ("not spam", "it is not spam"):
            return float(not self._is_spam)
        return self._yes_no(text)


def _language(rng: Random) -> list[Item]:
    texts = _texts({
        "Ich habe heute keine Zeit.": "German", "Wo ist der Bahnhof?": "German", "Das Wetter ist sehr schön.": "German",
        "Je ne sais pas où il habite.": "French", "Nous avons deux enfants.": "French", "Il fait froid ce matin.": "French",
        "¿Dónde está mi hermano?": "Spanish", "Me gusta mucho la playa.": "Spanish", "Mañana voy al trabajo.": "Spanish",
        "Oggi andiamo al mare.": "Italian", "Il gatto dorme sul letto.": "Italian", "Mi piace il gelato.": "Italian",
        "今天天气很好。": ("Chinese", "Mandarin"), "我喜欢喝茶。": ("Chinese", "Mandarin"), "他是我的老师。": ("Chinese", "Mandarin"),
        "これは私の本です。": "Japanese", "おはようございます。": "Japanese",
        "Я люблю читать книги.": "Russian", "Где находится вокзал?": "Russian",
        "Eu não falo inglês muito bem.": "Portuguese",
    })  # fmt: skip
    return _ask(rng, ("Which language is this? {}", "In what language is the following sentence written? {}"), texts)


def _spelling(rng: Random) -> list[Item]:
    wrong = {
        "recieve": "receive", "freind": "friend", "tommorow": "tomorrow", "beautifull": "beautiful", "seperate": "separate", "definately": "definitely", "calender": "calendar",
        "neccessary": "necessary", "goverment": "government", "begining": "beginning", "adress": "address", "wich": "which", "occured": "occurred", "untill": "until",
        "becuase": "because", "libary": "library", "suprise": "surprise", "arguement": "argument", "enviroment": "environment", "tounge": "tongue",
    }  # fmt: skip
    return _ask(
        rng,
        ('Correct the spelling of the word "{}".', "Is {} spelled right? Write the correct spelling."),
        _texts(dict(wrong)),
    )


def _definition(rng: Random) -> list[Item]:
    items = _texts({
        "a person who bakes bread": "baker", "a place where books are lent": "library", "a doctor for teeth": "dentist", "frozen rain that falls as white flakes": "snow", "a baby dog": ("puppy", "pup"),
        "the meal in the morning": "breakfast", "a person who flies a plane": "pilot", "the room in which one cooks": "kitchen", "the coldest season": "winter", "a shape with three sides": "triangle",
        "a device that shows the time": ("clock", "watch"), "a person who teaches at a school": "teacher", "the brother of your father": "uncle", "a baby cat": "kitten", "money paid for living in a flat": "rent",
        "a building where films are shown": ("cinema", "theater", "theatre"), "an animal with a very long neck": "giraffe", "the sweet food that bees make": "honey", "the day after Monday": "Tuesday", "the star at the centre of our solar system": "sun",
    })  # fmt: skip
    return _ask(rng, ("What do we call {}?", "Which word means: {}?"), items)


def _series(rng: Random) -> list[Item]:
    items: list[Item] = []
    for _ in range(10):
        start, step = rng.randint(1, 20), rng.randint(2, 9)
        values = [start + step * k for k in range(4)]
        items.append((", ".join(map(str, values)), NumberIs(value=start + 4 * step, given=tuple(map(float, values)))))
    for n in (2, 3, 5):
        values = [n * 2**k for k in range(4)]
        items.append((", ".join(map(str, values)), NumberIs(value=n * 16, given=tuple(map(float, values)))))
    for text, right in (
        ("Monday, Tuesday, Wednesday", "Thursday"), ("March, April, May", "June"), ("B, D, F", "H"), ("first, second, third", "fourth"),
        ("spring, summer, autumn", "winter"), ("one, two, three, four", "five"), ("Z, Y, X, W", "V"),
    ):  # fmt: skip
        items.append((text, TextIs(accepted=(right, "5") if right == "five" else (right,), max_words=25)))
    return _ask(rng, ("What comes next? {}, ...", "Continue the series with the next item: {}"), items)


def _reading(rng: Random) -> list[Item]:
    stories = (
        ("Sam wanted to go swimming, but the pool was closed, so he went to the museum.", "Did Sam go swimming?", "no"),
        ("The cake was for Lily, but her brother ate all of it.", "Did the brother eat the cake?", "yes"),
        ("All shops in the village close at six. It is now eight.", "Are the shops still open?", "no"),
        ("Nora missed the bus and had to walk to school.", "Did Nora walk to school?", "yes"),
        ("The hotel has no restaurant, yet there is a cafe across the street.", "Does the hotel have a restaurant?", "no"),
        ("Ben sold his car and bought a bicycle.", "Does Ben have a bicycle now?", "yes"),
        ("The letter was sent on Monday and arrived on Friday.", "Did the letter arrive before it was sent?", "no"),
        ("Mrs. Lund has two sons and no daughters.", "Does Mrs. Lund have a daughter?", "no"),
        ("The new bridge opened in May, a month earlier than planned.", "Was the bridge finished early?", "yes"),
        ("The dog slept while the cat chased a mouse.", "Did the dog chase the mouse?", "no"),
        ("Entry is free for children under twelve. Tim is nine.", "Can Tim enter for free?", "yes"),
        ("The pool is heated only in summer. It is January.", "Is the pool heated now?", "no"),
        ("Carla speaks Greek and Danish, but no French.", "Does Carla speak Danish?", "yes"),
        ("It rained all week, so the picnic was moved indoors.", "Was the picnic held outside?", "no"),
        ("The factory makes shoes and bags. The bags are made by hand.", "Does the factory make bags?", "yes"),
        ("Jon ordered tea, and the waiter brought him coffee.", "Did Jon get what he ordered?", "no"),
        ("The tower is 80 metres high and the church is 60 metres high.", "Is the tower higher than the church?", "yes"),
        ("Mila was born in Oslo and now lives in Rome.", "Does Mila live in Rome?", "yes"),
        ("The museum is open every day except Monday.", "Can I visit the museum on a Tuesday?", "yes"),
        ("The engine failed, but the pilot landed safely.", "Did the plane crash?", "no"),
    )  # fmt: skip
    items: list[Item] = [(f"{story} {question}", yes_no(right)) for story, question, right in stories]
    return _ask(rng, ("Read the text and answer the question with yes or no. {}", "{} (yes/no)"), items)


def _grammar(rng: Random) -> list[Item]:
    gaps = (
        ("She ___ to school every day.", "goes", "go"), ("They ___ playing outside.", "are", "is"), ("I have ___ apple.", "an", "a"), ("He is taller ___ me.", "than", "then"),
        ("We ___ at home yesterday.", "were", "was"), ("The dogs ___ loudly.", "bark", "barks"), ("This is the man ___ called me.", "who", "which"), ("She sings very ___.", "well", "good"),
        ("There ___ many people in the hall.", "are", "is"), ("My brother ___ a new car.", "has", "have"), ("I ___ seen that film twice.", "have", "has"), ("He does not ___ coffee.", "like", "likes"),
        ("The cat licked ___ paw.", "its", "it's"), ("___ books are on the table.", "those", "that"), ("Can you help ___?", "me", "I"), ("I am interested ___ music.", "in", "on"),
        ("She has lived here ___ 2010.", "since", "for"), ("He arrived ___ Monday.", "on", "in"), ("It is the ___ day of my life.", "best", "better"), ("How ___ water do you need?", "much", "many"),
    )  # fmt: skip
    return [
        (
            (
                f"Fill the gap with {a} or {b}: {text}"
                if n % 2
                else f"Which word is right in this sentence, {a} or {b}? {text}"
            ),
            GapIs(right=right, wrong=wrong, sentence=text),
        )
        for n, (text, right, wrong) in enumerate(gaps)
        for a, b in [(right, wrong) if rng.random() < 0.5 else (wrong, right)]
    ]


def _units(rng: Random) -> list[Item]:
    items: list[Item] = [
        (text, NumberIs(value=value, given=given))
        for text, value, given in (
            ("How many minutes are there in three hours?", 180, (3, 60)), ("How many days are there in two weeks?", 14, (2, 7)), ("How many months does a year have?", 12, (1,)),
            ("How many centimetres are in one metre?", 100, (1,)), ("How many grams are in two kilograms?", 2000, (2, 1000)), ("How many seconds are in one minute?", 60, (1,)),
            ("How many hours does a day have?", 24, (1,)), ("How many legs do three dogs have together?", 12, (3, 4)), ("How many sides does a square have?", 4, (1,)),
            ("How many players are on the field for one football (soccer) team?", 11, (1,)), ("How many wheels do five cars have?", 20, (5, 4)), ("How many eggs are in a dozen?", 12, (1,)),
            ("How many years are in a century?", 100, (1,)), ("How many cents are in four dollars?", 400, (4, 100)), ("How many days does June have?", 30, (1,)),
            ("How many letters does the English alphabet have?", 26, (1,)), ("How many metres are in 3 kilometres?", 3000, (3, 1000)), ("How many strings does a violin have?", 4, (1,)),
            ("How many continents are there?", 7, (1,)), ("How many degrees does a right angle have?", 90, (1,)),
        )
    ]  # fmt: skip
    rng.shuffle(items)
    return items


KINDS: dict[str, Callable[[Random], list[Item]]] = {
    "arithmetic": _arithmetic,
    "logic": _logic,
    "extraction": _extraction,
    "format": _format,
    "translation": _translation,
    "words": _words,
    "sentiment": _sentiment,
    "knowledge": _knowledge,
    "yes_no": _yes_no,
    "code": _code,
    "lists": _lists,
    "past_tense": _past_tense,
    "topic": _topic,
    "spam": _spam,
    "language": _language,
    "spelling": _spelling,
    "definition": _definition,
    "series": _series,
    "reading": _reading,
    "grammar": _grammar,
    "units": _units,
}
