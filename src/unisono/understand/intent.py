"""Whether the user's own words ask for more thought or for a quick answer, in fourteen languages.

Curated phrases with rules of scope: only the last message of the user counts, only words that are the user's own
(`own.py`), and a phrase must stand where an instruction stands: as a clause of its own, or at the beginning or the end of
one, not inside a report ("my boss told me to think hard") or a question about thinking. A negation before a phrase turns
it round ("don't think too hard" asks for less, "not a quick answer" for more). A wished length ("in two sentences") is
format and no effort.

It does not learn, and it does not say what effort means for a choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from unisono.types import Effort, Message
from unisono.understand.own import own_words

# Each language: MORE and LESS phrases as alternatives of one expression, and what negates them.
# ASCII blanks in a phrase match any run of blanks. `~` stands for up to three words between two parts of a phrase.

_MORE: dict[str, str] = {
    "en": (
        r"(?:think|reason|reflect|ponder|deliberate)(?: (?:about|on|through|over))?(?: (?:this|it|that|these|things|everything"
        r"|your (?:answer|response|reply)|the (?:question|problem|answer)))?(?: (?:through|over|out|about it))?"
        r"(?: (?:really|very|extremely|super|quite|more|a (?:lot|bit|little)|much|as|long and|good and|nice and|slowly and|deeply and|carefully and|again))*"
        r" (?:hard(?:er|est)?|careful(?:ly)?|deep(?:ly|er)?|thorough(?:ly)?|step[- ]by[- ]step|slowly|slow|rigorously|critically|twice|long|longer|properly|methodically|seriously|it through|this through|it over|this over)"
        r"|think (?:before|as hard|as long|long enough)~|think (?:this|it|things|everything) (?:through|over)|(?:ultra|mega|super|extra)[- ]?think|think (?:again|more|step by step)"
        r"|take (?:all )?(?:your|ur|the|as much|as long|some|more|all the|plenty of) (?:sweet |own )?(?:time|as you (?:need|like|want)|long as you (?:need|like|want))"
        r"|take (?:as (?:much time|long) as (?:you need|you like|you want|necessary|it takes)|it slow(?:ly)?|care)"
        r"|(?:there(?:'s|’s| is) )?(?:absolutely )?no (?:rush|hurry|time pressure)(?: (?:at all|here|whatsoever))?|(?:i(?:'m|’m| am) (?:not )?)in no (?:rush|hurry)|in no (?:rush|hurry)"
        r"|be (?:very |really |extremely |extra |as |super |especially )*(?:careful|thorough|rigorous|meticulous|exhaustive)(?: (?:here|with|about|in|as)~)?"
        r"|(?:double|triple)[- ]?check~|check (?:your|the|every|each)(?: \w+)? (?:work|reasoning|steps?|answer|calculations?|result)~|verify (?:your|the|every|each) (?:work|reasoning|steps?|answer|calculations?|result|logic)~"
        r"|(?:use|with|apply|put in|spend|give (?:it|this|me)|put)(?: (?:your|all|all your|all of your|the|full|as much|a lot of|lots of|maximum|max|some|more|extra|real|serious|deep|high|careful|proper|your full|your best|of|your very best))* (?:effort|thought|thinking|reasoning|brain ?power|attention|compute|consideration|care)(?: (?:into|to|on|as)~)?"
        r"|(?:max(?:imum)?|high|full|deep|extended|maximal) (?:effort|reasoning|thinking|thought)(?: mode)?|(?:deep|extended|slow|careful)[- ](?:think|thinking|reasoning|thought)(?: mode)?(?: (?:please|on))?"
        r"|go (?:really |very |as )?(?:deep|in[- ]depth)(?: (?:on|into|as|here)~)?|dig (?:really )?deep(?:er)?|work (?:through )?(?:this|it)?~(?:carefully|thoroughly|step by step|rigorously|methodically)"
        r"|(?:i (?:really )?(?:want|need|would like|expect)|i(?:'d|’d) (?:like|prefer|rather have)|give me|looking for)(?: a| an| the| your)?(?: really| very| most)? (?:carefully|thoroughly|well|deeply|properly)[- ](?:considered|reasoned|thought[- ](?:out|through)|researched|argued|analy[sz]ed)~"
        r"|(?:give|put)(?: me| it| this)? your (?:best|most careful|deepest|most thorough) (?:thinking|thought|analysis|reasoning|shot)|(?:your )?(?:best|most careful) (?:thinking|reasoning)"
        r"|(?:consider|analy[sz]e|examine|weigh|look at|go through|study|work out|solve|check)(?: (?:this|it|that|the|every|each|all|everything))?~ (?:very |really |extremely )?(?:carefully|thoroughly|deeply|rigorously|meticulously|with (?:great |extreme |the utmost )?care)"
        r"|(?:this|it) (?:one )?(?:(?:is|’s|'s) (?:really |very )?(?:tricky|subtle|hard|important)[ ,]+(?:so )?)?(?:needs|requires|deserves|calls for) (?:real|careful|serious|deep|some|proper|a lot of|your full) (?:thought|thinking|reasoning|attention|consideration)"
        r"|accuracy matters more than speed|quality over speed|correctness over speed|i (?:can|will|'ll|’ll) wait|i(?:'m|’m| am) (?:happy|willing) to wait|i have (?:all day|plenty of time)|sleep on it"
    ),
    "zh": (
        r"(?:请|麻烦|先|再|一定要|务必|要|你|给我|帮我|好好|多|仔细地?|认真地?|深入地?|慢慢地?)*(?:仔细|认真|好好|深入|慢慢|静下心来|用心|反复|充分|全面|严谨|周密|彻底)(?:地)?(?:想(?:一?想|清楚|一下|好)?|思考|考虑|分析|推理|推敲|琢磨|斟酌|检查|推导|研究|核对|验证|斟酌)(?:一下|一番|清楚)?"
        r"|(?:请|先)?(?:多|多花点?时间|花点?时间|花时间)(?:想(?:一?想|一会儿?|几步)|思考|琢磨|考虑)(?:一下|一会儿)?|慢慢来|慢慢想|(?:不用|不要|别|不必|不需要|无需)(?:太)?(?:着急|急|赶)|不(?:着)?急|不赶时间|没有时间限制|时间(?:很)?充裕"
        r"|(?:一步一步|一步步|逐步|按步骤|分步)(?:地|来)?(?:想|思考|推理|分析|推导|来)|(?:请)?三思(?:而后)?|想(?:清楚|好|明白|透)(?:了)?(?:再|之后再|后再)(?:回答|答|说|告诉我|给)|(?:动动|开动)(?:脑子|脑筋)|深思(?:熟虑)?|(?:用力|使劲|努力|拼命|尽力)想|绞尽脑汁|(?:深度|深入)思考(?:模式)?|全力(?:以赴)?(?:地)?(?:思考|推理|想)"
        r"|(?:请)?(?:反复|再三|多次|仔细|务必|一定要)(?:检查|确认|核实|核对|验算|验证)|严谨(?:一点|些|地)?(?:推理|论证|证明|分析)?|(?:慎重|谨慎)(?:地)?(?:回答|考虑|思考|作答)"
    ),
    "de": (
        r"(?:denk|denke|denken sie|überleg|überlege|überlegen sie|grüble|grüble|reflektiere|prüfe|prüf|prüfen sie|analysiere|rechne)(?: (?:bitte|mal|darüber|hier|das|es|dir das|dir|noch|ruhig|dabei|alles|jeden schritt|erst|erstmal|ganz|sehr|wirklich|besonders|richtig|genau|scharf))*"
        r" (?:gründlich|genau|scharf|gut|sorgfältig|tief|intensiv|lange|länger|in ruhe|schritt für schritt|nach|angestrengt|ausführlich nach|genau nach|gründlich nach|gut nach)(?: (?:nach|darüber nach|durch|bevor~))?"
        r"|(?:nimm|lass|nehmen sie|lassen sie) (?:dir|sich)(?: (?:ruhig|bitte|gerne|alle|die|so viel))* zeit(?: (?:wie|dabei|damit|zum)~)?|(?:keine|kein) (?:eile|hektik|stress|zeitdruck)|(?:es|das) eilt nicht|in aller ruhe|mit bedacht|(?:sei|seien sie)(?: (?:bitte|sehr|besonders|ganz))* (?:gründlich|sorgfältig|genau|präzise)|gib dir (?:bitte )?(?:alle |viel |richtig )?mühe|streng dich (?:bitte |richtig |mal )?an|(?:genau|gründlich|scharf|gut|sorgfältig|lange) (?:nachdenken|überlegen|prüfen|durchdenken)|schritt für schritt (?:denken|nachdenken|vorgehen)|überprüfe (?:bitte )?(?:deine|jeden|alle|dein)~|volle denkleistung"
    ),
    "fr": (
        r"(?:réfléchi(?:s|ssez|r)|réflechi(?:s|ssez|r)|reflechi(?:s|ssez|r)|raisonne[rz]?|pense[rz]?(?:-y)?|analyse[rz]?|examine[rz]?|vérifie[rz]?|pèse[rz]?)(?:-y|-toi|-vous)?(?: (?:à|a) (?:ça|cela|ce problème|cette question|la question|ta réponse))?(?: (?:y|très|vraiment|ça|cela|tout|toutes|chaque étape|bien|plus|le|la|les|ce problème|cette question))*"
        r" (?:bien|longuement|soigneusement|profondément|attentivement|sérieusement|mûrement|fort|étape par étape|en profondeur|deux fois|calmement|rigoureusement|longtemps|avant de répondre|avec soin)(?: (?:avant~|et~))?"
        r"|(?:réfléchi(?:s|ssez)|reflechi(?:s|ssez))(?:-y)?(?: bien)?(?: avant de répondre)?|(?:prends|prenez|prend)(?: (?:bien|tout|donc))?(?: (?:ton|votre|le|tout le))? temps(?: (?:de|pour|qu'il|nécessaire|dont|qu’il|avant)~)?|(?:rien ne presse|pas (?:de )?(?:presse|précipitation|d'urgence|d’urgence)|il n'y a pas (?:le feu|d'urgence))|sois (?:très |bien |vraiment )?(?:rigoureux|minutieux|précis|attentif|prudent|exhaustif)|soyez (?:très )?(?:rigoureux|minutieux|attentif)|(?:avec|mets-y|fais)(?: (?:le|un|tout ton|beaucoup de|un gros|le plus grand))* (?:soin|effort de réflexion|maximum d'effort)|vérifie[rz]? (?:bien )?(?:ton|chaque|tes|votre|vos|deux fois)~|creuse (?:bien |vraiment )?(?:la question|le sujet)?|raisonne(?:z)? étape par étape"
    ),
    "es": (
        r"(?:piens[ae]lo?|piénsa(?:lo|telo)?|piénse(?:lo|selo)|piensa|piense|pensa|pensalo|reflexion[ae]|razon[ae]|medit[ae]|analiz[ae](?:lo)?|analíza(?:lo)|revis[ae](?:lo)?|comprueb[ae]|considér[ae](?:lo)?|considera)(?: (?:esto|eso|lo|la respuesta|el problema|sobre esto|en esto|muy|todo|cada paso|más|tu respuesta|bien|con))*"
        r" (?:bien|a fondo|profundamente|con (?:mucho )?(?:cuidado|calma|detenimiento|atención)|detenidamente|cuidadosamente|mucho|dos veces|paso a paso|en profundidad|despacio|seriamente|más)(?: (?:antes de~|y~))?"
        r"|(?:tóma(?:te|tele)|tome(?:se)?|tómese|tomate)(?: (?:todo))?(?: (?:tu|su|el|todo el))? (?:tiempo|calma)(?: (?:que|necesario|para)~)?|(?:sin|no hay|no tengo|no te des) (?:ninguna )?(?:prisa|prisas|apuro)|con calma|sé (?:muy )?(?:riguroso|minucioso|cuidadoso|exhaustivo)|sea (?:muy )?(?:riguroso|cuidadoso)|esfuérza(?:te|se)(?: (?:al máximo|mucho|en)~)?|piensa antes de (?:responder|contestar)|razona paso a paso|comprueba (?:bien )?(?:tu|cada|dos veces)~|usa todo tu (?:esfuerzo|razonamiento)"
    ),
    "it": (
        r"(?:pensa(?:ci|re)?|pensi|rifletti(?:ci)?|rifletta|riflettere|ragiona(?:ci)?|ragioni|analizza(?:lo)?|esamina(?:lo)?|valuta(?:lo)?|verifica|controlla)(?: (?:su questo|su|questo|ci|molto|tutto|ogni passaggio|la risposta|il problema|più|tanto))*"
        r" (?:bene|a fondo|attentamente|con (?:molta )?(?:attenzione|calma|cura)|accuratamente|seriamente|profondamente|a lungo|due volte|passo (?:per|dopo) passo|in profondità|con calma)(?: (?:prima di~|e~))?"
        r"|(?:prenditi|si prenda|prendi)(?: (?:pure))?(?: (?:tutto))?(?: (?:il|il tuo|del))? tempo(?: (?:che|necessario|per|di cui)~)?|(?:senza|non c'è|non ho|non c’è) (?:alcuna )?fretta|con calma|sii (?:molto )?(?:preciso|rigoroso|accurato|scrupoloso|attento)|ragiona (?:bene|passo (?:per|dopo) passo)|impegnati (?:al massimo|davvero|a fondo)|pensa prima di rispondere|ricontrolla~"
    ),
    "pt": (
        r"(?:pens[ae]|pensar|reflit[ae]|reflete|raciocin[ae]|analis[ae]|consider[ae]|verifi(?:ca|que)|examin[ae])(?: (?:nisso|nisto|nesta questão|sobre isso|isso|muito|tudo|cada passo|a resposta|o problema|mais|bem))*"
        r" (?:bem|bastante|a fundo|com (?:muito |muita )?(?:cuidado|calma|atenção)|cuidadosamente|atentamente|profundamente|seriamente|duas vezes|passo a passo|com profundidade|muito|devagar)(?: (?:antes de~|e~))?"
        r"|(?:leva|leve|toma|tome|usa|use|demora|demore)(?: (?:todo))?(?: (?:o|o teu|o seu|o tempo|seu|teu|todo o))? tempo(?: (?:que|necessário|para|de que)~)?|(?:sem|não há|não tenho|não tem) (?:nenhuma )?(?:pressa|correria)|com calma|s(?:ê|eja) (?:muito |bem )?(?:rigoros[oa]|cuidados[oa]|minucios[oa]|exaustiv[oa])|esfor(?:ça-te|ce-se)(?: ao máximo)?|capriche?(?: no raciocínio)?|pens[ae] antes de responder|raciocin[ae] passo a passo"
    ),
    "ru": (
        r"(?:хорошенько|хорошо|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно|очень|не спеша|спокойно|пожалуйста)?[ ,]*(?:подумай(?:те)?|обдумай(?:те)?|продумай(?:те)?|поразмысли(?:те)?|размышляй(?:те)?|рассуждай(?:те)?|проанализируй(?:те)?|проверь(?:те)?|взвесь(?:те)?)(?: (?:над этим|об этом|это|всё|все|ещё раз|каждый шаг|свой ответ|ответ|решение|этот вопрос|очень))*(?: (?:хорошенько|хорошо|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно|не спеша|подольше|дважды|шаг за шагом|пошагово|по шагам|прежде чем~|перед тем как~|перед ответом))"
        r"|(?:хорошенько|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно) (?:подумай(?:те)?|обдумай(?:те)?|продумай(?:те)?|проанализируй(?:те)?|поразмысли(?:те)?|проверь(?:те)?)~|не (?:торопись|торопитесь|спеши|спешите)(?: (?:с ответом|никуда))?|не спеша|(?:спешить|торопиться) некуда|(?:время|времени) (?:есть|достаточно|хватает)|спешки нет|без спешки|думай(?:те)? (?:шаг за шагом|пошагово|подольше|хорошенько|тщательно|как следует|внимательно)|рассуждай(?:те)? (?:шаг за шагом|пошагово|подробно)|напряги(?:те)? (?:мозги|извилины)|будь(?:те)? (?:очень |предельно )?(?:внимателен|внимательны|внимательна|точен|аккуратен|аккуратны)|постарайся(?: (?:как следует|изо всех сил))|перепроверь(?:те)?~"
    ),
    "ja": (
        r"(?:よく|じっくり|しっかり|慎重に|深く|ちゃんと|丁寧に|もっと|徹底的に|落ち着いて|時間をかけて|ゆっくり|真剣に|注意深く|入念に)(?:と)?(?:時間をかけて)?(?:考えて?|考え抜いて|検討して?|吟味して?|熟考して?|推論して?|分析して?|確認して?|見直して?|検証して?|考察して?)(?:から)?|熟考(?:して|の上)|(?:焦ら|急が|慌て)(?:ず(?:に)?|ないで|なくて(?:も)?(?:いい|大丈夫|構わない)|なくて結構)|急ぎ(?:では|じゃ)(?:ない|ありません)|時間(?:は|が)?(?:いくら|どれだけ)?(?:かかっても|かけて(?:も)?)(?:いい|構わない|かまわない|大丈夫|考えて)?|(?:ステップバイステップ|一歩ずつ|段階的に|順を追って|順序立てて)(?:で)?(?:考えて|推論して|検討して)|よーく考えて|頭を使って|全力で考えて|本気で考えて|深く考えて|慎重に(?:答えて|お願い)"
    ),
    "ko": (
        r"(?:잘|깊이|깊게|신중하게|신중히|꼼꼼하게|꼼꼼히|천천히|충분히|곰곰이|곰곰히|차근차근|진지하게|제대로|열심히|오래|자세히|단계별로|한 단계씩|철저히|철저하게)(?: (?:좀|한번|더|시간을 들여|시간을 두고))*[ ]?(?:생각|고민|검토|추론|분석|따져|살펴|확인|점검|숙고)(?:해|하고|해서|해봐|해 봐|해줘|해 줘|해주세요|해 주세요|하세요|한 다음|한 뒤|한 후|보고|봐|보세요|해보고|해 보고)?|서두르지 (?:말고|마|않아도|마세요|말아|않으셔도)|급하지 않|(?:시간을?|시간) (?:들여|갖고|가지고|두고|충분히)~|천천히 (?:해|하세요|답|생각)|급할 (?:것|거) 없|심사숙고|머리를 (?:써|굴려|짜내)|여러 번 (?:확인|검토|검산)"
    ),
    "nl": (
        r"(?:denk|bedenk|overdenk|redeneer|analyseer|controleer)(?: (?:hier|er|dit|eens|even|alles|elke stap|heel|erg|echt|over na|hierover|erover|je antwoord))* (?:goed|diep|grondig|zorgvuldig|hard|lang|rustig|stap voor stap|diep na|goed na|grondig na|serieus)(?: (?:na|over na|voordat~|door))?|neem (?:gerust |rustig )?(?:de|je|alle|er de) tijd(?: (?:die|voor|ervoor)~)?|(?:geen|er is geen) (?:haast|stress)|haast je niet|wees (?:heel |zeer )?(?:grondig|zorgvuldig|nauwkeurig)"
    ),
    "pl": (
        r"(?:pomyśl|przemyśl|zastanów się|zastanow się|przeanalizuj|rozważ|sprawdź|rozumuj)(?: (?:nad tym|to|o tym|wszystko|każdy krok|się|bardzo|swoją odpowiedź))* (?:dobrze|dokładnie|głęboko|porządnie|uważnie|spokojnie|długo|krok po kroku|dwa razy|zanim~|starannie)|(?:dobrze|dokładnie|głęboko|uważnie|porządnie) (?:pomyśl|przemyśl|zastanów się|przeanalizuj|sprawdź)~|nie (?:spiesz|śpiesz) się|(?:bez|nie ma) pośpiechu|(?:poświęć|weź) (?:na to |sobie )?(?:tyle |dużo )?czas\w*~|bądź (?:bardzo )?(?:dokładny|staranny|uważny)"
    ),
    "ar": (
        r"(?:فكر|فكّر|فكري|تأمل|تمعن|تمعّن|ادرس|حلل|راجع|تحقق)(?: (?:في|الأمر|ذلك|هذا|المسألة|السؤال|إجابتك|كل|خطوة))* ?(?:جيدا|جيداً|مليا|ملياً|بعمق|بتمعن|بعناية|بتأن|بتأنٍ|بدقة|بهدوء|خطوة بخطوة|طويلا|طويلاً|مرتين)|خذ (?:كل )?(?:وقتك|الوقت)~|(?:لا تستعجل|لا تتسرع|دون تسرع|بدون استعجال|لا داعي للعجلة|لست مستعجلا|لست في عجلة)|على مهلك|بتأن"
    ),
    "hi": (
        r"(?:अच्छी तरह|अच्छे से|ध्यान से|गहराई से|सावधानी से|ठीक से|सोच[- ]समझकर|सोच समझ कर|धीरे[- ]धीरे|गंभीरता से|चरण दर चरण|कदम दर कदम)(?: (?:से|और))? ?(?:सोच|विचार|जाँच|जांच|उत्तर|जवाब)\w*~|(?:जल्दी|हड़बड़ी|जल्दबाज़ी|जल्दबाजी) (?:मत|न|नहीं|ना)~|(?:कोई|कोई भी) जल्दी नहीं|(?:अपना|पूरा|जितना) (?:पूरा )?(?:समय|टाइम|वक्त) (?:लो|लीजिए|लें|ले)|आराम से (?:सोच|जवाब)\w*~|दिमाग लगा\w*~"
    ),
}

_LESS: dict[str, str] = {
    "en": (
        r"(?:just |only |simply )?(?:give me |gimme |need |i need |i want |i just (?:want|need) |i only (?:want|need) |want )?(?:just |only )?(?:a |the |your |some )?(?:super |really |very |real )?(?:quick|fast|rapid|speedy|snappy|instant|immediate|rough|ballpark|off[- ]the[- ]cuff|quick and dirty|quick[- ]and[- ]dirty|gut|one[- ]shot|knee[- ]jerk)(?:,? (?:short|simple|rough|and \w+|dirty|little|easy|gut|brief))* (?:answer|response|reply|guess|estimate|take|reaction|one|yes or no|yes/no|opinion|idea|gut feeling|feeling|ballpark|sketch|suggestion)(?: (?:is (?:fine|ok|okay|enough|all i need|good)|will do|suffices|works|would do|only|please|on))?"
        r"|(?:answer|respond|reply|tell me|say it|guess|be)(?: me| it)?(?: (?:as|very|really|super))* (?:quick(?:ly)?|fast|rapidly|right away|immediately|instantly|asap|straight ?away|swiftly|snappy)(?: as (?:you can|possible))?|(?:be|make it|keep it|make this) (?:super |really |very )?(?:quick|fast|snappy|speedy)"
        r"|(?:think|thinking|reason|reasoning|worry|go|dwell|analy[sz]e|stress)(?: (?:about|on|over) (?:it|this|that))? (?:too|so|that|very|particularly|overly) (?:hard|much|deep|deeply|long|carefully|thoroughly)|(?:spend|take|waste)(?: (?:too|so|very|that))? (?:much|long|a lot of)(?: time)?(?: (?:thinking|on~))?"
        r"|real(?:ly)? quick|quickly|quick|asap|right away|fast|super quick|no[- ]brainer"
        r"|overthink(?:ing)?(?: (?:it|this|things|that|anything))?|(?:off|from) the top of your head|(?:the )?first thing (?:that )?(?:comes|pops|springs) (?:to|into) (?:your )?(?:mind|head)|first thought that (?:comes|pops)~|(?:go with |trust |just )?(?:your )?gut(?: (?:feeling|reaction|instinct|answer))?|shoot from the hip|wing it|rush(?: (?:it|this|the answer|your answer|through it|to an answer))?|hurry(?: up)?"
        r"|without (?:much|any|too much|a lot of|further|deep|long) (?:thinking|thought|reasoning|analysis|deliberation|consideration|ado)|without (?:thinking|overthinking|reasoning|analy[sz]ing)(?: (?:too (?:hard|much|long)|much|about it|hard|it))?|no (?:deep |long |further |elaborate )?(?:thinking|reasoning|analysis|deliberation)(?: (?:needed|required|necessary|please|mode))?|minimal (?:effort|thinking|reasoning|thought)|low (?:effort|reasoning)|least effort"
        r"|i(?:'m|’m| am) (?:really |a bit |kind of |kinda )?(?:in (?:a|such a|quite a|some) (?:\w+ )?(?:hurry|rush)|short on time|pressed for time|late|running late)|in a (?:hurry|rush)|(?:i )?(?:don't|don’t|do not) have (?:much |a lot of |any )?time|(?:time is short|short on time|running late|gotta run|got to run|need (?:it|this) (?:fast|quick|quickly|asap|now|right now))"
        r"|(?:a )?rough (?:idea|guess|estimate|answer)(?: (?:is|will|would)~)?|speed (?:matters|is|over|counts)~|skip the (?:thinking|reasoning|deep analysis|long analysis|deliberation)"
    ),
    "zh": (
        r"(?:请|麻烦)?(?:你)?(?:给我|帮我)?(?:赶紧|赶快|快速|迅速|快点儿?|快快|尽快|马上|立刻|立即|随便|随口|简单|大概|直接|速速|秒)(?:地)?(?:简单)?(?:给个|给我|给|说个|来个)?(?:回答|回复|答复|答|说说?|告诉我|讲|估(?:计|算)?|猜|给答案|给结论|答案|结论)(?:一下|下|我|个)?(?:就(?:好|行|可以|够了?)|即可|吧)?"
        r"|(?:给|来|要|只要|给我)(?:我)?(?:个|一个)?(?:快速|快|大概|粗略|简单)的?(?:答案|回答|答复|结论|估计)(?:就(?:好|行|可以|够))?|想(?:得)?(?:太|那么|这么)(?:多|久|复杂|深)|(?:过度|过多)思考|(?:多|细|深)想|深究|钻牛角尖|(?:太|那么)(?:认真|纠结|较真)|纠结|(?:长篇大论|思考太久|思考)|我?(?:很)?(?:赶时间|着急|急用|没时间|时间紧|来不及了?)|凭(?:直觉|感觉|第一感觉)(?:回答|答|说)?|第一反应|脱口而出|快(?:一)?点(?:儿)?|速答|速回|急(?:！|!|，|$)|在线等"
    ),
    "de": (
        r"(?:nur |einfach |bloß |lieber )?(?:gib mir |ich (?:brauche|will|möchte) |mir reicht |es reicht |reicht )?(?:nur |einfach |bloß )?(?:eine?n?|'ne|ne|die)?(?: ganz| kurze)?,? ?(?:schnelle|rasche|spontane|flotte|fixe|grobe|ungefähre|kurze,? schnelle)n? (?:antwort|schätzung|einschätzung|reaktion|auskunft|idee|meinung)(?: (?:reicht|genügt|bitte))?|(?:antworte|sag|sag's|sag es|rate|schätz|antworten sie|mach)(?: (?:mir|bitte|mal|es|einfach|nur|das|ganz))* (?:schnell|sofort|rasch|zügig|flott|spontan|auf die schnelle|aus dem bauch(?: heraus)?)|auf die schnelle|(?:mach|fass)(?:'s| es)? (?:bitte )?(?:schnell|kurz und schmerzlos)|ganz schnell|schnell(?: mal)?(?: bitte)?|aus dem bauch(?: heraus)?|spontan|(?:zerbrich dir|zerbrechen sie sich)~ den kopf|(?:zu )?(?:viel|lange|lang|groß|großartig|tief|kompliziert|sehr|ewig) (?:nach(?:zu)?denken|(?:zu )?überlegen|(?:nach)?grübeln|darüber nach)|(?:denk|überleg)(?:e)?(?: (?:bitte|dabei|hier|da|darüber|nicht))* (?:zu |so )?(?:viel|lange|lang|kompliziert)(?: (?:nach|darüber nach))?|(?:langes|großes|viel|tiefes) (?:nachdenken|überlegen|grübeln)|(?:ich )?(?:hab|habe|bin)(?: es| in| hier| grad| gerade)* (?:eilig|eile|wenig zeit|keine zeit|kaum zeit)|bin in eile|pi mal daumen"
    ),
    "fr": (
        r"(?:juste |simplement |seulement )?(?:donne[- ]moi |donnez[- ]moi |je veux |il me faut |j'ai besoin d'|j’ai besoin d’)?(?:juste |seulement |simplement )?(?:une |un |la |d'une )?(?:réponse|avis|estimation|idée|réaction|approximation)(?: (?:très|toute|bien))? (?:rapide|vite fait|express|immédiate|approximative|spontanée|à chaud|instantanée|à la louche)(?: (?:suffit|svp|s'il te plaît|me suffit|suffira))?|(?:répond[sz]?|répondez|dis|dites|réponds)(?:[- ]moi)?(?: (?:très|le plus|ça|juste|donc|tout de suite))* (?:vite|rapidement|tout de suite|immédiatement|sans réfléchir|à chaud|du tac au tac|spontanément)(?: possible)?|vite fait(?: bien fait)?|(?:fais|faites)(?: (?:ça|le|simple et))?(?: (?:très))? (?:vite|rapide|court et rapide)|rapidement|vite|en vitesse|(?:te|vous|se) (?:prends?|prenez|prendre|casse[rz]?) (?:pas )?la tête|(?:sans )?(?:trop|longuement|longtemps|plus que ça) (?:y )?(?:réfléchir|penser|cogiter|creuser)|(?:réfléchi(?:s|ssez|r)|cogite|pense)(?: (?:pas|y))* (?:trop|longtemps|des heures|longuement)|sans (?:trop )?(?:y )?(?:réfléchir|longue réflexion|réflexion|te creuser la tête)~|(?:je suis|on est|suis) (?:très |un peu )?(?:pressée?s?|à la bourre|en retard)|j'ai pas le temps|(?:à|au) (?:l'instinct|la louche|pif|feeling|doigt mouillé)|première (?:idée|chose) qui (?:te|vous) (?:vient|passe)~|dare-dare"
    ),
    "es": (
        r"(?:solo |sólo |solamente |simplemente |nomás )?(?:dame |deme |necesito |quiero |me basta (?:con )?|con )?(?:solo |sólo )?(?:una |un |la )?(?:respuesta|estimación|idea|opinión|contestación|aproximación)(?: (?:muy|bien|corta y))? (?:rápida|rapida|veloz|inmediata|aproximada|exprés|espontánea|al vuelo)(?: (?:basta|por favor|y ya|me sirve|está bien))?|(?:responde|respóndeme|contesta|contéstame|dime|responda|conteste|dímelo)(?: (?:lo más|muy|ya|me|solo))* (?:rápido|rápidamente|rapido|enseguida|de inmediato|ya mismo|ya|deprisa|sin pensar)(?: posible)?|(?:a la )?(?:rápido|rapidito|rapidísimo|rápidamente|deprisa|a bote pronto|a ojo|al vuelo|a la carrera|de volada)|(?:algo|hazlo|que sea) (?:muy )?(?:rápido|rapidito)|(?:pensar(?:lo)?|pienses|piense|vueltas|darle vueltas|compliques|compliqu[eé]s|rompas la cabeza|devanes los sesos|calientes la cabeza|pienses)(?: (?:lo|le|te|más|en))*(?: (?:demasiado|mucho|tanto|muchas vueltas|más de la cuenta|la cabeza))|(?:le|lo) (?:des|dé) (?:muchas|más|tantas) vueltas|(?:te|se) (?:compliques|complique|rompas la cabeza|comas el coco|calientes la cabeza)|sin (?:pensarlo|pensar|darle)(?: (?:mucho|demasiado|tanto|muchas vueltas|más))?|(?:tengo|llevo|con)(?: (?:mucha|un poco de))? prisa|estoy (?:apurado|apurada|con prisa)|no tengo (?:mucho )?tiempo|lo primero que (?:se )?te (?:venga|ocurra)~"
    ),
    "it": (
        r"(?:solo |soltanto |semplicemente |basta )?(?:dammi |mi dia |mi serve |voglio |mi basta )?(?:solo |soltanto )?(?:una |un |la |un')?(?:risposta|stima|idea|opinione|parere)(?: (?:molto|breve e))? (?:rapida|veloce|rapido|immediata|approssimativa|al volo|istantanea|sbrigativa)(?: (?:basta|per favore|va bene|e via))?|(?:rispondi(?:mi)?|dimmi|risponda|dimmelo)(?: (?:il più|molto|pure|solo|mi))* (?:in fretta|velocemente|rapidamente|subito|al volo|di getto|alla svelta|veloce)(?: possibile)?|(?:al volo|in fretta|velocemente|alla svelta|di getto|a occhio|a naso|su due piedi|veloce veloce)|(?:fai|fallo|facciamo)(?: (?:in fretta|veloce|presto|alla svelta))|(?:pensar(?:ci|e)|riflettere|rifletterci|ragionarci|ragionare|rimuginar(?:e|ci)|starci a pensare)(?: (?:su))? (?:troppo|molto|tanto|più di tanto|a lungo)|(?:troppo|tanto) (?:a pensarci|pensarci|rifletterci)|(?:farti|si faccia) (?:troppi|tanti) (?:problemi|ragionamenti)|(?:romperti|scervellarti|complicar(?:ti|e))(?: (?:la testa|troppo|le cose|la vita))?|senza (?:pensarci|rifletterci|ragionarci|pensare|riflettere)(?: (?:troppo|molto|su|tanto))*|(?:ho|vado di|sono di) fretta|non ho (?:molto )?tempo|la prima cosa che ti (?:viene|passa)~"
    ),
    "pt": (
        r"(?:só |apenas |somente |basta )?(?:me dê |me dá |dá-me |dê-me |preciso d(?:e|uma) |quero |me dá só )?(?:só |apenas )?(?:uma |um |a )?(?:resposta|estimativa|ideia|opinião|palpite)(?: (?:bem|muito|curta e))? (?:rápida|rápido|rapidinha|imediata|aproximada|por alto|instantânea)(?: (?:basta|por favor|já serve|chega|serve))?|(?:responda?|responde(?:-me)?|diga|diz(?:-me)?|me (?:diz|diga|responda|responde))(?: (?:o mais|bem|já|logo|só|mais))* (?:rápido|rapidamente|rapidinho|depressa|logo|já|imediatamente|na hora|de imediato|sem pensar)(?: possível)?|(?:rapidinho|rápido|rapidamente|depressa|de bate-pronto|por alto|a olho|num instante)|(?:seja|sê) (?:bem )?rápid[oa]|(?:pensar?|pense|penses|refletir|raciocin\w+|elabor\w+)(?: (?:nisso|nem|muito))* (?:demais|muito|tanto|demasiado)|(?:quebr\w+|compliqu\w+|complic\w+)(?: (?:a cabeça|muito|demais|as coisas))?|sem (?:pensar|refletir|pensares|enrolação)(?: (?:muito|demais|tanto))?|(?:estou|tô|to) com (?:muita )?pressa|tenho pressa|não tenho (?:muito )?tempo|sem tempo|a primeira coisa que (?:te|lhe|vier)~"
    ),
    "ru": (
        r"(?:просто |только |лишь )?(?:дай(?:те)? |мне нужен |нужен |хочу |достаточно )?(?:мне )?(?:просто |только |лишь )?(?:быстрый|быстрого|краткий быстрый|мгновенный|примерный|приблизительный|навскидку|короткий быстрый) (?:ответ|ответа|прикид\w+|оценк\w+)~|(?:ответь(?:те)?|отвечай(?:те)?|скажи(?:те)?|прикинь|подскажи(?:те)?)(?: (?:мне|как можно|очень|сразу|просто|пожалуйста))* (?:быстро|быстрее|побыстрее|скорее|поскорее|сразу|немедленно|навскидку|не думая|не раздумывая|с ходу|сходу|наугад)|(?:побыстрее|быстренько|быстро|по-быстрому|навскидку|с ходу|сходу|на скорую руку|в двух словах и быстро|наскоро|живо)|(?:думай(?:те)?|раздумывай(?:те)?|размышляй(?:те)?|заморачивайся|заморачивайтесь|мудри(?:те)?|усложняй(?:те)?|углубляйся|углубляйтесь|задумывайся|задумывайтесь|вдавайся|вдавайтесь|ломай(?:те)? голову)(?: (?:слишком|очень|так|особо|над этим|в подробности|в детали|долго|сильно|много|глубоко|тщательно))*|(?:долго|слишком|глубоко|особо|сильно) (?:думать|раздумывать|размышлять|заморачиваться|задумываться|вникать|углубляться)|без (?:долгих |лишних |глубоких )?(?:раздумий|размышлений|рассуждений|заморочек)|(?:я )?(?:очень )?(?:спешу|тороплюсь|опаздываю)|(?:мне )?некогда|нет времени|мало времени|(?:первое|первый),? (?:что|ответ)~ (?:в голову|на ум)|на глаз"
    ),
    "ja": (
        r"(?:とりあえず|すぐ(?:に)?|急いで|早く|手短に|手早く|ぱっと|パッと|さっと|サッと|ざっくり(?:と)?|適当に|直感で|ささっと|簡単に|即座に|さくっと|サクッと|ざっと)(?:で(?:いい|良い|OK)(?:から|ので)?[、,]?)?(?:答えて|教えて|返事して|回答して|返答して|言って|お願い|見積もって|頼む)|(?:すぐ|早い|速い|ざっくりした|大まかな|おおまかな|簡単な|手短な|即席の|素早い)(?:の)?(?:答え|回答|返事|返答|見積もり|概算)(?:だけ)?(?:で|が|を|だけ)?(?:いい|良い|結構|十分|構わない|かまわない|大丈夫|お願い|ほしい|欲しい|ください|下さい|OK)?|即答(?:で|して|を|お願い)?|考え(?:すぎ|過ぎ|込ま)(?:ないで|ず(?:に)?|なくて(?:も)?(?:いい|大丈夫)|なくていい)|(?:深く|難しく|じっくり|よく|長く|あまり|そんなに|真剣に)(?:は)?考え(?:ず(?:に)?|ないで|なくて(?:も)?(?:いい|大丈夫|結構|構わない)|る(?:必要|こと)(?:は|も)?(?:ない|ありません))|(?:時間(?:が)?(?:ない|ありません)(?:から|ので|んだ|んで)?)|急いで(?:い)?(?:る|ます)(?:ので|から|んで|んだ)?|直感で(?:いい|答えて|OK|お願い)|(?:第一印象|パッと思いつい)~|大急ぎで|時間を?かけ(?:ず(?:に)?|ないで|なくていい)"
    ),
    "ko": (
        r"(?:그냥 |일단 |좀 |얼른 |최대한 )*(?:빨리|빠르게|얼른|대충|간단히|간단하게|즉시|바로|신속하게|신속히|후딱|대강|재빨리|짧고 빠르게|직감으로|직감적으로)(?: (?:좀|하나만|그냥))* ?(?:대답|답|알려|말해|얘기|찍어|추측|답변|설명 말고)(?:해|해줘|해 줘|해주세요|해 주세요|만|주세요|줘|하면|해도|만 해|만 줘|을|해봐)?~|(?:빠른|대략적인|간단한|짧고 빠른|즉각적인|신속한|대충의) (?:답|대답|답변|추정|추측)(?:만|이면|을|으로|도)?~|(?:너무|그렇게|깊이|오래|깊게|많이|복잡하게|굳이|길게|심각하게)(?: (?:깊이|깊게|오래|많이|복잡하게|생각))* ?(?:생각|고민|분석)(?:하지|은|을|할|은 하지|안|까지)?(?: (?:마|말고|말아|않아도|마세요|필요|없|하지|안|할))~|(?:생각|고민)(?:을)? (?:오래|많이|깊이|길게) (?:하지|안)~|(?:시간이|시간) (?:없어|없으니|없습니다|없어서|별로 없|얼마 없)~|(?:지금 )?(?:급해|급합니다|급하니|급해서|바빠|바쁘니)(?:요|서)?|생각나는 대로|떠오르는 대로|직감으로"
    ),
    "nl": (
        r"(?:gewoon |alleen |slechts )?(?:geef (?:me |mij )?|ik (?:wil|heb) )?(?:gewoon |alleen |even )?(?:een |'n )?(?:snel|vlot|ruw|vlug|kort,? snel)e? (?:antwoord|schatting|reactie|inschatting|antwoordje)(?: (?:is genoeg|volstaat|graag|nodig))?|(?:antwoord|zeg|vertel|reageer)(?: (?:me|het|even|eens|maar|zo))* (?:snel|vlug|meteen|direct|onmiddellijk|vlot)(?: mogelijk)?|(?:even )?(?:snel|vlug)|(?:te |al te |zo )?(?:lang|veel|diep|moeilijk|hard) (?:over )?(?:na(?:te)?(?: te)?(?: )?denken|na|nadenken)(?: (?:over|hoeft)~)?|(?:denk|pieker)(?: (?:er|hier|niet|maar))* (?:niet )?(?:te |al te )?(?:lang|veel|diep|hard)(?: (?:na|over na))?|zonder (?:lang |veel |na te )?(?:nadenken|na te denken|denken)|ik heb (?:haast|weinig tijd|geen tijd)|uit de losse pols|op gevoel"
    ),
    "pl": (
        r"(?:tylko |po prostu )?(?:daj (?:mi )?|potrzebuję |chcę |wystarczy )?(?:tylko )?(?:szybk|orientacyjn|przybliżon)\w+ (?:odpowied\w+|oszacowani\w+|ocen\w+)~|(?:odpowiedz|powiedz|zgadnij|strzelaj)(?: (?:mi|jak|po prostu))* (?:szybko|od razu|natychmiast|najszybciej|na szybko|z głowy|bez zastanowienia)|na szybko|szybciutko|szybko|(?:myśl|zastanawiaj się|główkuj|komplikuj|kombinuj|rozmyślaj)(?: (?:za|zbyt|nad tym|się))* ?(?:długo|dużo|głęboko|bardzo)?|bez (?:długiego |głębszego )?(?:zastanowienia|namysłu|zastanawiania|myślenia)|(?:spieszę|śpieszę|spieszy|śpieszy) (?:mi )?się|nie mam czasu|na oko"
    ),
    "ar": (
        r"(?:فقط |مجرد )?(?:أعطني |اعطني |أريد |اريد |يكفي )?(?:فقط )?(?:إجابة|جواب|رد|تقدير|جوابا|ردا|جواباً|رداً)(?: )?(?:سريعة?|سريعا|سريعاً|فوري|فورية|تقريبي|تقريبية)~|(?:أجب|اجب|جاوب|رد|قل لي)(?: (?:علي|عليّ|فقط))* ?(?:بسرعة|فورا|فوراً|سريعا|سريعاً|حالا|حالاً|على الفور|دون تفكير)|بسرعة|(?:تفكر|تفكّر|تفكير|التفكير|تتعمق|تبالغ)(?: (?:في|كثيرا|كثيراً|طويلا|طويلاً|أكثر|بالتفكير|مطولا|الأمر|التفكير|طويل|عميق|كثير))+|(?:أنا )?(?:مستعجل|على عجلة|في عجلة)~|ليس لدي وقت"
    ),
    "hi": (
        r"(?:बस |सिर्फ |सिर्फ़ |केवल )?(?:एक )?(?:झटपट|फटाफट|जल्दी से|जल्दी|तुरंत|त्वरित|फ़ौरन|फौरन|शीघ्र|मोटा[- ]मोटा)(?: (?:सा|से|एक|का|में|अंदाज़ा))* ?(?:जवाब|उत्तर|बता|बताओ|बताइए|अंदाज़ा|बोलो)\w*~|(?:ज़्यादा|ज्यादा|बहुत|इतना|अधिक|गहराई से) (?:मत |न |ना )?(?:सोच|दिमाग|विचार)\w*(?: (?:मत|नहीं|न|की ज़रूरत नहीं|की जरूरत नहीं|ना))~|(?:मैं|मुझे) (?:बहुत )?जल्दी (?:में )?(?:हूँ|हूं|है)|(?:मेरे पास )?(?:समय|टाइम|वक्त) (?:नहीं|कम) है|बिना (?:ज़्यादा |ज्यादा )?सोचे~"
    ),
}

_NEGATION = re.compile(
    r"(?:\b(?:don't|don’t|dont|do not|doesn't|never|not|no need|needn't|needn’t|without|avoid|stop|rather than|anything but|more than|instead of|isn't|nothing)\b"
    r"|\b(?:nicht|kein|keine|keinen|nie|niemals|ohne|statt)\b|\b(?:ne|n'|n’|pas|sans|jamais|inutile de|inutile d'|évite|éviter)\b|\b(?:no|sin|nunca|ni|tampoco|evita|nada de|sin necesidad)\b"
    r"|\b(?:non|senza|mai|niente|evita|inutile)\b|\b(?:não|nao|sem|nunca|nem|evite|evita)\b|(?<![а-яё])(?:не|без|нет|ни|незачем|нечего|вместо)(?![а-яё])|\b(?:niet|geen|zonder|nooit)\b|\b(?:nie|bez|nigdy)\b"
    r"|不用|不必|不要|别|不需要|无需|没必要|不可|不准|少|没有必要|不想要|不是|لا |بدون|دون|ليس|मत|नहीं|बिना|न )",
    re.IGNORECASE,
)

_SENTENCE_END = re.compile(r"[.!?。！？\n;；…•]+|(?<=\s)[-–—]+(?=\s)|—")
_CLAUSE_END = re.compile(
    r"[,，、:：()（）\[\]]+|(?<=\w) (?=(?:and|but|so|then|because|since|und|aber|et|mais|y|pero|e|ma|mas|но|и|maar|en|ale|i)\b )"
)
_BEGINNING_QUESTION = re.compile(
    r"(?i)^\W*(?:how|why|what|when|where|which|who|whose|is|are|was|were|does|do|did|should|shall|has|have|am|may|might|"
    r"wie|warum|was|wann|wer|soll|sollte|ist|sind|comment|pourquoi|quand|quel|quelle|qui|que|est-ce|qu'est|cómo|por qué|qué|cuándo|cuál|come|perché|cosa|quando|como|por que|porque|o que|"
    r"как|почему|что|когда|зачем|hoe|waarom|wat|jak|dlaczego|co|kiedy|كيف|لماذا|ما|هل|क्या|कैसे|क्यों)\b|^\W*(?:怎么|如何|为什么|为何|什么|哪|谁|怎样|是否)"
)
_ENDING_QUESTION = re.compile(r"(?:吗|呢|么|ですか|ますか|でしょうか|のか|나요|까요|인가요|습니까)\W*\Z")
_SPACELESS = frozenset({"zh", "ja", "ko"})
MAX_CLAUSE_CHARS = 160
_POLITE = re.compile(
    r"(?i)(?<!\w)(?:please|pls|plz|kindly|thanks|thank you|ok|okay|just|really|only|simply|now|then|first|so|and|but|also|well|hey|hi|hello|"
    r"here|this time|for me|if you can|if possible|bitte|danke|also|mal|nur|einfach|hallo|s'il te plaît|s'il vous plaît|stp|svp|merci|"
    r"juste|alors|por favor|gracias|solo|hola|per favore|grazie|obrigad[oa]|então|пожалуйста|спасибо|просто|только|привет|graag|"
    r"alsjeblieft|alstublieft|gewoon|proszę|tylko|hej|من فضلك|رجاء|رجاءً|فقط|कृपया|बस)(?!\w)|请|麻烦|谢谢|一下|ください|下さい|お願いします|주세요|좀|그냥"
)
_REPORT = re.compile(
    r"(?i)(?<!\w)(?:told|said|says|asked|asks|advised|suggested|recommends?|reminded|urged|wrote|promised|claims?|means?|meaning|called|titled|named|"
    r"he|she|they|people|students|children|kids|everyone|someone|somebody|nobody|who|we|us|teachers?|boss|teacher|mom|dad|wife|husband|friend|doctor|coach|"
    r"my|his|her|their|our|how to|why|ways? to|tips|learn(?:ed|ing)?|help(?:s|ed|ing)? me|want to|wanted to|used to|tends? to|tried to|trying to|always|often|usually|"
    r"i (?:was|had|think|thought|can|can't|could|should|must|have to|had to|never|did|didn't|got|gave|tend)|"
    r"sagte|sagt|bat|meinte|riet|er|sie|mein|meine|meinem|meiner|wir|leute|man|dass|wie|"
    r"a dit|m'a dit|dit|disait|demandé|il|elle|on|mon|ma|mes|nous|gens|comment|"
    r"dijo|dice|pidió|mi|mis|él|ella|ellos|nosotros|gente|cómo|"
    r"ha detto|dice|mio|mia|lui|lei|loro|noi|gente|disse|pediu|meu|minha|ele|ela|eles|nós|"
    r"сказал\w*|говорит|просил\w*|советовал\w*|он|она|они|мы|люди|мой|моя|мне надо было|велел\w*|"
    r"zei|zegt|vroeg|hij|zij|mijn|wij|mensen|powiedział\w*|mówi|prosił\w*|on|ona|oni|mój|moja|my)(?!\w)"
    r"|说|他|她|他们|我们|老师|妈妈|爸爸|老板|朋友|叫我|让我|要我|告诉我要|人们|学生|孩子|我(?:总是|经常|常常|应该|曾|以前|从|昨天|会)|如何|怎么|怎样|为什么"
    r"|と言|彼|彼女|先生|母|父|上司|友達|私は|僕は|みんな|人は|方法|라고|그는|그녀|선생님|엄마|아빠|상사|친구|나는|사람들|방법"
    r"|قال|قالت|طلب|هو|هي|مديري|أمي|أبي|صديقي|ने कहा|कहते|वह|वे|मेरे|मेरी|लोग"
)
MAX_BEFORE, MAX_AFTER = 6, 10
"""Words of a clause that may stand before and after a phrase; two characters count as a word where there are no blanks."""


_TOO_MUCH = re.compile(
    r"(?i)overthink|(?:too|so|that|very|particularly|overly) (?:hard|much|deep|long|careful|thorough)|(?:spend|take|waste) |^rush|^hurry"
    r"|想(?:得)?(?:太|那么|这么)|(?:多|细|深)想|过度|过多|深究|钻牛角尖|纠结|较真|认真|长篇|思考"
    r"|nachdenken|überleg|grübel|zerbrich|zerbrechen|denk|nach$"
    r"|la tête|réfléchi|cogite|penser|creuser|pense"
    r"|pensar|pienses|piense|vueltas|cabeza|sesos|coco|compliqu"
    r"|pensarci|riflett|ragion|rimugin|pensare|scervell|complicar|problemi|romperti"
    r"|pens|reflet|raciocin|elabor|quebr|complic"
    r"|дума|раздумыв|размышл|заморач|мудри|услож|углубл|задумыв|вдава|ломай|вника"
    r"|考え|생각|고민|분석|denken|pieker|myśl|zastanawia|główk|komplik|kombin|rozmyśl|تفك|التفكير|تتعمق|تبالغ|सोच|दिमाग|विचार"
)
"""A phrase of `_LESS` that names the thought to be spared: it asks for less only under a negation, or one of its own."""
_OWN_NEGATION = re.compile(
    r"(?i)^(?:without|sans|sin|senza|sem|без|zonder|bez|ohne|no )|pas |ず|ない|なく|ません|말|않|안 |필요|없|마세요|마$|मत|नहीं|बिना"
)

_PREFIXES: dict[str, str] = {
    "en": "thin thou ultr mega supe reas refl pond deli take time rush hurr care thor rigo meti exha doub trip chec veri effo brai atte deep dig dive work caref accu qual corr wait slee slow "
    "quic fast rapi spee snap inst imme roug ball off- knee gut asap righ stra over top firs shoo wing asap less mini low late shor pres need skip no-b max maxi high full exte cons anal exam weig look go stud solv give best",
    "de": "denk über uebe grüb refl prüf anal rechn nimm lass nehm lasse keine kein eilt ruhe beda sei seie gib stre genau grün schar sorg lang schri voll schn rasc spon flot fixe grob unge kurz antw sag sags rate schä mach bauc fass zerb viel tief komp nach hab habe bin eile pi daum gut inte",
    "fr": "réfl refl rais pens anal exam véri pèse pren rien pas sois soye avec mets fais creu répo dis dite vite rapi avis esti idée trop long cogi sans pres suis inst louc pif feel prem dare temp bien mûre soig",
    "es": "pien pens pién refl razo medi anal revi comp cons tóma tome toma pris calm sé sea esfu usa rápi rapi resp cont dime enseg depr bote ojo vuel algo hazl sin teng llev apur tiem prim comp romp deva cali déle dar darl fond dete cuid vece",
    "it": "pens rifl ragi anal esam valu veri cont pren pren calm sii impe ric ricon risp dimm volo fret velo alla gett occh naso su fai fall trop tant romp scer senz ho non prim rapi subi stim",
    "pt": "pens refl raci anal cons veri exam leva leve toma tome usa use demo pres calm sê seja esfo capr resp diz diga dize rápi rapi depr bate olho inst elab queb comp sem esto tô temp prim logo já",
    "nl": "denk bede over rede anal cont neem haas wees snel vlot vlug ruw kort antw zeg vert reag lang veel diep moei piek zond ik los gevo nade goed gron",
    "pl": "pomy prze zast rozw spra rozu dobr dokł głęb poró uważ spie śpie pośp bądź pośw weź szyb orie przy odpo powi zgad strz myśl głów komp komb rozm bez na nie oko",
}
_LANGUAGES_OF: dict[str, frozenset[str]] = {
    prefix: frozenset(name for name, prefixes in _PREFIXES.items() if prefix in prefixes.split())
    for prefix in {prefix for prefixes in _PREFIXES.values() for prefix in prefixes.split()}
}
"""First four letters of a word to the languages with written phrases of Latin script that such a word may belong to."""
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("zh", re.compile(r"[\u4e00-\u9fff]")),
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)


def _gap(pattern: str) -> str:
    return pattern.replace("~", r"(?: ?[^\s,，、:：•]+){0,8}?").replace(" ", r"\s+").replace(r"(?:\s+?", r"(?:\s?")


def _compiled(table: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {
        name: re.compile(
            f"(?:{_gap(pattern)})" if name in _SPACELESS else rf"(?<!\w)(?:{_gap(pattern)})(?!\w)", re.IGNORECASE
        )
        for name, pattern in table.items()
    }


_MORE_PATTERNS = _compiled(_MORE)
_LESS_PATTERNS = _compiled(_LESS)


def effort(messages: Sequence[Message]) -> Effort | None:
    """Return what the last message of the user asks for, or None.

    Args:
        messages: the whole conversation, oldest first. Messages of other roles are not read.

    Returns:
        `MORE`, `LESS` or None; of several wishes the last counts.
    """
    last = next((m.text for m in reversed(messages) if m.role == "user"), "")
    wish: Effort | None = None
    for clause in _clauses(own_words(last)):
        wish = _of_clause(clause) or wish
    return wish


def _clauses(text: str) -> Iterator[str]:
    """Yield the clauses of sentences that are no questions about something else."""
    at = 0
    for end in [*_SENTENCE_END.finditer(text), None]:
        sentence = text[at : end.start() if end else len(text)]
        question = end is not None and end.group()[0] in "?？"
        at = end.end() if end else at
        for place, clause in enumerate(_CLAUSE_END.split(sentence)):
            asks = _asks(clause)
            if clause.strip() and not (asks and (question or place == 0)):
                yield clause[:MAX_CLAUSE_CHARS]


def _asks(clause: str) -> bool:
    if _BEGINNING_QUESTION.match(clause) is not None:
        return True
    return not clause.isascii() and _ENDING_QUESTION.search(clause[-12:]) is not None


def _languages(clause: str) -> list[str]:
    """Return the languages whose phrases the clause could hold: a cheap look before the expensive one."""
    found: set[str] = set()
    for word in clause.lower().replace("-", " ").split():
        found |= _LANGUAGES_OF.get(word.lstrip("¿¡'’\"(*_")[:4], frozenset())
    if not clause.isascii():
        found.update(name for name, script in _SCRIPTS if script.search(clause))
        if "ja" in found:
            found.discard("zh")
    return sorted(found)


def _of_clause(clause: str) -> Effort | None:
    names = _languages(clause)
    for patterns, wish in ((_LESS_PATTERNS, Effort.LESS), (_MORE_PATTERNS, Effort.MORE)):
        for name in names:
            for found in patterns[name].finditer(clause):
                before, phrase, after = clause[: found.start()], found.group(), clause[found.end() :]
                if _instructs(before, phrase, after, spaceless=name in _SPACELESS):
                    meant = _turned(wish, before, phrase)
                    if meant is not None:
                        return meant
    return None


def _instructs(before: str, phrase: str, after: str, *, spaceless: bool) -> bool:
    """Say whether a phrase stands where an instruction stands."""
    if _REPORT.search(before):
        return False
    n_before, n_after = _n_words(before), _n_words(after)
    if not spaceless and " " not in phrase.strip() and not _NEGATION.search(before):
        return n_before == 0 and n_after == 0
    return (n_before <= MAX_BEFORE and n_after <= MAX_AFTER) or n_after == 0


def _n_words(text: str) -> float:
    rest = _POLITE.sub(" ", text)
    n_wide = sum(1 for mark in rest if ord(mark) >= 0x3000)
    return len([word for word in rest.split() if ord(word[0]) < 0x3000 and word[0].isalnum()]) + n_wide / 2


def _turned(wish: Effort, before: str, phrase: str) -> Effort | None:
    """Turn a wish round when it is negated. Thought that is to be spared must be negated to be a wish at all."""
    negated = _NEGATION.search(before[-40:]) is not None
    if wish is Effort.LESS and _TOO_MUCH.search(phrase):
        rushes = phrase.lower().startswith(("rush", "hurry"))
        if rushes:
            return Effort.MORE if negated else Effort.LESS
        return Effort.LESS if negated or _OWN_NEGATION.search(phrase) or _NEGATION.search(phrase) else None
    if not negated:
        return wish
    return Effort.MORE if wish is Effort.LESS else Effort.LESS
