# ruff: noqa: E501 - the lines are data
"""Lines that we wrote for the reader of task types, in English and Chinese: templates to train on, others to test on."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

TOPICS = ("our summer party", "the new warehouse", "a trip to Lisbon", "remote work", "electric cars", "my neighbour's dog", "the school play", "a late delivery", "healthy breakfasts", "the history of tea", "moving house", "a lost wallet", "learning the piano", "the city council", "rain in April", "a broken heating", "coffee", "our product launch", "bees", "night trains")  # fmt: skip
TOPICS_ZH = ("公司年会", "新仓库", "去里斯本的旅行", "远程办公", "电动汽车", "邻居的狗", "学校话剧", "延误的快递", "健康早餐", "茶的历史", "搬家", "丢失的钱包", "学钢琴", "市议会", "春雨", "坏掉的暖气", "咖啡", "新品发布", "蜜蜂", "夜班火车")  # fmt: skip
TEXTS = ("The meeting was moved to Thursday because the hall is being painted; everyone should bring the figures of the last quarter.", "Glaciers lose mass when more ice melts in summer than snow falls in winter, and the lakes at their feet grow.", "I bought this kettle in May. It leaked after two weeks, and the shop has not answered any of my three mails.", "The museum opens its new wing with two hundred drawings, most of them never shown before.")  # fmt: skip
TEXTS_ZH = ("会议改到星期四，因为大厅正在粉刷，请大家带上上季度的数据。", "夏天融化的冰多于冬天的降雪时，冰川就会缩小，山脚的湖泊随之变大。", "我五月买了这个水壶，两周后就漏水，发了三封邮件商店都没有回复。", "博物馆的新展厅展出两百幅素描，大多数从未展出过。")  # fmt: skip

TRAIN: dict[str, tuple[str, ...]] = {
    "mathematics": ("What is {a} * {b}?", "Solve {a}x + {b} = {c}.", "Compute the integral of x^{k} + {a}x.", "A tank holds {a} litres and loses {k} litres an hour. When is it empty?", "计算{a}乘以{b}加{c}。", "解方程{a}x+{b}={c}。", "一辆车以每小时{a}公里行驶{k}小时，走了多远？", "求x^{k}+{a}x的导数。"),
    "code": ("Write a Python function that sorts a list of {topic} records by date.", "Why does this code fail?\n```python\nfor i in range({a}):\n    x[i] = i / 0\n```", "Fix the bug in my SQL query: SELECT name FROM orders WHERE total > {a} GROUP", "How do I parse JSON in Rust?", "Implement a queue with two stacks in Java.", "写一个Python函数，计算列表中大于{a}的数的个数。", "这段代码为什么报错？\nint x = \"{a}\";", "用SQL查询每个客户的订单数。", "用JavaScript实现防抖函数。"),
    "question": ("Who discovered penicillin?", "When did the war of {c} end?", "What is the largest lake in Africa?", "Explain how vaccines work.", "What is known about {topic} in antiquity?", "谁发现了青霉素？", "非洲最大的湖是哪个？", "解释疫苗的工作原理。", "{topic_zh}起源于哪个朝代？", "Anna is taller than Ben, and Ben is taller than Carl. Who is the shortest?", "All bloops are razzies and all razzies are lazzies. Are all bloops lazzies?", "There are {k} boxes and every label is wrong. How do you find the apples with one look?", "小明比小红高，小红比小刚高，谁最矮？", "三个人中只有一个说真话，谁拿了{topic_zh}的钥匙？"),
    "writing": ("Write a short poem about {topic}.", "Draft an email to my landlord about {topic}.", "Write a story of {a} words about {topic}.", "Make this sentence more polite: send me the file on {topic}.", "Compose a speech for {topic}.", "Rewrite this more formally: {text}", "写一首关于{topic_zh}的诗。", "帮我写一封关于{topic_zh}的邮件。", "写一个{a}字的故事，主题是{topic_zh}。", "把这句话改得更正式：{text_zh}"),
    "translation": ("Translate into French: {text}", "How do you say '{topic}' in Spanish?", "Translate the following to English: {text_zh}", "把下面的话翻译成英文：{text_zh}", "用日语怎么说“{topic_zh}”？", "翻译成中文：{text}"),
    "summary": ("Summarise this in one sentence: {text}", "What are the main points of this text?\n\n{text}", "Extract all dates and names as a list.\n\n{text}", "TL;DR: {text}", "用一句话概括：{text_zh}", "提取下面文字中的时间和地点：{text_zh}", "这段文字的要点是什么？\n{text_zh}"),
    "conversation": ("Hi, how are you?", "I feel sad today because of {topic}.", "What should I do about {topic}?", "Any ideas for {topic}?", "Tell me a joke.", "Thanks, that helped!", "你好，在吗？", "我今天因为{topic_zh}很难过。", "关于{topic_zh}有什么建议？", "讲个笑话吧。", "谢谢你！"),
}  # fmt: skip

TEST: dict[str, tuple[str, ...]] = {
    "mathematics": ("Find all real roots of x^2 - {a}x + {b}.", "How many ways are there to choose {k} of {a} cards?", "Shares rose by {k} percent to {a} euros. What were they before?", "一个长方形长{a}米宽{b}米，面积是多少？", "从{a}个人中选{k}个有多少种方法？"),
    "code": ("My React component renders twice, how can I stop that?", "Give me a regular expression for dates like 2024-05-0{k}.", "Convert this loop to a list comprehension: for n in xs: ys.append(n+{a})", "写一个快速排序的C++实现。", "Docker容器启动后马上退出，怎么调试？"),
    "question": ("Why is the sea salty?", "Which planet has the most moons?", "What causes {topic} to become popular?", "海水为什么是咸的？", "哪颗行星的卫星最多？"),
    "writing": ("I need a toast for a wedding, funny and short.", "Please write a cover letter for a job with {topic}.", "Continue this story: It was night when {topic} began.", "帮我写一段婚礼祝词。", "以{topic_zh}为题写一篇短文。"),
    "translation": ("What does this mean in German? {text}", "Please put this into English: {text_zh}", "请把这段话译成法语：{text_zh}"),
    "summary": ("Shorten the passage to twenty words. {text}", "Which facts does the following mail contain? {text}", "把下面这段话缩写成二十个字：{text_zh}"),
    "conversation": ("I can't sleep, can you keep me company?", "Do you like {topic}?", "What present would you give a friend who loves {topic}?", "我睡不着，陪我聊聊吧。", "你喜欢{topic_zh}吗？"),
}  # fmt: skip


def lines(templates: dict[str, tuple[str, ...]], *, per_template: int, seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield (line, type, template), each line once."""
    rng, seen = Random(seed), set()
    for kind, forms in templates.items():
        for form in forms:
            for _ in range(per_template):
                line = form.format(
                    a=rng.randint(11, 980),
                    b=rng.randint(2, 99),
                    c=rng.randint(100, 1900),
                    k=rng.randint(2, 9),
                    topic=rng.choice(TOPICS),
                    topic_zh=rng.choice(TOPICS_ZH),
                    text=rng.choice(TEXTS),
                    text_zh=rng.choice(TEXTS_ZH),
                )
                if line not in seen:
                    seen.add(line)
                    yield line, kind, form
