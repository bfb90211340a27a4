"""Questions that we wrote in five languages each: the same question, so that the same model should answer."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

LANGUAGES = ("en", "zh", "de", "fr", "es")
QUESTIONS: tuple[tuple[str, str, str, str, str], ...] = (
    ("What is {a} times {b}?", "{a}乘以{b}等于多少？", "Was ist {a} mal {b}?", "Combien font {a} fois {b} ?", "¿Cuánto es {a} por {b}?"),
    ("A train travels {a} km in {b} hours. What is its average speed?", "一列火车{b}小时行驶{a}公里，平均速度是多少？", "Ein Zug fährt {a} km in {b} Stunden. Wie hoch ist seine mittlere Geschwindigkeit?", "Un train parcourt {a} km en {b} heures. Quelle est sa vitesse moyenne ?", "Un tren recorre {a} km en {b} horas. ¿Cuál es su velocidad media?"),
    ("Solve for x: {a}x + {b} = 0.", "解方程：{a}x + {b} = 0。", "Löse nach x auf: {a}x + {b} = 0.", "Résous en x : {a}x + {b} = 0.", "Resuelve para x: {a}x + {b} = 0."),
    ("Write a Python function that returns the {a} largest numbers of a list.", "写一个Python函数，返回列表中最大的{a}个数。", "Schreibe eine Python-Funktion, die die {a} größten Zahlen einer Liste zurückgibt.", "Écris une fonction Python qui renvoie les {a} plus grands nombres d'une liste.", "Escribe una función de Python que devuelva los {a} números mayores de una lista."),
    ("What is the capital of France?", "法国的首都是哪里？", "Was ist die Hauptstadt von Frankreich?", "Quelle est la capitale de la France ?", "¿Cuál es la capital de Francia?"),
    ("Why is the sky blue?", "天空为什么是蓝色的？", "Warum ist der Himmel blau?", "Pourquoi le ciel est-il bleu ?", "¿Por qué el cielo es azul?"),
    ("Explain how photosynthesis works.", "请解释光合作用的原理。", "Erkläre, wie Photosynthese funktioniert.", "Explique comment fonctionne la photosynthèse.", "Explica cómo funciona la fotosíntesis."),
    ("Who wrote Don Quixote?", "《堂吉诃德》的作者是谁？", "Wer schrieb Don Quijote?", "Qui a écrit Don Quichotte ?", "¿Quién escribió Don Quijote?"),
    ("What are the side effects of aspirin?", "阿司匹林有哪些副作用？", "Welche Nebenwirkungen hat Aspirin?", "Quels sont les effets secondaires de l'aspirine ?", "¿Cuáles son los efectos secundarios de la aspirina?"),
    ("Draft a polite email that declines an invitation.", "写一封礼貌的邮件婉拒邀请。", "Entwirf eine höfliche E-Mail, die eine Einladung ablehnt.", "Rédige un courriel poli qui décline une invitation.", "Redacta un correo cortés que rechace una invitación."),
    ("What causes inflation?", "通货膨胀的原因是什么？", "Was verursacht Inflation?", "Qu'est-ce qui cause l'inflation ?", "¿Qué causa la inflación?"),
    ("Prove that the square root of {p} is irrational.", "证明{p}的平方根是无理数。", "Beweise, dass die Wurzel aus {p} irrational ist.", "Démontre que la racine carrée de {p} est irrationnelle.", "Demuestra que la raíz cuadrada de {p} es irracional."),
    ("How many ways are there to arrange {c} books on a shelf?", "{c}本书在书架上有多少种排法？", "Auf wie viele Arten kann man {c} Bücher in ein Regal stellen?", "De combien de façons peut-on ranger {c} livres sur une étagère ?", "¿De cuántas maneras se pueden colocar {c} libros en un estante?"),
    ("What does the law say about dismissal without notice?", "法律对不经通知的解雇有何规定？", "Was sagt das Gesetz über fristlose Kündigung?", "Que dit la loi sur le licenciement sans préavis ?", "¿Qué dice la ley sobre el despido sin preaviso?"),
    ("Summarise the causes of the First World War.", "概括第一次世界大战的起因。", "Fasse die Ursachen des Ersten Weltkriegs zusammen.", "Résume les causes de la Première Guerre mondiale.", "Resume las causas de la Primera Guerra Mundial."),
    ("Write an SQL query that counts orders per customer.", "写一条SQL查询，统计每个客户的订单数。", "Schreibe eine SQL-Abfrage, die Bestellungen je Kunde zählt.", "Écris une requête SQL qui compte les commandes par client.", "Escribe una consulta SQL que cuente los pedidos por cliente."),
    ("What is the difference between a virus and a bacterium?", "病毒和细菌有什么区别？", "Was ist der Unterschied zwischen einem Virus und einem Bakterium?", "Quelle est la différence entre un virus et une bactérie ?", "¿Cuál es la diferencia entre un virus y una bacteria?"),
    ("A shirt costs {a} euros after a discount of {d} percent. What did it cost before?", "一件衬衫打折{d}%后是{a}欧元，原价是多少？", "Ein Hemd kostet nach {d} Prozent Rabatt {a} Euro. Was kostete es vorher?", "Une chemise coûte {a} euros après une remise de {d} %. Combien coûtait-elle avant ?", "Una camisa cuesta {a} euros tras un descuento del {d} por ciento. ¿Cuánto costaba antes?"),
    ("Give me three ideas for a birthday present for my father.", "给我三个送爸爸生日礼物的主意。", "Gib mir drei Ideen für ein Geburtstagsgeschenk für meinen Vater.", "Donne-moi trois idées de cadeau d'anniversaire pour mon père.", "Dame tres ideas para un regalo de cumpleaños para mi padre."),
    ("What is the derivative of x^{c} sin(x)?", "x^{c} sin(x) 的导数是什么？", "Was ist die Ableitung von x^{c} sin(x)?", "Quelle est la dérivée de x^{c} sin(x) ?", "¿Cuál es la derivada de x^{c} sin(x)?"),
)  # fmt: skip


def pairs(*, seed: int, per_question: int = 5) -> Iterator[tuple[str, str]]:
    """Yield (question, the same in another language); at least one side is English."""
    rng = Random(seed)
    for forms in QUESTIONS:
        for _ in range(per_question if "{" in forms[0] else 1):
            numbers = {name: rng.randrange(low, high) for name, low, high in NUMBERS}
            english, *others = (form.format(**numbers) for form in forms)
            yield from ((english, other) for other in others)


NUMBERS = (("a", 12, 900), ("b", 2, 90), ("c", 3, 9), ("d", 5, 60), ("p", 2, 4))
