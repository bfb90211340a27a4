"""The words and facts from which the probe's questions are written. It holds data only."""

from __future__ import annotations

from collections.abc import Mapping

from unisono.evaluate.probe.verify import Check, ExactText, NumberIs

PEOPLE = ("Anna", "Boris", "Clara", "David", "Emma", "Felix", "Grace", "Hugo")

FIRST = ("Maria", "Peter", "Susan", "Ahmed", "Julia", "Kenji", "Laura", "Oscar")

LAST = ("Keller", "Moore", "Tanaka", "Silva", "Novak", "Hughes", "Rossi", "Bauer")

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October")

_FRUIT = """
apple apricot avocado banana blackberry blueberry cantaloupe cherry coconut cranberry date dragonfruit fig
grape grapefruit guava kiwi lemon lime lychee mandarin mango melon nectarine orange papaya peach pear
persimmon pineapple plum pomegranate raspberry strawberry tangerine tomato watermelon
"""
FRUIT = tuple(_FRUIT.split())

_COLOURS = """
amber aqua beige black blue bronze brown crimson cyan gold gray green grey indigo ivory khaki lavender lilac
magenta maroon navy olive orange peach pink purple red scarlet silver tan teal turquoise violet white yellow
"""
COLOURS = tuple(_COLOURS.split())

_ANIMALS = """
ant ape badger bat bear bee beaver bird bison bull butterfly camel cat chicken cow crab crocodile crow deer
dog dolphin donkey duck eagle elephant fish fox frog giraffe goat goose gorilla hamster hare hawk hedgehog hen
hippo horse hyena jaguar kangaroo koala leopard lion lizard llama mole monkey moose mouse octopus ostrich
otter owl ox panda panther parrot peacock penguin pig pigeon rabbit raccoon rat rhino salmon seal shark sheep
sloth snail snake spider squirrel swan tiger turkey turtle whale wolf worm zebra
"""
ANIMALS = tuple(_ANIMALS.split())

TRANSLATED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "Spanish": {
        "dog": ("perro",),
        "water": ("agua",),
        "book": ("libro",),
        "red": ("rojo", "roja"),
        "friend": ("amigo", "amiga"),
        "milk": ("leche",),
        "night": ("noche",),
        "sun": ("sol",),
        "bread": ("pan",),
        "white": ("blanco", "blanca"),
    },
    "French": {
        "cat": ("chat",),
        "house": ("maison",),
        "bread": ("pain",),
        "green": ("vert", "verte"),
        "school": ("école",),
        "milk": ("lait",),
        "night": ("nuit",),
        "king": ("roi",),
        "water": ("eau",),
        "book": ("livre",),
    },
    "German": {
        "tree": ("Baum",),
        "water": ("Wasser",),
        "head": ("Kopf",),
        "black": ("schwarz",),
        "child": ("Kind",),
        "milk": ("Milch",),
        "night": ("Nacht",),
        "bread": ("Brot",),
        "heart": ("Herz",),
        "moon": ("Mond",),
    },
    "Chinese": {
        "water": ("水",),
        "fire": ("火",),
        "mountain": ("山",),
        "person": ("人",),
        "cat": ("猫", "貓"),
        "moon": ("月亮", "月"),
        "book": ("书", "書"),
        "dog": ("狗", "犬"),
        "fish": ("鱼", "魚"),
        "rice": ("米", "米饭", "大米"),
    },
}

OPPOSITES: Mapping[str, tuple[str, ...]] = {
    "hot": ("cold", "cool"),
    "big": ("small", "little", "tiny"),
    "early": ("late",),
    "open": ("closed", "close", "shut"),
    "rich": ("poor",),
    "full": ("empty",),
    "strong": ("weak",),
    "begin": ("end", "finish", "stop"),
    "always": ("never",),
    "inside": ("outside",),
    "love": ("hate",),
    "win": ("lose",),
    "sharp": ("dull", "blunt"),
    "loud": ("quiet", "soft", "silent"),
}

PLURALS = {
    "mouse": "mice",
    "child": "children",
    "foot": "feet",
    "city": "cities",
    "leaf": "leaves",
    "box": "boxes",
    "man": "men",
    "tooth": "teeth",
    "knife": "knives",
    "baby": "babies",
    "bus": "buses",
    "goose": "geese",
}

ALIKE: Mapping[str, tuple[str, ...]] = {
    "happy": (
        "glad",
        "joyful",
        "cheerful",
        "content",
        "delighted",
        "pleased",
        "joyous",
        "merry",
        "elated",
        "blissful",
        "satisfied",
    ),
    "fast": ("quick", "rapid", "swift", "speedy"),
    "smart": ("clever", "intelligent", "bright", "wise", "brilliant"),
    "scared": ("afraid", "frightened", "fearful", "terrified"),
    "start": ("begin", "commence", "launch", "initiate"),
}

LIKED = (
    "The room was spotless and the staff could not have been kinder.",
    "I have worn these shoes every day for a year and still love them.",
    "Best meal we have had in months, we will be back soon!",
    "Setup took two minutes and everything simply works.",
    "What a lovely film, I laughed from start to finish.",
)

DISLIKED = (
    "The battery died after two days and nobody answers my mails.",
    "Cold food, rude waiter, and they charged us twice.",
    "The book is dull and I gave up after fifty pages.",
    "It broke on the first day. Save your money.",
    "The flight was late, the seat was dirty, and my bag is lost.",
)

CAPITALS = {
    "Japan": "Tokyo",
    "Finland": "Helsinki",
    "Egypt": "Cairo",
    "Spain": "Madrid",
    "Poland": "Warsaw",
    "Kenya": "Nairobi",
    "Peru": "Lima",
    "Norway": "Oslo",
    "Greece": "Athens",
    "Thailand": "Bangkok",
    "Australia": "Canberra",
    "Turkey": "Ankara",
}

SYMBOLS = {
    "gold": "Au",
    "silver": "Ag",
    "iron": "Fe",
    "oxygen": "O",
    "sodium": "Na",
    "helium": "He",
    "carbon": "C",
    "lead": "Pb",
}

FACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Who wrote the play Romeo and Juliet?", ("Shakespeare",)),
    ("Which planet is the largest in our solar system?", ("Jupiter",)),
    ("Which ocean lies between Europe and North America?", ("Atlantic",)),
    ("Which gas do plants take in from the air to grow?", ("carbon dioxide", "CO2")),
    ("On which continent is the Sahara desert?", ("Africa",)),
    ("Who painted the Mona Lisa?", ("Leonardo", "da Vinci")),
)

TRUE_OR_NOT = (
    ("Is the Earth larger than the Moon?", "yes"),
    ("Do fish live in water?", "yes"),
    ("Is ice colder than steam?", "yes"),
    ("Is seven an odd number?", "yes"),
    ("Can penguins swim?", "yes"),
    ("Does a week have seven days?", "yes"),
    ("Is the Sun a planet?", "no"),
    ("Do cats lay eggs?", "no"),
    ("Is Paris in Italy?", "no"),
    ("Can a person live without air for a day?", "no"),
    ("Is ten smaller than four?", "no"),
    ("Do spiders have six legs?", "no"),
)

PRINTS: tuple[tuple[str, Check], ...] = (
    ("print(len('python') + 2)", NumberIs(value=8, given=(2,))),
    ("print('ab' * 3)", ExactText(wanted="ababab")),
    ("print([4, 7, 9][1])", NumberIs(value=7, given=(4, 9, 1))),
    ("x = 5\nx = x + 3\nprint(x)", NumberIs(value=8, given=(5, 3))),
    ("print('Hello'.upper())", ExactText(wanted="HELLO")),
    ("print(17 % 5)", NumberIs(value=2, given=(17, 5))),
    ("print(sum([1, 2, 3, 4]))", NumberIs(value=10, given=(1, 2, 3, 4))),
    ("total = 0\nfor i in range(4):\n    total += i\nprint(total)", NumberIs(value=6, given=(0, 4))),
)

FUNCTIONS: tuple[tuple[str, tuple[str, ...], str, tuple[str, ...]], ...] = (
    ("double", ("x",), "returns twice its argument x", ("x * 2", "2 * x", "x + x")),
    (
        "is_even",
        ("n",),
        "returns True if n is even",
        ("n % 2 == 0", "not n % 2", "True if n % 2 == 0 else False", "0 == n % 2"),
    ),
    ("add", ("a", "b"), "returns the sum of a and b", ("a + b", "b + a", "sum([a, b])", "sum((a, b))")),
    ("last", ("items",), "returns the last element of the list items", ("items[-1]", "items[len(items) - 1]")),
    ("square", ("x",), "returns the square of x", ("x * x", "x ** 2", "pow(x, 2)")),
    (
        "larger",
        ("a", "b"),
        "returns the larger of a and b",
        ("max(a, b)", "a if a > b else b", "a if a >= b else b", "b if b > a else a"),
    ),
)

TOPICS: Mapping[str, tuple[str, ...]] = {
    "sports": (
        "The home team won the cup after extra time.",
        "He broke his leg in the ski race.",
        "Our club signed a new defender.",
        "The boxer won by knockout in round two.",
    ),
    "weather": (
        "Heavy rain is expected in the north tonight.",
        "It stays sunny and warm until Friday.",
        "A storm with strong winds is coming.",
        "Fog in the valleys, later some snow.",
    ),
    "business": (
        "The company doubled its profit this quarter.",
        "The bank raised its interest rates again.",
        "Shares fell after the merger was announced.",
        "The firm will hire two hundred workers.",
    ),
    "health": (
        "The doctor recommends a vaccine before the trip.",
        "Drinking enough water prevents headaches.",
        "The patient left the hospital after surgery.",
        "The new drug lowers blood pressure.",
    ),
}
WISHES: Mapping[str, tuple[str, ...]] = {
    "complaint": (
        "My parcel came broken and I am very upset.",
        "I was charged for a service that I never ordered.",
        "For the third time nobody came to repair my heating.",
    ),
    "question": (
        "What time does the swimming pool open?",
        "Do you also ship to Iceland?",
        "Where can I find the manual for this camera?",
    ),
    "praise": (
        "Your technician was friendly and quick, well done!",
        "Thank you for the wonderful evening.",
        "Great service, I will tell my friends.",
    ),
}
GAPS: tuple[tuple[str, str, str], ...] = (
    ("He ___ his homework every evening.", "does", "do"),
    ("The children ___ tired after the trip.", "were", "was"),
    ("She is ___ honest person.", "an", "a"),
    ("This bag is heavier ___ that one.", "than", "then"),
    ("We have lived here ___ ten years.", "for", "since"),
    ("There ___ a letter for you.", "is", "are"),
    ("My sister ___ not eat meat.", "does", "do"),
    ("The meeting is ___ Tuesday.", "on", "in"),
    ("How ___ apples did you buy?", "many", "much"),
    ("The horse is ___ than the dog.", "bigger", "biggest"),
)
MISSPELT: Mapping[str, str] = {
    "wierd": "weird",
    "beleive": "believe",
    "foriegn": "foreign",
    "grammer": "grammar",
    "greatful": "grateful",
    "happend": "happened",
    "intresting": "interesting",
    "knowlege": "knowledge",
    "publically": "publicly",
    "restaraunt": "restaurant",
}
STORIES: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Ella lost her keys, so she waited at a neighbour's flat until her husband came home.",
        (("Did Ella lose her keys?", "yes"), ("Did Ella wait in the street?", "no")),
    ),
    (
        "The bakery on Mill Street closes at noon on Saturdays and stays closed on Sundays.",
        (("Is the bakery open on Sunday?", "no"), ("Is the bakery on Mill Street?", "yes")),
    ),
    (
        "Mark wanted a cat, but his landlord allows no pets, so he bought a plant.",
        (("Does Mark have a cat now?", "no"), ("Did Mark buy a plant?", "yes")),
    ),
    (
        "The flight to Athens was cancelled, and the passengers spent the night in a hotel.",
        (("Did the passengers fly to Athens that day?", "no"), ("Did the passengers sleep in a hotel?", "yes")),
    ),
)
DETAILS: tuple[tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    (
        "On Friday Greta painted the fence green while her father repaired the old roof.",
        (("Who repaired the roof?", "father", ("Greta",)), ("What did Greta paint?", "fence", ("roof",))),
    ),
    (
        "The soup was too salty, but the guests praised the fish and asked for more wine.",
        (("Which dish was too salty?", "soup", ("fish", "wine")), ("What did the guests praise?", "fish", ("soup",))),
    ),
    (
        "The museum keeps its paintings on the first floor and its coins in the basement.",
        (("Where are the coins?", "basement", ("first floor",)), ("Where are the paintings?", "first", ("basement",))),
    ),
    (
        "Instead of the bus, which was late again, Henry took a taxi to the airport.",
        (("How did Henry get to the airport?", "taxi", ("bus",)), ("What was late?", "bus", ("taxi",))),
    ),
)
MEANINGS: Mapping[str, str] = {
    "a person who cuts hair": "barber",
    "a place where planes land": "airport",
    "the meal in the evening": "dinner",
    "a baby sheep": "lamb",
    "a tool for driving in nails": "hammer",
    "the sister of your mother": "aunt",
    "a person who writes books": "author",
    "the hottest season of the year": "summer",
    "a house for cars": "garage",
    "an instrument that shows the temperature": "thermometer",
    "a doctor for animals": "vet",
    "a person who grows crops and keeps cows": "farmer",
}
