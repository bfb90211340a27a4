"""Questions with and without an answer that changes: our own, from templates and word lists, in English and Chinese.

Written for the reader of freshness that ships, whose training may use nothing else. Labels: `e` evergreen, `s` slow (the
answer changes in years), `f` fast (in days to months). It imitates how people ask; it copies nobody's questions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

EN: dict[str, tuple[str, ...]] = {
    "star": ("Taylor Swift", "Elon Musk", "Cristiano Ronaldo", "LeBron James", "Beyoncé", "Tom Cruise", "Kylian Mbappé", "Brad Pitt", "Novak Djokovic", "Rihanna", "Keanu Reeves", "Bill Gates", "Lionel Messi", "Emma Watson", "Jeff Bezos", "Drake", "Zendaya", "Roger Federer", "Madonna", "Johnny Depp"),
    "dead": ("Albert Einstein", "Napoleon", "Isaac Newton", "Cleopatra", "Marie Curie", "Abraham Lincoln", "Mozart", "Leonardo da Vinci", "Genghis Khan", "Shakespeare", "Julius Caesar", "Charles Darwin", "Galileo", "Beethoven", "Marilyn Monroe", "Queen Victoria", "Nikola Tesla", "Aristotle", "Mahatma Gandhi", "Elvis Presley", "Picasso", "Joan of Arc"),
    "country": ("Brazil", "Germany", "India", "Japan", "Nigeria", "Canada", "France", "Italy", "Egypt", "South Korea", "Mexico", "Turkey", "Poland", "Kenya", "Australia", "Spain", "Argentina", "Ukraine", "Sweden", "the United States", "China", "Thailand"),
    "city": ("London", "Tokyo", "Paris", "Moscow", "New York", "Berlin", "Mumbai", "Istanbul", "Cairo", "Sydney", "Rome", "Toronto", "Chicago", "Shanghai", "Madrid", "Los Angeles"),
    "company": ("Apple", "Google", "Tesla", "Amazon", "Microsoft", "Netflix", "Boeing", "Samsung", "Toyota", "Meta", "Nvidia", "Twitter", "Disney", "OpenAI", "Starbucks", "Intel", "Ford", "Nike"),
    "team": ("Real Madrid", "Manchester United", "the Lakers", "the Yankees", "Barcelona", "Chelsea", "the Patriots", "Bayern Munich", "Liverpool", "the Warriors", "Juventus", "the Cowboys", "Arsenal", "PSG"),
    "event": ("the World Cup", "the Super Bowl", "Wimbledon", "the Champions League", "the NBA finals", "the Olympics", "the Eurovision Song Contest", "the Tour de France", "the Oscars", "the US Open", "the Grammy for album of the year", "the Ballon d'Or", "the World Series", "the Nobel Peace Prize", "the Monaco Grand Prix", "the Premier League", "the World Chess Championship", "Miss Universe"),
    "year": ("1966", "1998", "2002", "2010", "1987", "2006", "1974", "1992", "2014", "1945", "1969", "1815", "2001", "1912"),
    "software": ("Python", "Android", "iOS", "Windows", "Ubuntu", "Chrome", "Node.js", "Java", "PostgreSQL", "React", "macOS", "Firefox", "Minecraft", "PHP", "Django", "Linux kernel"),
    "product": ("iPhone", "PlayStation", "Tesla Model 3", "Samsung Galaxy", "MacBook", "Xbox", "Kindle", "GoPro", "Nintendo console", "Ford Mustang", "Nvidia graphics card"),
    "element": ("gold", "oxygen", "iron", "helium", "sodium", "carbon", "mercury", "copper", "silver", "lead", "nitrogen", "uranium"),
    "animal": ("a spider", "an elephant", "a whale", "a cat", "a penguin", "an octopus", "a giraffe", "a bee", "a snake", "a bat", "a kangaroo", "a shark", "a camel", "a horse"),
    "planet": ("Mars", "Venus", "the Earth", "Jupiter", "the Moon", "Saturn", "Mercury", "Neptune", "the Sun"),
    "work": ("Hamlet", "The Odyssey", "War and Peace", "Don Quixote", "Pride and Prejudice", "the Mona Lisa", "1984", "The Great Gatsby", "the Ninth Symphony", "Moby Dick", "The Starry Night", "Crime and Punishment", "The Hobbit", "Frankenstein", "The Divine Comedy", "Alice in Wonderland"),
    "film": ("Titanic", "The Godfather", "Jaws", "Star Wars", "Casablanca", "Forrest Gump", "The Matrix", "Pulp Fiction", "The Lion King", "Gladiator", "Psycho", "Jurassic Park", "The Shining", "Back to the Future"),
    "invention": ("the telephone", "the light bulb", "dynamite", "the printing press", "penicillin", "the steam engine", "the World Wide Web", "the airplane", "radio", "the microscope", "basketball", "the zipper", "the thermometer", "X-rays"),
    "war": ("World War II", "the American Civil War", "the French Revolution", "the Cold War", "the Battle of Waterloo", "World War I", "the Hundred Years' War", "the Vietnam War", "the fall of the Berlin Wall", "the Battle of Hastings", "the Renaissance", "the sinking of the Titanic", "the Chernobyl disaster", "the Moon landing"),
    "science": ("photosynthesis", "gravity", "DNA", "osmosis", "entropy", "evolution", "a black hole", "the greenhouse effect", "an enzyme", "the Pythagorean theorem", "plate tectonics", "inertia", "an isotope", "the Doppler effect", "a prime number", "a noun", "irony", "inflation in economics", "a sonnet", "mitosis"),
    "good": ("gas", "gold", "a barrel of oil", "Bitcoin", "milk", "electricity", "a Big Mac", "silver", "Ethereum", "a first class stamp", "rent", "wheat", "coffee", "a Netflix subscription", "a dollar in euros", "Apple stock"),
    "record": ("tallest building", "richest person", "fastest car", "oldest living person", "most followed person on Instagram", "highest grossing film", "largest company by market value", "most subscribed YouTube channel", "fastest train", "most expensive painting ever sold", "longest suspension bridge", "largest cruise ship", "most populous city", "best selling album", "most viewed video", "fastest supercomputer", "tallest living man", "most visited website", "largest stadium", "heaviest person alive", "longest running TV show", "most decorated football club", "busiest airport", "largest hotel", "youngest billionaire", "most spoken language", "strongest man"),
    "nature": ("longest river", "highest mountain", "largest ocean", "deepest lake", "largest desert", "hottest planet", "largest mammal", "smallest bone in the human body", "largest organ of the body", "hardest natural mineral", "fastest land animal", "largest planet in the solar system", "closest star to the Earth", "lightest element", "tallest waterfall", "deepest ocean trench", "largest island", "smallest continent", "longest bone in the body"),
    "office": ("president", "prime minister", "king", "finance minister", "foreign minister", "head coach of the national team", "chief justice", "head of the central bank", "defence minister", "leader of the opposition", "ambassador to the UN"),
    "post": ("CEO", "chairman", "chief financial officer", "largest shareholder", "head of design", "owner"),
    "hobby": ("boil an egg", "tie a tie", "whistle", "solve a quadratic equation", "remove a wine stain", "fold a paper plane", "reverse a string in Python", "calculate a percentage", "sharpen a knife", "make an omelette", "change a flat tyre", "convert Celsius to Fahrenheit", "compute a factorial", "write a cover letter", "prove that the square root of 2 is irrational", "sort a list", "find the area of a circle"),
    "place": ("the Eiffel Tower", "Mount Everest", "the Great Wall of China", "Lake Baikal", "the Colosseum", "the Statue of Liberty", "the Amazon", "Big Ben", "Stonehenge", "Machu Picchu", "the Taj Mahal", "Niagara Falls", "the Sahara", "the Dead Sea"),
    "thing": ("legs", "eyes", "hearts", "bones", "teeth", "chromosomes"),
    "n": ("3", "7", "12", "15", "24", "36", "81", "144", "256"),
    "series": ("Grey's Anatomy", "Fast & Furious", "One Piece", "The Simpsons", "Stranger Things", "Mission: Impossible", "Grand Theft Auto", "Call of Duty", "Law & Order", "Doctor Who", "the Marvel universe", "Pokémon"),
}  # fmt: skip

ZH: dict[str, tuple[str, ...]] = {
    "star": ("马斯克", "泰勒·斯威夫特", "梅西", "C罗", "姚明", "成龙", "周杰伦", "比尔·盖茨", "詹姆斯", "马云", "刘德华", "贝佐斯", "汤姆·克鲁斯", "碧昂丝"),
    "dead": ("爱因斯坦", "拿破仑", "牛顿", "秦始皇", "李白", "孔子", "林肯", "达芬奇", "莫扎特", "成吉思汗", "居里夫人", "鲁迅", "唐太宗", "莎士比亚", "贝多芬", "苏轼"),
    "country": ("巴西", "德国", "印度", "日本", "加拿大", "法国", "意大利", "埃及", "韩国", "墨西哥", "土耳其", "英国", "澳大利亚", "西班牙", "美国", "中国", "泰国", "俄罗斯"),
    "city": ("伦敦", "东京", "巴黎", "北京", "上海", "纽约", "柏林", "广州", "莫斯科", "悉尼", "罗马", "深圳", "成都", "孟买"),
    "company": ("苹果公司", "谷歌", "特斯拉", "亚马逊", "微软", "华为", "腾讯", "三星", "丰田", "英伟达", "阿里巴巴", "小米", "波音", "比亚迪"),
    "team": ("皇家马德里", "曼联", "湖人队", "巴塞罗那", "切尔西", "拜仁慕尼黑", "利物浦", "勇士队", "中国国家足球队", "尤文图斯"),
    "event": ("世界杯", "奥运会", "欧冠", "温网", "NBA总冠军", "奥斯卡最佳影片", "金球奖", "超级碗", "诺贝尔文学奖", "环法自行车赛", "英超", "世界象棋锦标赛", "格莱美年度专辑", "欧洲杯"),
    "year": ("1966年", "1998年", "2002年", "2008年", "1987年", "2006年", "1949年", "1912年", "2010年", "1840年"),
    "software": ("Python", "安卓", "iOS", "Windows", "微信", "Chrome", "Java", "Ubuntu", "macOS", "鸿蒙"),
    "product": ("iPhone", "PlayStation", "特斯拉Model 3", "华为手机", "MacBook", "小米手机", "Xbox", "任天堂游戏机"),
    "element": ("金", "氧", "铁", "氦", "钠", "碳", "汞", "铜", "银", "铅"),
    "animal": ("蜘蛛", "大象", "鲸鱼", "猫", "企鹅", "章鱼", "长颈鹿", "蜜蜂", "蛇", "蝙蝠", "袋鼠"),
    "planet": ("火星", "金星", "地球", "木星", "月球", "土星", "水星", "太阳"),
    "work": ("《红楼梦》", "《哈姆雷特》", "《战争与和平》", "《西游记》", "《蒙娜丽莎》", "《堂吉诃德》", "《傲慢与偏见》", "《史记》", "《百年孤独》", "《静夜思》"),
    "film": ("《泰坦尼克号》", "《教父》", "《霸王别姬》", "《星球大战》", "《阿甘正传》", "《黑客帝国》", "《卧虎藏龙》"),
    "invention": ("电话", "电灯泡", "炸药", "造纸术", "青霉素", "蒸汽机", "万维网", "飞机", "显微镜", "篮球", "活字印刷术"),
    "war": ("第二次世界大战", "美国内战", "法国大革命", "冷战", "滑铁卢战役", "第一次世界大战", "鸦片战争", "辛亥革命", "柏林墙倒塌", "赤壁之战", "泰坦尼克号沉没"),
    "science": ("光合作用", "万有引力", "DNA", "渗透作用", "熵", "进化论", "黑洞", "温室效应", "酶", "勾股定理", "质数", "惯性", "多普勒效应", "同位素"),
    "good": ("汽油", "黄金", "原油", "比特币", "牛奶", "猪肉", "白银", "以太坊", "苹果股票", "茅台股票", "一美元兑人民币", "大米"),
    "record": ("最高的建筑", "最富有的人", "最快的汽车", "在世最长寿的人", "Instagram上粉丝最多的人", "票房最高的电影", "市值最高的公司", "订阅最多的YouTube频道", "最快的火车", "有史以来最贵的画", "人口最多的城市", "销量最高的专辑", "最快的超级计算机", "在世最高的人", "访问量最大的网站", "最繁忙的机场", "最大的游轮", "最长的跨海大桥"),
    "nature": ("最长的河流", "最高的山峰", "最大的海洋", "最深的湖", "最大的沙漠", "最热的行星", "最大的哺乳动物", "人体最小的骨头", "人体最大的器官", "最硬的天然矿物", "跑得最快的陆地动物", "太阳系最大的行星", "最轻的元素", "最大的岛屿", "最小的大洲"),
    "office": ("总统", "总理", "首相", "国王", "财政部长", "外交部长", "央行行长", "国家队主教练", "国防部长"),
    "post": ("首席执行官", "董事长", "首席财务官", "最大股东", "总裁"),
    "hobby": ("煮鸡蛋", "打领带", "解一元二次方程", "折纸飞机", "用Python反转字符串", "计算百分比", "做西红柿炒鸡蛋", "换轮胎", "把摄氏度换算成华氏度", "求圆的面积", "证明根号2是无理数", "给列表排序"),
    "place": ("埃菲尔铁塔", "珠穆朗玛峰", "长城", "贝加尔湖", "罗马斗兽场", "自由女神像", "故宫", "大本钟", "泰姬陵", "死海"),
    "thing": ("条腿", "只眼睛", "颗心脏", "块骨头", "颗牙齿"),
    "n": ("3", "7", "12", "15", "24", "36", "81", "144"),
    "series": ("《海贼王》", "《速度与激情》", "《辛普森一家》", "《怪奇物语》", "《碟中谍》", "《王者荣耀》", "《侠盗猎车手》", "《名侦探柯南》", "《喜羊羊与灰太狼》"),
}  # fmt: skip

TEMPLATES_EN: dict[str, tuple[str, ...]] = {
    "f": (
        "What is the current price of {good}?", "How much does {good} cost right now?", "How much is {good} today?", "What's the weather like in {city}?", "What is the latest version of {software}?",
        "Which version of {software} is the newest?", "Who won the most recent {event}?", "When is the next {event}?", "Who is the current champion of {event}?", "What is {star} doing now?", "How many followers does {star} have?",
        "How much is {company} worth?", "What is the stock price of {company}?", "What is the market capitalisation of {company}?", "Who does {star} play for?", "Where does {star} live?", "Who is {star} dating?", "Is {star} married?",
        "How old is {star}?", "What is the newest {product}?", "When does the new {product} come out?", "How much does the latest {product} cost?", "What is {star}'s net worth?", "What are the top songs this week?",
        "Who is leading in the polls in {country}?", "What is the unemployment rate in {country}?", "What is the inflation rate in {country}?", "What is the interest rate in {country}?", "What is the exchange rate of the currency of {country}?",
        "Who is top of the league this season?", "What position is {team} in the table?", "Who did {team} play last?", "When is {team}'s next match?", "Who scored for {team} in the last game?", "What is the latest news from {country}?", "What happened in {city} yesterday?",
        "What movies are in theatres now?", "What is the most popular song at the moment?", "When will the next season of {series} be released?", "What was the last film of {series}?", "How many episodes of {series} are there?", "Who is the number one tennis player in the world?", "Who is ranked first in chess?",
        "What is {star}'s latest album or film?", "Who is the manager of {team}?", "Who coaches {team} now?", "Who is the captain of {team}?", "What time is it in {city}?", "Is it raining in {city}?", "When is the next solar eclipse?", "What day is it today?", "How many days until Christmas?",
        "how many people have covid in {country}", "latest {software} release date", "when is the next election in {country}", "who won last night's game", "Is {company} hiring?", "How many employees did {company} lay off this year?", "What is the current status of the war?", "Are flights to {city} running?",
        "What are the travel restrictions for {country}?", "How many people are in space right now?", "What is the federal minimum wage now?", "Who won {event} this year?", "Who won {event} last year?", "How many goals has {star} scored this season?", "Which team did {star} join recently?", "When did {team} last win a trophy?",
        "What is the newest phone by {company}?", "Who is the newest member of the band?", "How many subscribers does the biggest channel have?", "What's trending on Twitter?", "When does the current season end?", "Who is injured in {team}?", "What did {star} say last week?", "When is {star}'s next concert?",
    ),
    "s": (
        "Who is the {office} of {country}?", "Who is the current {office} of {country}?", "What is the population of {country}?", "What is the population of {city}?", "How many people live in {city}?", "Who is the {post} of {company}?", "Who is the {record} in the world?", "What is the {record} in the world?", "Which is the {record}?",
        "Who holds the world record in the 100 metres?", "What is the world record for the high jump?", "Who has won the most {event} titles?", "Which country has won {event} the most times?", "How many times has {team} won the league?", "How many trophies has {team} won?", "How many Oscars does {star} have?", "How many children does {star} have?",
        "How many films has {star} made?", "How many times has {star} been married?", "What is the minimum wage in {country}?", "What is the GDP of {country}?", "Which party governs {country}?", "How many members does the European Union have?", "How many countries are in NATO?", "How many countries are members of the United Nations?", "What is the retirement age in {country}?",
        "What is the legal drinking age in {country}?", "Is {good} legal in {country}?", "What is the tax rate in {country}?", "How many employees does {company} have?", "Where is the headquarters of {company}?", "Who owns {company}?", "What does {company} own?", "How many stores does {company} have?", "What is the life expectancy in {country}?",
        "How many people speak English?", "How many people live on Earth?", "How many moons does {planet} have that we know of?", "What is the most common surname in {country}?", "What is the tallest building in {city}?", "How many seasons does {series} have?", "How many games are there in {series}?", "Who is the mayor of {city}?", "Who is the governor of California?",
        "Who plays the lead in {series}?", "Who is the oldest living former {office} of {country}?", "What is the speed limit on motorways in {country}?", "How long is the metro of {city}?", "Who is the head of the United Nations?", "Who is the pope?", "Who is the best selling artist of all time?", "Who has the most grand slam titles?",
        "What is the most popular programming language?", "Which university is ranked best in the world?", "What is the largest economy in the world?", "How many nuclear weapons does {country} have?", "How many World Heritage sites are in {country}?", "Who is the youngest person to win {event}?", "What is the highest score ever in {event}?", "Do I need a visa for {country}?",
        "What is the currency of {country} worth?", "What share of electricity in {country} is renewable?", "who is in charge of {company}", "largest airline in the world", "who has the most wins in {event}", "how many nba championships does {team} have", "has anyone been to {planet}", "how many people have walked on {planet}", "When was the last time {team} won {event}?",
        "When was the last time {country} won {event}?", "What is the most expensive {product}?", "Who is considered the best player in the world?", "How many women lead countries?", "How many people use {software}?", "What is the cure for Alzheimer's disease?", "Is there a vaccine against malaria?", "What is the oldest company in {country} still in business?", "Which is the safest country to live in?",
    ),
    "e": (
        "Who wrote {work}?", "Who painted or wrote {work}?", "Who invented {invention}?", "When was {invention} invented?", "What is {science}?", "Explain {science} in simple words.", "How does {science} work?", "Why is {science} important?", "When did {war} take place?", "When did {war} end?", "What caused {war}?", "Who won {war}?",
        "Who won {event} in {year}?", "Where was {event} held in {year}?", "When was {dead} born?", "When did {dead} die?", "How did {dead} die?", "Where was {dead} born?", "What is {dead} famous for?", "Who was {dead} married to?", "How old was {dead} at death?", "Where is {dead} buried?", "What is the chemical symbol of {element}?", "What is the atomic number of {element}?",
        "What is the boiling point of {element}?", "How many {thing} does {animal} have?", "What does {animal} eat?", "Is {animal} a mammal?", "How long does {animal} sleep?", "What is the {nature}?", "What is the {nature} in the world?", "Which is the {nature}?", "How far is {planet} from the Sun?", "How long does it take {planet} to rotate once?", "What is the mass of {planet}?", "What is {planet} made of?",
        "Where is {place}?", "How high is {place}?", "Who built {place}?", "When was {place} built?", "In which country is {place}?", "What is the capital of {country}?", "On which continent is {country}?", "Which countries border {country}?", "What language is spoken in {country}?", "What colours are on the flag of {country}?", "When did {country} become independent?", "What river flows through {city}?",
        "Who directed {film}?", "When was {film} released?", "Who played the main role in {film}?", "Who composed the music of {film}?", "In what year was {company} founded?", "Who founded {company}?", "Who was the first {office} of {country}?", "Who was the {office} of {country} in {year}?", "Where was {star} born?", "When was {star} born?", "What is {star}'s real name?", "In which film did {star} first appear?",
        "How do I {hobby}?", "How to {hobby}?", "What is the best way to {hobby}?", "What is {n} times {n}?", "What is the square root of {n}?", "Is {n} divisible by 3?", "What is {n} percent of 200?", "What is the derivative of x^{n}?", "How many sides does a polygon with {n} corners have?", "Translate 'good morning' into Spanish.", "What is the plural of mouse?", "What is the opposite of ancient?",
        "What does the word ephemeral mean?", "What is the past tense of go?", "Which word rhymes with moon?", "Who was the first person on the Moon?", "Who was the first woman to win a Nobel Prize?", "Who was the first man to run a mile in four minutes?", "Which year did {software} first appear?", "What does HTML stand for?", "What is the difference between a list and a tuple?", "How many strings does a violin have?",
        "How many players are there in a football team?", "What are the rules of offside?", "How many continents are there?", "How many days are in a leap year?", "What colour is the sky?", "Why is the sky blue?", "Why do leaves change colour?", "At what temperature does water boil?", "What is the speed of light?", "How many bones are in the human body?", "Which blood type is the universal donor?", "What is the name of the theory of relativity's author?",
        "who discovered america", "what year did {war} start", "who sang the original version of Hallelujah", "what is the meaning of life according to {dead}", "when was {film} made", "Who said 'I think, therefore I am'?", "In which book does Sherlock Holmes first appear?", "What is the moral of the tale of the tortoise and the hare?", "What is the main ingredient of hummus?", "Which planet is known as the red planet?", "What was the original name of {city}?", "Which king had six wives?",
        "Write a poem about autumn.", "Fix the grammar of this sentence.", "Give me three synonyms of happy.", "Write a function that checks for palindromes.", "How many grams are in an ounce?", "How many minutes are in a week?", "What is the formula of water?", "What is the ozone layer?", "What gas do plants absorb?", "Did {dead} ever meet {dead}?", "Was {dead} left-handed?", "What is the name of the first {product}?",
        "Who won the first {event}?", "Who hosted {event} in {year}?", "How many medals did {country} win in {year}?", "Which team did {star} start with?", "What was the population of {city} in {year}?", "How much did {good} cost in {year}?", "Who was {post} of {company} in {year}?", "What was the number one song in {year}?", "What genre is {film}?", "Which instrument did {dead} play?", "What is the name of the ship that sank in {year}?",
        "Name of the dog in the Wizard of Oz?", "How many books are in the Harry Potter series?", "How many symphonies did {dead} write?", "Which sport uses a shuttlecock?", "What is the tallest land animal?", "In Greek mythology, who is the god of the sea?", "What is the national animal of {country}?", "What does {company} mean, where does the name come from?",
    ),
}  # fmt: skip

TEMPLATES_ZH: dict[str, tuple[str, ...]] = {
    "f": (
        "{good}现在多少钱？", "{good}目前的价格是多少？", "今天{city}天气怎么样？", "{software}的最新版本是什么？", "{software}最新版是哪个版本？", "最近一届{event}的冠军是谁？", "下一届{event}什么时候举行？", "谁是现任的{event}冠军？", "{star}现在在做什么？", "{star}有多少粉丝？", "{company}现在值多少钱？", "{company}的股价是多少？", "{company}的市值是多少？",
        "{star}现在效力于哪支球队？", "{star}住在哪里？", "{star}现在和谁在一起？", "{star}结婚了吗？", "{star}多大了？", "{star}今年多少岁？", "最新的{product}是哪一款？", "新款{product}什么时候发布？", "最新{product}多少钱？", "{star}的净资产是多少？", "本周最热门的歌曲是什么？", "{country}的失业率是多少？", "{country}的通货膨胀率是多少？", "{country}现在的利率是多少？",
        "{team}目前排名第几？", "{team}下一场比赛是什么时候？", "{team}上一场比赛的对手是谁？", "{country}最新的新闻是什么？", "昨天{city}发生了什么？", "现在有哪些电影上映？", "{series}下一季什么时候播出？", "{series}的最新一部是什么？", "{series}有多少集？", "世界排名第一的网球运动员是谁？", "{star}的最新作品是什么？", "{team}的主教练是谁？", "{team}的队长是谁？", "{city}现在几点？", "下一次日食是什么时候？", "今天是星期几？",
        "{country}下一次选举是什么时候？", "{company}今年裁员多少人？", "现在太空中有多少人？", "今年的{event}谁赢了？", "去年{event}谁是冠军？", "{star}本赛季进了多少球？", "{star}最近加盟了哪支球队？", "去{country}现在有什么旅行限制？", "目前最流行的歌曲是什么？", "{company}最新的手机是什么？", "{star}的下一场演唱会在哪里？", "当前的油价是多少？", "现在的汇率是多少？",
    ),
    "s": (
        "谁是{country}的{office}？", "{country}现任{office}是谁？", "{country}有多少人口？", "{city}的人口是多少？", "{city}有多少居民？", "{company}的{post}是谁？", "世界上{record}是谁？", "世界上{record}是什么？", "哪个是{record}？", "男子100米世界纪录是多少？", "谁获得{event}冠军次数最多？", "哪个国家赢得{event}次数最多？", "{team}获得过多少次联赛冠军？", "{team}一共有多少座奖杯？", "{star}获得过几次奥斯卡奖？", "{star}有几个孩子？", "{star}拍过多少部电影？", "{star}结过几次婚？",
        "{country}的最低工资是多少？", "{country}的国内生产总值是多少？", "{country}的执政党是哪个？", "欧盟有多少个成员国？", "北约有多少个国家？", "联合国有多少个会员国？", "{country}的退休年龄是多少？", "{country}的法定饮酒年龄是多少？", "{company}有多少名员工？", "{company}的总部在哪里？", "{company}属于谁？", "{company}有多少家门店？", "{country}的人均寿命是多少？", "世界上有多少人说英语？", "地球上有多少人？", "{planet}有多少颗已知的卫星？", "{country}最常见的姓氏是什么？", "{city}最高的建筑是什么？", "{series}有几季？", "{series}有几部？",
        "{city}的市长是谁？", "{series}的主演是谁？", "{city}地铁有多长？", "联合国秘书长是谁？", "教皇是谁？", "有史以来最畅销的歌手是谁？", "谁的大满贯冠军最多？", "最流行的编程语言是什么？", "世界排名第一的大学是哪所？", "世界最大的经济体是哪个？", "{country}有多少世界遗产？", "{event}最年轻的获奖者是谁？", "去{country}需要签证吗？", "有多少人登上过{planet}？", "{team}上一次获得冠军是什么时候？", "{country}上一次赢得{event}是什么时候？", "有多少人使用{software}？", "阿尔茨海默病能治愈吗？", "最贵的{product}是哪一款？",
    ),
    "e": (
        "{work}的作者是谁？", "谁写了{work}？", "谁发明了{invention}？", "{invention}是什么时候发明的？", "什么是{science}？", "请用简单的话解释{science}。", "{science}是怎么回事？", "{war}发生在哪一年？", "{war}是什么时候结束的？", "{war}的原因是什么？", "{war}谁赢了？", "{year}{event}的冠军是谁？", "{year}{event}在哪里举行？", "{dead}出生于哪一年？", "{dead}是什么时候去世的？", "{dead}是怎么死的？", "{dead}出生在哪里？", "{dead}因什么而出名？", "{dead}的妻子是谁？", "{dead}葬在哪里？", "{element}的化学符号是什么？",
        "{element}的原子序数是多少？", "{element}的沸点是多少？", "{animal}有几{thing}？", "{animal}吃什么？", "{animal}是哺乳动物吗？", "世界上{nature}是什么？", "{nature}是哪个？", "{planet}离太阳有多远？", "{planet}自转一周要多久？", "{planet}由什么组成？", "{place}在哪里？", "{place}有多高？", "{place}是谁建造的？", "{place}建于哪一年？", "{country}的首都是哪里？", "{country}位于哪个大洲？", "{country}说什么语言？", "{country}的国旗有哪些颜色？", "{country}是哪一年独立的？", "哪条河流经{city}？", "{film}的导演是谁？", "{film}是哪一年上映的？", "{film}的主演是谁？",
        "{company}是哪一年成立的？", "{company}的创始人是谁？", "{country}第一任{office}是谁？", "{year}{country}的{office}是谁？", "{star}出生在哪里？", "{star}的生日是哪天？", "{star}的真名是什么？", "怎么{hobby}？", "如何{hobby}？", "{n}乘以{n}等于多少？", "{n}的平方根是多少？", "{n}能被3整除吗？", "x的{n}次方的导数是什么？", "把“早上好”翻译成英语。", "“古老”的反义词是什么？", "第一个登上月球的人是谁？", "第一位获得诺贝尔奖的女性是谁？", "{software}最早是哪一年发布的？", "HTML是什么的缩写？", "小提琴有几根弦？", "足球比赛每队有几名球员？", "世界上有几大洲？", "闰年有多少天？", "天空为什么是蓝色的？", "水在多少度沸腾？",
        "光速是多少？", "人体有多少块骨头？", "哪个行星被称为红色星球？", "谁发现了新大陆？", "{war}是哪一年开始的？", "“我思故我在”是谁说的？", "希腊神话中的海神是谁？", "哪项运动使用羽毛球？", "写一首关于秋天的诗。", "写一个判断回文的函数。", "一周有多少分钟？", "水的化学式是什么？", "植物吸收什么气体？", "第一届{event}的冠军是谁？", "{year}{city}的人口是多少？", "{year}{good}多少钱？", "{film}是什么类型的电影？", "唐朝的开国皇帝是谁？", "四大名著是哪四部？", "《三国演义》中的诸葛亮字什么？", "{star}第一部电影是什么？", "{company}名字的由来是什么？", "最早的{product}是哪一年发布的？", "什么动物跑得最快？", "{dead}有什么代表作？",
    ),
}  # fmt: skip


def questions(*, seed: int, per_template: int = 12) -> Iterator[tuple[str, str, str]]:
    """Yield (question, label, language), each question once; the same seed gives the same questions."""
    rng = random.Random(seed)
    seen: set[str] = set()
    for language, templates, words in (("en", TEMPLATES_EN, EN), ("zh", TEMPLATES_ZH, ZH)):
        for label, forms in templates.items():
            for form in forms:
                for _ in range(per_template if "{" in form else 1):
                    text = _filled(form, words, rng)
                    if text not in seen:
                        seen.add(text)
                        yield _as_typed(text, language, rng), label, language


def _filled(form: str, words: dict[str, tuple[str, ...]], rng: random.Random) -> str:
    while "{" in form:
        slot = form[form.index("{") + 1 : form.index("}")]
        form = form.replace(f"{{{slot}}}", rng.choice(words[slot]), 1)
    return form


def _as_typed(text: str, language: str, rng: random.Random) -> str:
    """Now and then write as hurried people do: no capitals, no question mark."""
    if rng.random() < 0.25:
        text = text.rstrip("?？.。")
    return text.lower() if language == "en" and rng.random() < 0.2 else text


if __name__ == "__main__":
    drawn = list(questions(seed=1))
    print(len(drawn), {label: sum(1 for d in drawn if d[1] == label) for label in "esf"})
