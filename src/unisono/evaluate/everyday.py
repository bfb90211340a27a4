"""What people ask of a model on an ordinary day: prompts that we wrote, to show what a dial means before any traffic.

Not a measure of quality: nobody has graded answers to them.
"""

from __future__ import annotations

_CHAT = """
hey, how's it going?
Good morning! Any tips for staying awake in a long meeting?
I just got the job!!! what should I do first?
I'm feeling a bit down today. Can we talk?
Tell me a joke about penguins.
What should I cook tonight with eggs, rice and half a cabbage?
Can you recommend three novels like The Name of the Rose?
Is it rude to leave a party without saying goodbye?
你好，今天有什么好建议吗？
周末下雨，带五岁的孩子在家可以玩什么？
推荐几首适合跑步时听的歌。
"""
_FACTS = """
What is the capital of Mongolia?
Who painted The Night Watch?
How far is the Moon from the Earth?
When did the Berlin Wall fall?
What is the boiling point of ethanol?
Who is the prime minister of Canada?
What is the latest stable version of Python?
What's the weather like in Lisbon right now?
How many bones does an adult human have?
What does GDP stand for?
地球到太阳的距离是多少？
鲁迅的原名是什么？
现在的联合国秘书长是谁？
为什么天空是蓝色的？
"""
_WRITING = """
Write an email to my landlord asking to fix the heating, polite but firm.
Rewrite this more formally: "hey, can't make it tomorrow, sorry, kid's sick"
Write a four-line poem about autumn rain.
Draft a LinkedIn post announcing that our small bakery turns ten.
Write a cover letter for a junior data analyst; I have one year of experience with SQL and Excel.
Give me five titles for a talk about technical debt.
Write a short bedtime story about a shy dragon who is afraid of the dark.
Fix the grammar: "Me and him was going to the store when it begun to rain."
Turn these notes into minutes: launch moved to 3 May, Ana owns pricing, Bo checks legal, next call Friday.
帮我写一封请假邮件，理由是家里有事，语气要礼貌。
把这句话改得更正式：“这个东西不太好用，赶紧改改吧。”
给一家新开的咖啡馆写一条朋友圈文案。
"""
_TRANSLATION = """
Translate to German: The train to the airport leaves every fifteen minutes.
Translate into Spanish: I would like a table for two near the window, please.
How do you say "thank you for your patience" in Japanese?
Translate into English: 他虽然迟到了，但是带来了一个好消息。
Translate to French and keep the tone: "Look, I'm not angry, I'm just disappointed."
翻译成英文：这份合同自双方签字之日起生效，有效期两年。
“海内存知己，天涯若比邻”用英文怎么说？
"""
_DOCUMENTS = """
Summarise in two sentences: The committee met on Tuesday to review the budget. Spending on roads rose by four percent while the library's fund fell by a tenth. Several members asked for a report on the cause before the vote, which was moved to next month.
List the action items: "Thanks all. Maria will send the deck by Monday, Tom checks the numbers with finance, and I will book the room. If the client agrees we start on the 12th."
Extract name, company and phone number as JSON: "Hi, this is Petra Novak from Brightline Logistics, you can reach me at 555-0142 after two."
Is this review positive or negative? "The hotel was fine, but I would not pay that price again, and the lift never worked."
Classify the ticket as billing, bug or question: "I was charged twice in March and nobody answers my mails."
What is the main argument here? "Cities plant trees for shade, yet most saplings die in their first summer, because nobody is paid to water them. Fewer trees with a budget for care would cool more streets than many without."
用一句话概括：公司今年销售额增长了百分之八，但由于原材料价格上涨，利润反而下降了百分之三，管理层计划明年缩减广告开支。
从下面的文字中提取日期和地点：研讨会定于六月十二日上午九点在南京大学仙林校区举行。
"""
_CODE = """
Write a Python function that reverses the words of a sentence.
What does `git rebase -i HEAD~3` do?
Fix this: for i in range(10) print(i)
Write a SQL query that returns the three best paid employees of each department.
Explain the difference between a process and a thread.
Why does this return None? def add(a, b): a + b
Write a regular expression for dates such as 2026-11-25, and explain it.
Implement an LRU cache with O(1) get and put in Go, with tests.
My React component renders twice in development. Why, and should I care?
Our Postgres query with two joins and an OR takes 40 seconds on 20 million rows. How do I find out why and what would you try, in which order?
Refactor this into smaller functions and point out bugs: def f(x): r=[]; [r.append(i*i) for i in x if i%2==0]; return sum(r)/len(r)
Design the tables and the API for a booking system for meeting rooms with recurring meetings, time zones and conflicts; discuss the race conditions.
Prove that your binary search terminates and never reads outside the array.
用Python写一个函数，判断一个字符串是不是回文。
解释一下Rust里的所有权和借用，并举一个编译不过的例子。
"""
_MATHEMATICS = """
What is 17 * 23?
A shirt costs 40 dollars after a discount of 20 percent. What did it cost before?
Solve x^2 - 5x + 6 = 0.
If three painters need four days, how long do five painters need?
What is the derivative of x^3 * sin(x)?
How many different ways are there to seat six people at a round table if two of them refuse to sit side by side?
Prove that there are infinitely many primes of the form 4k + 3.
Find all functions f from the reals to the reals with f(x + y) = f(x) + f(y) + 2xy for all x and y.
A fair coin is thrown until two heads come in a row. What is the expected number of throws?
Is P = NP?
小明有12个苹果，分给3个朋友后每人还剩几个？
求函数f(x)=x³-3x在区间[-2,2]上的最大值和最小值。
证明：任意六个人中，必有三个人互相认识或互相不认识。
"""
_REASONING = """
All bloops are razzies and some razzies are lazzies. Are some bloops certainly lazzies?
Anna is older than Ben, Ben is older than Cleo, and Dan is younger than Cleo. Who is the second oldest?
I have two job offers: one pays 15 percent more, the other is closer to home and has better people. Help me to think it through.
A hospital wants to use a model that predicts sepsis with 95 percent accuracy; one patient in a hundred has it. What should the doctors know before they trust an alarm?
Compare a heat pump and a gas boiler for an old, badly insulated house over fifteen years.
My tenant paid late three times and now asks for a new kitchen. What are my options and risks?
A contract says delivery "by the end of Q1", the supplier delivered on 2 April and blames a strike. Who bears the loss, and what would you look for in the contract?
What are the strongest arguments for and against a wealth tax? Say which evidence would change your mind.
Plan a five-day trip to Sicily by train for two people who hate crowds, with a budget of 1,200 euros.
Our churn doubled after a price rise of 8 percent, but only for customers older than two years. Give three hypotheses and how to test each one with data we would already have.
A patient of 54 takes warfarin and asks whether ibuprofen for a sprained ankle is fine. What do you answer, and why?
如果所有的A都是B，有些B是C，能推出有些A是C吗？为什么？
我想从国企跳槽到创业公司，请帮我分析利弊，并告诉我还需要了解哪些信息。
分析一下为什么同样的药在临床试验中有效、上市后效果却变差。
"""

PROMPTS: tuple[str, ...] = tuple(
    line
    for block in (_CHAT, _FACTS, _WRITING, _TRANSLATION, _DOCUMENTS, _CODE, _MATHEMATICS, _REASONING)
    for line in block.strip().splitlines()
)
"""Ninety-odd prompts of eight kinds, a quarter of them in Chinese."""
