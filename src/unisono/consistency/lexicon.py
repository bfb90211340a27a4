"""Word lists of the comparison: what carries no content, what denies, what is opposed, what lists more of the same.

They are data, in English and Chinese. Nothing is decided here.
"""

from __future__ import annotations

STOP = frozenset(
    """a an the this that these those it its it's he she they we you i his her their our your my him them us me
    is are was were be been being am has have had having do does did doing done will would shall should can could may
    might must and or but so if then than as of in on at to for from by with about into over during
    through between under up down out off only also too very quite rather just still already yet there here
    which who whom whose what when where while because since therefore thus hence however moreover both each every all
    any some such other own same most much many few roughly around approximately about nearly almost now one ones
    well let get gets got make makes made take takes took total exactly currently mostly said called""".split()
)
"""Words that say nothing about what a sentence is about. Opposed ones (`before`, `more`) are read before they go."""

NEGATORS = frozenset(
    """not no never nobody none nothing nowhere neither nor cannot hardly isn't aren't wasn't weren't don't
    doesn't didn't won't wouldn't can't couldn't shouldn't mustn't hasn't haven't hadn't""".split()
)

OPPOSED: tuple[tuple[str, str], ...] = tuple(
    (a, b)
    for line in """increase decrease|rise fall|rose fell|grew shrank|grow shrink|up down|higher lower|high low|
    more less|more fewer|most least|larger smaller|bigger smaller|larger shorter|large small|big small|faster slower|
    fast slow|quicker slower|warmer colder|warm cold|hot cold|hotter colder|hotter cooler|warmer cooler|older newer|
    older younger|old new|old young|better worse|best worst|good bad|stronger weaker|strong weak|longer shorter|
    long short|taller shorter|heavier lighter|heavy light|cheaper dearer|wider narrower|deeper shallower|early late|
    earlier later|before after|above below|over under|inside outside|left right|open close|opened closed|open closed|
    opens closes|true false|right wrong|correct wrong|correct incorrect|safe dangerous|safe unsafe|accept reject|
    accepted rejected|approve reject|approved rejected|approve refuse|confirm deny|confirmed denied|allow forbid|
    allowed forbidden|permitted prohibited|allowed prohibited|legal illegal|win lose|won lost|pass fail|passed failed|
    succeed fail|succeeded failed|start stop|begin end|online offline|on off|enable disable|enabled disabled|
    include exclude|included excluded|alive dead|full empty|first last|minimum maximum|exothermic endothermic|
    positive negative|rise drop|rose dropped|increased fell|rose declined|increase decline|increased declined|
    gain loss|import export|buy sell|bought sold|agree disagree|support oppose|supported opposed|always never|
    vertical horizontal|internal external|clockwise anticlockwise|even odd|public private|present absent|
    rose decreased|fell increased|odd even|guilty innocent|easy hard|easy difficult|easier harder|
    north south|east west|northern southern|eastern western|optional required|optional mandatory""".replace(
        "\n", ""
    ).split("|")
    for a, b in [line.split()]
)

SAME: tuple[tuple[str, ...], ...] = (
    ("rise", "rose", "increase", "grow", "grew", "climb"),
    ("fall", "fell", "decrease", "decline", "drop", "shrank"),
    ("big", "large", "bigger", "larger"),
    ("fast", "quick", "faster", "quicker"),
    ("buy", "bought", "acquire"),
    ("invent", "inventor"),
    ("write", "wrote", "written", "author", "writer"),
    ("fly", "flight", "flew"),
    ("average", "mean"),
    ("film", "movie"),
    ("car", "automobile"),
    ("doctor", "physician"),
    ("lawful", "legal"),
    ("start", "begin", "began", "commence"),
    ("end", "finish", "ended"),
    ("need", "require"),
    ("inhabitant", "people", "population", "resident", "populate"),
    ("long", "length"),
    ("tall", "height", "high"),
    ("wide", "width"),
    ("weigh", "weight"),
    ("birth", "born"),
    ("death", "die", "died", "dead"),
    ("price", "cost", "pay"),
    ("found", "founded", "establish"),
    ("forbid", "forbidden", "prohibit", "ban"),
    ("allow", "permit"),
)
"""Words that are taken for one."""

MORE_OF_THE_SAME = frozenset("also mention mentions mentioned include includes included including such besides".split())
"""A sentence with one of these lists things: another name in it takes nothing back."""

UNIQUE_VERBS = frozenset(
    """discovered invented wrote founded won directed composed painted built created designed launched published
    acquired bought killed established signed led married""".split()
)
"""What one does alone: another name before such a verb is another answer."""

UNIQUE_NOUNS = tuple(
    "capital currency author founder inventor discoverer composer director architect designer hero protagonist".split()
)
"""Of what there is one, as in "the capital of France"."""

ONCE_VERBS = frozenset(
    "discovered invented written wrote founded composed painted built created designed directed established".split()
)
"""Of those what happens to a thing only once: a cup is won by another each year."""

BEFORE_NAME = frozenset(
    "is are was were by in with from of to into the called named on at a an as under for near".split()
)
AFTER_NAME = frozenset(
    """is are was were by in with from of to into and or but on at as when where while for since during until that
    which who leaves . , ;""".split()
)

# ------------------------------------------------------------------------------------------ Chinese

ZH_STOP = frozenset(
    "的了在是将会这该个地得着过与和及也都就有于为被把由从到向让给对其之而并且或它他她您你我们那此约大条最终时请里中上应"
)
ZH_NEGATORS = (
    "不可以",
    "不能",
    "不会",
    "不是",
    "并非",
    "没有",
    "并未",
    "尚未",
    "无法",
    "不得",
    "不需要",
    "未",
    "没",
    "不",
    "无",
    "勿",
    "别",
    "非",
)
"""Longest first."""
ZH_NOT_NEGATORS = (
    "不同", "不断", "不仅", "不但", "不过", "不锈钢", "不久", "不少", "不管", "不论", "无论", "无线", "没收", "非常", "未来", "除非",
    "区别", "特别", "分别", "类别", "性别", "级别", "差别", "别人", "非洲", "不如", "无穷", "无限", "不等式", "不仅仅",
)  # fmt: skip
ZH_OPPOSED: tuple[tuple[str, str], ...] = (
    ("上升", "下降"), ("上涨", "下跌"), ("上涨", "下降"), ("上升", "下跌"), ("增加", "减少"), ("增长", "下降"), ("提高", "降低"), ("升高", "降低"),
    ("快", "慢"), ("大于", "小于"), ("多", "少"), ("高", "低"), ("大", "小"), ("长", "短"), ("重", "轻"), ("冷", "热"), ("冷", "暖"), ("新", "旧"),
    ("早", "晚"), ("前", "后"), ("内", "外"), ("左", "右"), ("东", "西"), ("南", "北"), ("开", "关"), ("打开", "关闭"), ("正确", "错误"), ("对", "错"),
    ("真", "假"), ("接受", "拒绝"), ("批准", "否决"), ("同意", "反对"), ("支持", "反对"), ("允许", "禁止"), ("可以", "禁止"), ("合法", "非法"),
    ("安全", "危险"), ("成功", "失败"), ("赢", "输"), ("有利", "不利"), ("最大", "最小"), ("最高", "最低"), ("进口", "出口"), ("买入", "卖出"),
    ("包括", "排除"), ("强", "弱"), ("好", "坏"), ("富", "穷"), ("吸热", "放热"), ("在线", "离线"), ("可溶", "不溶"), ("存在", "缺失"), ("奇数", "偶数"),
)  # fmt: skip
ZH_SAME: tuple[tuple[str, ...], ...] = (
    ("能够", "能", "可以", "可"),
    ("位于", "坐落于", "坐落在"),
    ("获胜", "赢得", "取胜", "胜出"),
    ("作者", "写", "所著", "著"),
    ("售价", "价格", "价钱"),
    ("使用", "用", "续航时间", "续航"),
    ("需要", "必须", "须", "需"),
    ("举行", "举办", "召开"),
    ("开始", "起"),
    ("员工", "雇员", "职工"),
    ("长度", "长", "全长"),
    ("高度", "高"),
    ("宽度", "宽"),
    ("说法", "陈述"),
    ("城市", "市"),
)
