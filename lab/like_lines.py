# ruff: noqa: E501 - the lines are data
"""Sentences that we wrote as callers of a service would, ten intents in English and Chinese: to choose by, and to test.

No line is a template, so no two differ by a word alone. Those of `CHOSEN_BY` chose the rule; `TESTED_BY` only measured it.
"""

from __future__ import annotations

_REFUND = """
I want my money back
How do I get a refund for the shoes I returned?
You charged my card twice, please reverse one of the payments
The blender arrived broken and I expect to be reimbursed
It has been ten days and the refund still is not in my account
Can you refund the shipping costs too?
I'd like to return this jacket and be paid back
Please give me back the 40 euros for the cancelled concert
What is your refund policy for opened software?
This is not what I ordered, I want a full refund
Will I be refunded to the same credit card?
I was promised a partial refund for the late delivery
how long until the money is returned to me
Refund my last purchase, the subscription renewed by mistake
The hotel cancelled on us, who pays us back?
I sent the item back last week, where's my money
Can I have store credit instead of a refund?
You owe me the price difference, please pay it out
my kid bought coins in the game by accident, can that be undone and repaid
I demand reimbursement for the damaged parcel
""", """
我要退款
鞋子退回去了，钱什么时候到账？
你们重复扣了我两次款，请退一笔
收到的搅拌机是坏的，希望全额退还
已经十天了退款还没到
运费可以一起退吗？
演出取消了，票钱怎么退
孩子误充了游戏币，能把钱退回来吗
能不能只退差价
退款会原路返回到信用卡吗
"""  # fmt: skip
_DELIVERY = """
Where is my parcel?
My order was supposed to arrive on Friday and still isn't here
Can you tell me when the package will be delivered?
The tracking number says out for delivery since yesterday
Has my order shipped yet?
I need to change the delivery address
The courier left a note but I was at home all day
Please leave the box with my neighbour
Why is the shipment stuck in customs?
How many days does express shipping take?
The tracking page shows delivered but I got nothing
Could the driver come after six in the evening?
which carrier do you use for deliveries to Norway
Is it possible to pick the parcel up at a shop?
My package has not moved for four days
I'd like to know the expected arrival of order 88213
Only two of the three boxes came today
Can I still redirect a parcel that is on its way?
when will the sofa be brought, and will they carry it upstairs
No one rang the bell and now it says delivery failed
""", """
我的包裹到哪儿了？
订单说周五到，现在还没收到
请问什么时候发货
物流信息四天没更新了
可以改一下收货地址吗
快递显示已签收，可我没拿到
能不能放在邻居家
晚上六点以后送可以吗
为什么一直卡在海关
三箱只到了两箱
"""  # fmt: skip
_PASSWORD = """
I forgot my password
How can I reset my login?
The reset link you sent me has expired
My account is locked after too many attempts
I can't sign in since this morning
The code for two-factor login never arrives on my phone
I lost the phone with my authenticator app, how do I get in?
It says wrong password but I'm sure it is right
Please unlock my user account
I want to change my password
Someone else may have logged in to my account
how do i recover an account if the old email address is gone
The login page keeps sending me back to the start
Can you send the verification mail again?
My username is not recognised any more
I need access to my profile but don't remember the secret question
After the update I was logged out and can't get back in
Set a new PIN for me please
The single sign-on of our company gives error 403
What are the rules for a new password?
""", """
我忘记密码了
怎么重置登录密码
重置链接已经过期了
账号因为尝试次数太多被锁了
从今天早上开始登录不上
收不到短信验证码
换了手机，验证器没了怎么登录
有人可能登录了我的账号
请再发一次验证邮件
用户名提示不存在
"""  # fmt: skip
_MEDICAL = """
I have had a headache for three days, should I worry?
My daughter has a fever of 39 and a rash on her arms
Can I take ibuprofen together with my blood pressure pills?
What does a sharp pain on the right side of the belly mean?
I feel dizzy every time I stand up
Is it normal that the wound is still red after a week?
Which doctor do I see for numb fingers?
My father is short of breath at night
The cough will not go away since the cold in October
How much paracetamol is safe for a child of four?
I twisted my ankle and it is swollen and blue
After the vaccination my arm hurts and I'm shivering
what could cause heart racing after coffee
I think I might be pregnant, what tests do I need?
My blood sugar was 180 this morning, is that dangerous?
There is blood in my stool
She fainted in the shower twice this month
Are these side effects of the antibiotic?
I can't sleep and my hands tremble
Does this mole look suspicious, it has grown lately
""", """
头疼三天了，要紧吗
孩子发烧三十九度还起疹子
降压药能和布洛芬一起吃吗
右下腹一阵阵刺痛是怎么回事
一站起来就头晕
伤口一个星期了还是红的正常吗
手指发麻应该挂什么科
咳嗽从十月一直没好
脚踝扭了，又肿又青
今早血糖九点八危险吗
"""  # fmt: skip
_RECIPE = """
What can I cook with leftover rice and eggs?
Give me a recipe for lentil soup
How long do I boil potatoes for a salad?
I need a vegetarian dinner for six people
Can I replace butter by oil in a sponge cake?
My bread dough does not rise, what did I do wrong?
Something quick with chicken and spinach, please
How do you make a good tomato sauce from scratch?
Which spices go into a garam masala?
What is a nice dessert without sugar?
At which temperature do I roast a duck?
The curry is far too salty, how can I save it?
ideas for packed lunches that kids actually eat
How thick should I slice the aubergines before frying?
Is there a way to make pancakes without milk?
I have two kilos of plums, what jam could I make?
Plan a week of cheap dinners for a family of four
What do I serve with grilled fish?
My mayonnaise separated, can it be rescued?
How do I knead dumpling wrappers so they stay thin?
""", """
剩米饭和鸡蛋可以做什么
扁豆汤怎么做
做沙拉的土豆要煮多久
给六个人准备一顿素食晚餐
蛋糕里的黄油可以换成油吗
面团发不起来是为什么
咖喱太咸了怎么补救
红烧肉怎么烧才不腻
没有牛奶能做松饼吗
给孩子带饭有什么好主意
"""  # fmt: skip
_CANCEL = """
Cancel my order
I want to end my subscription
Please stop the monthly plan, I don't use it any more
How do I cancel my membership before it renews?
I ordered the wrong size, can you cancel before it ships?
Terminate my contract at the next possible date
I'd like to close my account for good
Don't renew my insurance next year
Is there a fee if I cancel the booking today?
I changed my mind about the purchase from this morning
Unsubscribe me from the premium tier
Can you call off the technician's visit on Tuesday?
we no longer need the ten licences, please cancel them
What is the notice period for the gym?
I made the reservation twice, delete one of them
Cancel everything, I'm moving abroad
The trial ends tomorrow and I do not want to continue
Take me off the paid plan and keep the free one
Please withdraw my application for the card
Drop order number 5512, it takes too long
""", """
取消我的订单
我不想续订了
请停掉每月的套餐，我已经不用了
会员到期前怎么退订
尺码选错了，发货前能取消吗
我要注销账号
明年的保险不要续了
今天取消预订要收费吗
同一个预约订了两次，删掉一个
试用明天结束，我不打算继续
"""  # fmt: skip
_CONTRACT = """
Is this clause about liability enforceable?
My landlord wants to raise the rent in the middle of the lease, may he?
Please check the termination paragraph of this agreement
Can my employer forbid me to work for a competitor?
What does "time is of the essence" mean in a purchase contract?
We signed an NDA and they told the press anyway, what now?
Draft a clause that limits our damages to the fees paid
Who owns the copyright if a freelancer wrote the code?
Is an oral agreement binding when we shook hands?
The supplier delivers late again, can we withdraw from the contract?
What are my rights if the flat has mould?
Does the warranty end when the company is sold?
explain the indemnification section in plain words
How long is the limitation period for unpaid wages?
Can I sue them for breach of contract?
Which court has jurisdiction when the buyer sits in France?
My tenant refuses to move out, what steps does the law allow?
Is a signature by email valid for a power of attorney?
They changed the terms of service without telling us, is that legal?
Review this employment contract for anything unusual
""", """
这条责任条款有效吗
房东中途涨房租合法吗
帮我看看这份协议的解除条款
公司能禁止我去竞争对手那里工作吗
供应商又迟交货，我们能解除合同吗
口头约定有法律效力吗
外包写的代码版权归谁
他们违反了保密协议怎么办
拖欠工资的诉讼时效是多久
租客不肯搬走，法律允许怎么做
"""  # fmt: skip
_LEAVE = """
How many vacation days do I have left?
I'd like to take next Friday off
Can I carry over unused holidays into the new year?
Please enter sick leave for me from Monday to Wednesday
What is the policy for parental leave?
My manager has not approved my time-off request yet
Do I need a doctor's note for a single sick day?
I want to work part time after my maternity leave
Is Good Friday a day off for the Madrid office?
How far ahead must I request a long holiday?
I fell ill during my holiday, do I get the days back?
Who covers for me while I am away in August?
can i take unpaid leave for three months to travel
Cancel my leave in March, the trip fell through
Am I paid for the days when my child is sick?
How do I apply for a sabbatical?
I have a funeral on Thursday, how do I report the absence?
Does overtime count as extra days off?
When do new employees get their first vacation days?
Book half a day off for me tomorrow afternoon
""", """
我还剩几天年假
下周五想请一天假
没休完的假能不能转到明年
请帮我登记周一到周三的病假
产假有什么规定
主管还没批我的请假申请
只病一天需要医生证明吗
想请三个月无薪假去旅行
加班可以换调休吗
明天下午帮我请半天假
"""  # fmt: skip
_TRAVEL = """
Book me a flight to Lisbon on the third of May
Is there a direct train from Vienna to Venice?
I need a hotel near the fair for two nights
How much luggage may I take on board?
My connecting flight leaves in forty minutes, will I make it?
Find a cheap room in Kyoto for the cherry blossom
Can I change the name on my plane ticket?
Do I need a visa for Vietnam with a Polish passport?
Reserve a window seat for the night train
What is the fastest way from the airport to the centre?
We want to rent a car in Sicily for ten days
The ferry was cancelled because of the storm, what else is there?
which airline flies nonstop to Recife
Can I check in online for two people at once?
Is breakfast included in the room?
I'd like to upgrade to business class with my miles
Which islands can we visit in one week without flying?
My suitcase did not arrive in Oslo
Move my return flight to Sunday evening
Are dogs allowed in the sleeping car?
""", """
帮我订五月三号去里斯本的机票
维也纳到威尼斯有直达火车吗
展会附近要一间住两晚的酒店
能带多少行李上飞机
转机只有四十分钟来得及吗
机票上的名字可以改吗
去越南需要签证吗
夜车给我订靠窗的位子
从机场到市区怎么走最快
我的行李箱没有到奥斯陆
"""  # fmt: skip
_FAULT = """
The app crashes when I open the camera
My printer is offline although the cable is in
The screen stays black after I press the power button
Wifi drops every few minutes on the second floor
After the update no sound comes out of the speakers
Error 0x80070057 appears when I install the driver
The washing machine stops in the middle of the cycle
My laptop gets hot and the fan never stops
Bluetooth does not find my headphones
The website shows a blank page in Firefox
Why does the tablet charge so slowly?
The scanner makes a grinding noise and then stops
I plugged in the new router and nothing lights up
the video call freezes whenever I share my screen
My keyboard types the wrong letters
The battery is empty after two hours
Files on the network drive cannot be opened any longer
It says disk full but I deleted everything
The thermostat no longer talks to the app
Restarting did not help, the touch screen still does not react
""", """
一打开相机应用就闪退
打印机接好线了还是显示脱机
按了电源键屏幕一直黑着
二楼的无线网隔几分钟就断
更新以后没有声音了
装驱动时报错怎么办
洗衣机洗到一半就停
蓝牙搜不到耳机
平板充电特别慢
重启也没用，触摸屏还是没反应
"""  # fmt: skip


def _parted(texts: tuple[str, str]) -> dict[str, tuple[str, ...]]:
    english, chinese = (tuple(text.strip().splitlines()) for text in texts)
    return {"en": english, "zh": chinese}


CHOSEN_BY = {
    name: _parted(texts)
    for name, texts in {
        "refund": _REFUND, "delivery": _DELIVERY, "password": _PASSWORD, "medical": _MEDICAL, "recipe": _RECIPE,
    }.items()
}  # fmt: skip
TESTED_BY = {
    name: _parted(texts)
    for name, texts in {
        "cancel": _CANCEL, "contract": _CONTRACT, "leave": _LEAVE, "travel": _TRAVEL, "fault": _FAULT,
    }.items()
}  # fmt: skip
