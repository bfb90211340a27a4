"""What people say who want more thought or a quick answer, in fifteen languages.

Tables alone: where a phrase counts is said in `intent.py`, and `lab/intent.py` measures both.
"""

from __future__ import annotations

# Each language: MORE and LESS phrases as alternatives of one expression, and what negates them.
# ASCII blanks in a phrase match any run of blanks. `~` stands for up to three words between two parts of a phrase.

NOT_WITHIN_WISH = "(?=[请麻先再一务要你给帮好多仔认深慢静用反充全严周彻])(?<![请先再要你多])(?<!麻烦)(?<!务必)(?<!帮我)(?<!深入)(?<!深入地)(?<!慢慢)(?<!慢慢地)"
"""Behind one of these words a Chinese wish begins with that word at the latest: who repeats it makes no search long."""

MORE: dict[str, str] = {
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
        r"|(?:don't|don’t|do not|no need to) (?:hurry|rush)(?: (?:it|this|things|the answer))?|take the time(?: to~)?|(?:give|want|need) (?:me |it )?(?:a |an )?(?:careful|thorough|well[- ]thought[- ]out|rigorous|considered) (?:answer|analysis|response|treatment|look)"
        r"|(?:spend|take) (?:some |a lot |a bit |a little )?(?:more|extra|additional) time~|(?:you (?:can|may) )?take (?:a while|a moment|a minute|some time)(?: to~)?|try (?:much |a bit |a lot )?harder|(?:look|think) (?:closer|more closely|again more carefully)"
    ),
    "zh": (
        rf"{NOT_WITHIN_WISH}(?:请|麻烦|先|再|一定要|务必|要|你|给我|帮我|好好|多|仔细地?|认真地?|深入地?|慢慢地?)*(?:仔细|认真|好好|深入|慢慢|静下心来|用心|反复|充分|全面|严谨|周密|彻底)(?:地)?(?:想(?:一?想|清楚|一下|好)?|思考|考虑|分析|推理|推敲|琢磨|斟酌|检查|推导|研究|核对|验证|斟酌)(?:一下|一番|清楚)?"
        r"|(?:请|先)?(?:多|多花点?时间|花点?时间|花时间)(?:想(?:一?想|一会儿?|几步)|思考|琢磨|考虑)(?:一下|一会儿)?|慢慢来|慢慢想|(?:不用|不要|别|不必|不需要|无需)(?:太)?(?:着急|急|赶)|不(?:着)?急|不赶时间|没有时间限制|时间(?:很)?充裕"
        r"|(?:一步一步|一步步|逐步|按步骤|分步)(?:地|来)?(?:想|思考|推理|分析|推导|来)|(?:请)?三思(?:而后)?|想(?:清楚|好|明白|透)(?:了)?(?:再|之后再|后再)(?:回答|答|说|告诉我|给)|(?:动动|开动)(?:脑子|脑筋)|深思(?:熟虑)?|(?:用力|使劲|努力|拼命|尽力)想|绞尽脑汁|(?:深度|深入)思考(?:模式)?|全力(?:以赴)?(?:地)?(?:思考|推理|想)"
        r"|(?:请)?(?:反复|再三|多次|仔细|务必|一定要)(?:检查|确认|核实|核对|验算|验证)|严谨(?:一点|些|地)?(?:推理|论证|证明|分析)?|(?:慎重|谨慎)(?:地)?(?:回答|考虑|思考|作答)"
        r"|(?:慢慢|仔细|认真|细细)(?:地)?(?:看|读|审|查|琢磨)(?:一下|一遍|清楚)?|想周全|想仔细|(?:不要|别)(?:匆忙|仓促|草率)(?:回答|下结论|作答)?"
        r"|(?:仔仔细细|认认真真|踏踏实实|好好|认真|仔细)(?:地)?(?:推导|算(?:一下|一遍|算)?|推一遍|证明|解|做)(?:一下|一遍)?"
    ),
    "de": (
        r"(?:denk|denke|denken sie|überleg|überlege|überlegen sie|grüble|grüble|reflektiere|prüfe|prüf|prüfen sie|analysiere|rechne)(?: (?:bitte|mal|darüber|hier|das|es|dir das|dir|noch|ruhig|dabei|alles|jeden schritt|erst|erstmal|ganz|sehr|wirklich|besonders|richtig|genau|scharf))*"
        r" (?:gründlich|genau|scharf|gut|sorgfältig|tief|intensiv|lange|länger|in ruhe|schritt für schritt|nach|angestrengt|ausführlich nach|genau nach|gründlich nach|gut nach)(?: (?:nach|darüber nach|durch|bevor~))?"
        r"|(?:nimm|lass|nehmen sie|lassen sie) (?:dir|sich)(?: (?:ruhig|bitte|gerne|alle|die|so viel))* zeit(?: (?:wie|dabei|damit|zum)~)?|(?:keine|kein) (?:eile|hektik|stress|zeitdruck)|(?:es|das) eilt nicht|in aller ruhe|mit bedacht|(?:sei|seien sie)(?: (?:bitte|sehr|besonders|ganz))* (?:gründlich|sorgfältig|genau|präzise)|gib dir (?:bitte )?(?:alle |viel |richtig )?mühe|streng dich (?:bitte |richtig |mal )?an|(?:genau|gründlich|scharf|gut|sorgfältig|lange) (?:nachdenken|überlegen|prüfen|durchdenken)|schritt für schritt (?:denken|nachdenken|vorgehen)|überprüfe (?:bitte )?(?:deine|jeden|alle|dein)~|volle denkleistung"
        r"|nicht hetzen|(?:hetz|hetze|beeil|beeile|übereil\w*|überstürz\w*) (?:dich |es )?nicht(?:s)?|(?:ohne|keine) hast|(?:prüf|analysier|untersuch|durchdenk|überleg|check)\w*~ (?:gründlich|sorgfältig|genau|eingehend|in ruhe)|keine eile|(?:eine )?(?:wirklich )?(?:gut )?(?:durchdachte|wohlüberlegte|sorgfältig abgewogene) (?:antwort|analyse)"
    ),
    "fr": (
        r"(?:réfléchi(?:s|ssez|r)|réflechi(?:s|ssez|r)|reflechi(?:s|ssez|r)|raisonne[rz]?|pense[rz]?(?:-y)?|analyse[rz]?|examine[rz]?|vérifie[rz]?|pèse[rz]?)(?:-y|-toi|-vous)?(?: (?:à|a) (?:ça|cela|ce problème|cette question|la question|ta réponse))?(?: (?:y|très|vraiment|ça|cela|tout|toutes|chaque étape|bien|plus|le|la|les|ce problème|cette question))*"
        r" (?:bien|longuement|soigneusement|profondément|attentivement|sérieusement|mûrement|fort|étape par étape|en profondeur|deux fois|calmement|rigoureusement|longtemps|avant de répondre|avec soin)(?: (?:avant~|et~))?"
        r"|(?:réfléchi(?:s|ssez)|reflechi(?:s|ssez))(?:-y)?(?: bien)?(?: avant de répondre)?|(?:prends|prenez|prend)(?: (?:bien|tout|donc))?(?: (?:ton|votre|le|tout le))? temps(?: (?:de|pour|qu'il|nécessaire|dont|qu’il|avant)~)?|(?:rien ne presse|pas (?:de )?(?:presse|précipitation|d'urgence|d’urgence)|il n'y a pas (?:le feu|d'urgence))|sois (?:très |bien |vraiment )?(?:rigoureux|minutieux|précis|attentif|prudent|exhaustif)|soyez (?:très )?(?:rigoureux|minutieux|attentif)|(?:avec|mets-y|fais)(?: (?:le|un|tout ton|beaucoup de|un gros|le plus grand))* (?:soin|effort de réflexion|maximum d'effort)|vérifie[rz]? (?:bien )?(?:ton|chaque|tes|votre|vos|deux fois)~|creuse (?:bien |vraiment )?(?:la question|le sujet)?|raisonne(?:z)? étape par étape"
        r"|ne (?:te|vous) (?:précipite[rz]?|presse[rz]?|dépêche[rz]?) pas|pas de précipitation|(?:sans|aucune) (?:hâte|précipitation|presse)|(?:une )?(?:analyse|réponse|réflexion) (?:vraiment |très )?(?:approfondie|réfléchie|mûrie|soignée|minutieuse)"
    ),
    "es": (
        r"(?:piens[ae]lo?|piénsa(?:lo|telo)?|piénse(?:lo|selo)|piensa|piense|pensa|pensalo|reflexion[ae]|razon[ae]|medit[ae]|analiz[ae](?:lo)?|analíza(?:lo)|revis[ae](?:lo)?|comprueb[ae]|considér[ae](?:lo)?|considera)(?: (?:esto|eso|lo|la respuesta|el problema|sobre esto|en esto|muy|todo|cada paso|más|tu respuesta|bien|con))*"
        r" (?:bien|a fondo|profundamente|con (?:mucho )?(?:cuidado|calma|detenimiento|atención)|detenidamente|cuidadosamente|mucho|dos veces|paso a paso|en profundidad|despacio|seriamente|más)(?: (?:antes de~|y~))?"
        r"|(?:tóma(?:te|tele)|tome(?:se)?|tómese|tomate)(?: (?:todo))?(?: (?:tu|su|el|todo el))? (?:tiempo|calma)(?: (?:que|necesario|para)~)?|(?:sin|no hay|no tengo|no te des) (?:ninguna )?(?:prisa|prisas|apuro)|con calma|sé (?:muy )?(?:riguroso|minucioso|cuidadoso|exhaustivo)|sea (?:muy )?(?:riguroso|cuidadoso)|esfuérza(?:te|se)(?: (?:al máximo|mucho|en)~)?|piensa antes de (?:responder|contestar)|razona paso a paso|comprueba (?:bien )?(?:tu|cada|dos veces)~|usa todo tu (?:esfuerzo|razonamiento)"
        r"|no (?:te|se) (?:apresures|apresure|precipites|precipite|apures|apure)|no (?:tengas|tenga) prisa|no corras|sin apuro|(?:una? )?(?:respuesta|análisis) (?:muy )?(?:meditad[oa]|reflexionad[oa]|cuidados[oa]|pensad[oa])"
    ),
    "it": (
        r"(?:pensa(?:ci|re)?|pensi|rifletti(?:ci)?|rifletta|riflettere|ragiona(?:ci)?|ragioni|analizza(?:lo)?|esamina(?:lo)?|valuta(?:lo)?|verifica|controlla)(?: (?:su questo|su|questo|ci|molto|tutto|ogni passaggio|la risposta|il problema|più|tanto))*"
        r" (?:bene|a fondo|attentamente|con (?:molta )?(?:attenzione|calma|cura)|accuratamente|seriamente|profondamente|a lungo|due volte|passo (?:per|dopo) passo|in profondità|con calma)(?: (?:prima di~|e~))?"
        r"|(?:prenditi|si prenda|prendi)(?: (?:pure))?(?: (?:tutto))?(?: (?:il|il tuo|del))? tempo(?: (?:che|necessario|per|di cui)~)?|(?:senza|non c'è|non ho|non c’è) (?:alcuna )?fretta|con calma|sii (?:molto )?(?:preciso|rigoroso|accurato|scrupoloso|attento)|ragiona (?:bene|passo (?:per|dopo) passo)|impegnati (?:al massimo|davvero|a fondo)|pensa prima di rispondere|ricontrolla~"
        r"|non (?:avere|avere alcuna|c'è|corre) fretta|non affrettarti|senza correre|con tutta calma|(?:una? )?(?:risposta|analisi) (?:molto )?(?:ponderata|ragionata|meditata|accurata)"
    ),
    "pt": (
        r"(?:pens[ae]|pensar|reflit[ae]|reflete|raciocin[ae]|analis[ae]|consider[ae]|verifi(?:ca|que)|examin[ae])(?: (?:nisso|nisto|nesta questão|sobre isso|isso|muito|tudo|cada passo|a resposta|o problema|mais|bem))*"
        r" (?:bem|bastante|a fundo|com (?:muito |muita )?(?:cuidado|calma|atenção)|cuidadosamente|atentamente|profundamente|seriamente|duas vezes|passo a passo|com profundidade|muito|devagar)(?: (?:antes de~|e~))?"
        r"|(?:leva|leve|toma|tome|usa|use|demora|demore)(?: (?:todo))?(?: (?:o|o teu|o seu|o tempo|seu|teu|todo o))? tempo(?: (?:que|necessário|para|de que)~)?|(?:sem|não há|não tenho|não tem) (?:nenhuma )?(?:pressa|correria)|com calma|s(?:ê|eja) (?:muito |bem )?(?:rigoros[oa]|cuidados[oa]|minucios[oa]|exaustiv[oa])|esfor(?:ça-te|ce-se)(?: ao máximo)?|capriche?(?: no raciocínio)?|pens[ae] antes de responder|raciocin[ae] passo a passo"
        r"|não (?:tenhas?|tenha) pressa|não se apresse|não te apresses|(?:confira|revise|verifique|cheque)~ (?:bem|com cuidado|com calma|com atenção)|(?:uma? )?(?:resposta|análise) (?:bem )?(?:ponderada|refletida|cuidadosa|pensada)"
    ),
    "ru": (
        r"(?:хорошенько|хорошо|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно|очень|не спеша|спокойно|пожалуйста)?[ ,]*(?:подумай(?:те)?|обдумай(?:те)?|продумай(?:те)?|поразмысли(?:те)?|размышляй(?:те)?|рассуждай(?:те)?|проанализируй(?:те)?|проверь(?:те)?|взвесь(?:те)?)(?: (?:над этим|об этом|это|всё|все|ещё раз|каждый шаг|свой ответ|ответ|решение|этот вопрос|очень))*(?: (?:хорошенько|хорошо|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно|не спеша|подольше|дважды|шаг за шагом|пошагово|по шагам|прежде чем~|перед тем как~|перед ответом))"
        r"|(?:хорошенько|тщательно|внимательно|как следует|глубоко|серьёзно|серьезно) (?:подумай(?:те)?|обдумай(?:те)?|продумай(?:те)?|проанализируй(?:те)?|поразмысли(?:те)?|проверь(?:те)?)~|не (?:торопись|торопитесь|спеши|спешите)(?: (?:с ответом|никуда))?|не спеша|(?:спешить|торопиться) некуда|(?:время|времени) (?:есть|достаточно|хватает)|спешки нет|без спешки|думай(?:те)? (?:шаг за шагом|пошагово|подольше|хорошенько|тщательно|как следует|внимательно)|рассуждай(?:те)? (?:шаг за шагом|пошагово|подробно)|напряги(?:те)? (?:мозги|извилины)|будь(?:те)? (?:очень |предельно )?(?:внимателен|внимательны|внимательна|точен|аккуратен|аккуратны)|постарайся(?: (?:как следует|изо всех сил))|перепроверь(?:те)?~"
        r"|(?:не нужно|не надо|незачем) (?:спешить|торопиться)|(?:вдумчивый|обдуманный|взвешенный) (?:ответ|анализ)"
        r"|(?:внимательно|тщательно|подробно|не торопясь|вдумчиво) (?:рассмотри|изучи|разбери|проверь|посчитай|реши|посмотри)(?:те)?~"
    ),
    "ja": (
        r"(?:よく|じっくり|しっかり|慎重に|深く|ちゃんと|丁寧に|もっと|徹底的に|落ち着いて|時間をかけて|ゆっくり|真剣に|注意深く|入念に)(?:と)?(?:時間をかけて)?(?:考えて?|考え抜いて|検討して?|吟味して?|熟考して?|推論して?|分析して?|確認して?|見直して?|検証して?|考察して?)(?:から)?|熟考(?:して|の上)|(?:焦ら|急が|慌て)(?:ず(?:に)?|ないで|なくて(?:も)?(?:いい|大丈夫|構わない)|なくて結構)|急ぎ(?:では|じゃ)(?:ない|ありません)|時間(?:は|が)?(?:いくら|どれだけ)?(?:かかっても|かけて(?:も)?)(?:いい|構わない|かまわない|大丈夫|考えて)?|(?:ステップバイステップ|一歩ずつ|段階的に|順を追って|順序立てて)(?:で)?(?:考えて|推論して|検討して)|よーく考えて|頭を使って|全力で考えて|本気で考えて|深く考えて|慎重に(?:答えて|お願い)"
        r"|(?:急がなくて|ゆっくりで)(?:も)?(?:いい|大丈夫|構わない)~|腰を据えて(?:考えて)?"
    ),
    "ko": (
        r"(?:잘|깊이|깊게|신중하게|신중히|꼼꼼하게|꼼꼼히|천천히|충분히|곰곰이|곰곰히|차근차근|진지하게|제대로|열심히|오래|자세히|단계별로|한 단계씩|철저히|철저하게)(?: (?:좀|한번|더|시간을 들여|시간을 두고))*[ ]?(?:생각|고민|검토|추론|분석|따져|살펴|확인|점검|숙고)(?:해|하고|해서|해봐|해 봐|해줘|해 줘|해주세요|해 주세요|하세요|한 다음|한 뒤|한 후|보고|봐|보세요|해보고|해 보고)?|서두르지 (?:말고|마|않아도|마세요|말아|않으셔도)|급하지 않|(?:시간을?|시간) (?:들여|갖고|가지고|두고|충분히)~|천천히 (?:해|하세요|답|생각)|급할 (?:것|거) 없|심사숙고|머리를 (?:써|굴려|짜내)|여러 번 (?:확인|검토|검산)"
        r"|천천히 (?:해도|생각해도) (?:돼|됩니다|좋아)~|시간은 충분~"
    ),
    "nl": (
        r"(?:denk|bedenk|overdenk|redeneer|analyseer|controleer)(?: (?:hier|er|dit|eens|even|alles|elke stap|heel|erg|echt|over na|hierover|erover|je antwoord))* (?:goed|diep|grondig|zorgvuldig|hard|lang|rustig|stap voor stap|diep na|goed na|grondig na|serieus)(?: (?:na|over na|voordat~|door))?|neem (?:gerust |rustig )?(?:de|je|alle|er de) tijd(?: (?:die|voor|ervoor)~)?|(?:geen|er is geen) (?:haast|stress)|haast je niet|wees (?:heel |zeer )?(?:grondig|zorgvuldig|nauwkeurig)"
        r"|(?:analyseer|bekijk|onderzoek|controleer|bestudeer|overweeg|check)~ (?:zorgvuldig|grondig|goed|nauwkeurig|rustig)|rustig aan|haast je (?:maar )?niet|(?:een )?(?:doordacht|weloverwogen|zorgvuldig) (?:antwoord|analyse)"
    ),
    "pl": (
        r"(?:pomyśl|przemyśl|zastanów się|zastanow się|przeanalizuj|rozważ|sprawdź|rozumuj)(?: (?:nad tym|to|o tym|wszystko|każdy krok|się|bardzo|swoją odpowiedź))* (?:dobrze|dokładnie|głęboko|porządnie|uważnie|spokojnie|długo|krok po kroku|dwa razy|zanim~|starannie)|(?:dobrze|dokładnie|głęboko|uważnie|porządnie) (?:pomyśl|przemyśl|zastanów się|przeanalizuj|sprawdź)~|nie (?:spiesz|śpiesz) się|(?:bez|nie ma) pośpiechu|(?:poświęć|weź) (?:na to |sobie )?(?:tyle |dużo )?czas\w*~|bądź (?:bardzo )?(?:dokładny|staranny|uważny)"
        r"|(?:nie ma|bez) pośpiechu|nie musisz się spieszyć|(?:przeanalizuj|sprawdź|rozważ|zbadaj)~ (?:dokładnie|starannie|uważnie|gruntownie)|przemyślan\w+ odpowied\w+"
    ),
    "ar": (
        r"(?:فكر|فكّر|فكري|تأمل|تمعن|تمعّن|ادرس|حلل|راجع|تحقق)(?: (?:في|الأمر|ذلك|هذا|المسألة|السؤال|إجابتك|كل|خطوة))* ?(?:جيدا|جيداً|مليا|ملياً|بعمق|بتمعن|بعناية|بتأن|بتأنٍ|بدقة|بهدوء|خطوة بخطوة|طويلا|طويلاً|مرتين)|خذ (?:كل )?(?:وقتك|الوقت)~|(?:لا تستعجل|لا تتسرع|دون تسرع|بدون استعجال|لا داعي للعجلة|لست مستعجلا|لست في عجلة)|على مهلك|بتأن"
        r"|(?:حلل|ادرس|راجع|افحص|تحقق من|انظر في)~ (?:جيدا|جيداً|بعناية|بدقة|بعمق|بتمعن|بتأن)|فكر~ (?:جيدا|جيداً|بعمق|مليا)"
    ),
    "hi": (
        r"(?:अच्छी तरह|अच्छे से|ध्यान से|गहराई से|सावधानी से|ठीक से|सोच[- ]समझकर|सोच समझ कर|धीरे[- ]धीरे|गंभीरता से|चरण दर चरण|कदम दर कदम)(?: (?:से|और))? ?(?:सोच|विचार|जाँच|जांच|उत्तर|जवाब)\w*~|(?:जल्दी|हड़बड़ी|जल्दबाज़ी|जल्दबाजी) (?:मत|न|नहीं|ना)~|(?:कोई|कोई भी) जल्दी नहीं|(?:अपना|पूरा|जितना) (?:पूरा )?(?:समय|टाइम|वक्त) (?:लो|लीजिए|लें|ले)|आराम से (?:सोच|जवाब)\w*~|दिमाग लगा\w*~"
        r"|(?:सोच[- ]?समझ ?कर|अच्छे से सोचकर|ठंडे दिमाग से)~"
    ),
    "tr": (
        r"(?:iyice|iyi|dikkatlice|dikkatle|derinlemesine|uzun uzun|sakince|titizlikle|özenle|adım adım|etraflıca|detaylıca)(?: (?:bir|şunu|bunu|bu konuyu))* (?:düşün|incele|değerlendir|analiz et|kontrol et|tart|gözden geçir)\w*~|(?:düşün|incele|değerlendir|analiz et)\w* (?:iyice|dikkatlice)|acele (?:etme|etmeyin|etmene gerek yok|yok)|acelem yok|(?:istediğin|gerektiği) kadar (?:zaman|vakit)~|zaman(?:ın)? bol|kafa yor\w*|(?:cevap|yanıt) vermeden önce~(?:düşün)\w*"
    ),
}

LESS: dict[str, str] = {
    "en": (
        r"(?:just |only |simply )?(?:give me |gimme |need |i need |i want |i just (?:want|need) |i only (?:want|need) |want )?(?:just |only )?(?:a |the |your |some )?(?:super |really |very |real )?(?:quick|fast|rapid|speedy|snappy|instant|immediate|rough|ballpark|off[- ]the[- ]cuff|quick and dirty|quick[- ]and[- ]dirty|gut|one[- ]shot|knee[- ]jerk)(?:,? (?:short|simple|rough|and \w+|dirty|little|easy|gut|brief))* (?:answer|response|reply|guess|estimate|take|reaction|one|yes or no|yes/no|opinion|idea|gut feeling|feeling|ballpark|sketch|suggestion)(?: (?:is (?:fine|ok|okay|enough|all i need|good)|will do|suffices|works|would do|only|please|on))?"
        r"|(?:answer|respond|reply|tell me|say it|guess|be)(?: me| it)?(?: (?:as|very|really|super))* (?:quick(?:ly)?|fast|rapidly|right away|immediately|instantly|asap|straight ?away|swiftly|snappy)(?: as (?:you can|possible))?|(?:be|make it|keep it|make this) (?:super |really |very )?(?:quick|fast|snappy|speedy)"
        r"|(?:think|thinking|reason|reasoning|worry|go|dwell|analy[sz]e|stress)(?: (?:about|on|over) (?:it|this|that))? (?:too|so|that|very|particularly|overly) (?:hard|much|deep|deeply|long|carefully|thoroughly)|(?:spend|take|waste)(?: (?:too|so|very|that))? (?:much|long|a lot of)(?: time)?(?: (?:thinking|on~))?"
        r"|real(?:ly)? quick|quickly|quick|asap|right away|fast|super quick|no[- ]brainer"
        r"|overthink(?:ing)?(?: (?:it|this|things|that|anything))?|(?:off|from) the top of your head|(?:the )?first thing (?:that )?(?:comes|pops|springs) (?:to|into) (?:your )?(?:mind|head)|first thought that (?:comes|pops)~|(?:go with |trust |just )?(?:your )?gut(?: (?:feeling|reaction|instinct|answer))?|shoot from the hip|wing it|rush(?: (?:it|this|the answer|your answer|through it|to an answer))?|hurry(?: up)?"
        r"|without (?:much|any|too much|a lot of|further|deep|long) (?:thinking|thought|reasoning|analysis|deliberation|consideration|ado)|without (?:thinking|overthinking|reasoning|analy[sz]ing)(?: (?:too (?:hard|much|long)|much|about it|hard|it))?|no (?:deep |long |further |elaborate )?(?:thinking|reasoning|analysis|deliberation)(?: (?:needed|required|necessary|please|mode))?|minimal (?:effort|thinking|reasoning|thought)|low (?:effort|reasoning)|least effort"
        r"|i(?:'m|’m| am) (?:really |a bit |kind of |kinda )?(?:in (?:a|such a|quite a|some) (?:\w+ )?(?:hurry|rush)|short on time|pressed for time|late|running late)|in a (?:hurry|rush)|(?:i )?(?:don't|don’t|do not) have (?:much |a lot of |any )?time|(?:time is short|short on time|running late|gotta run|got to run|need (?:it|this) (?:fast|quick|quickly|asap|now|right now))"
        r"|(?:a )?rough (?:idea|guess|estimate|answer)(?: (?:is|will|would)~)?|speed (?:matters|is|over|counts)~|skip the (?:thinking|reasoning|deep analysis|long analysis|deliberation)"
        r"|(?:a )?(?:rough|ballpark) (?:figure|number|guess|estimate)(?: (?:is|will|would)~)?|make it (?:quick|fast|snappy)|(?:a )?one[- ]second answer|short on time~|no time(?: to (?:waste|lose|think))?"
        r"|(?:just |only )?(?:a |an )?ballpark|(?:i )?(?:gotta|got to|have to|need to|must) (?:go|run|leave)(?: (?:in|soon|now)~)?|(?:no|not) (?:too )?much (?:thought|thinking|effort|analysis)|in a sec(?:ond)?|quick one"
    ),
    "zh": (
        r"(?:请|麻烦)?(?:你)?(?:给我|帮我)?(?:赶紧|赶快|快速|迅速|快点儿?|快快|尽快|马上|立刻|立即|随便|随口|简单|大概|直接|速速|秒)(?:地)?(?:简单)?(?:给个|给我|给|说个|来个)?(?:回答|回复|答复|答|说说?|告诉我|讲|估(?:计|算)?|猜|给答案|给结论|答案|结论)(?:一下|下|我|个)?(?:就(?:好|行|可以|够了?)|即可|吧)?"
        r"|(?:给|来|要|只要|给我)(?:我)?(?:个|一个)?(?:快速|快|大概|粗略|简单)的?(?:答案|回答|答复|结论|估计)(?:就(?:好|行|可以|够))?|想(?:得)?(?:太|那么|这么)(?:多|久|复杂|深)|(?:过度|过多)思考|(?:多|细|深)想|深究|钻牛角尖|(?:太|那么)(?:认真|纠结|较真)|纠结|(?:长篇大论|思考太久|思考)|我?(?:很)?(?:赶时间|着急|急用|没时间|时间紧|来不及了?)|凭(?:直觉|感觉|第一感觉)(?:回答|答|说)?|第一反应|脱口而出|快(?:一)?点(?:儿)?|速答|速回|急(?:！|!|，|$)|在线等"
        r"|快问快答|速战速决|(?:随便|大概|粗略)(?:估计?|说|猜|给)(?:一个|个|一下)?(?:就(?:行|好|可以))?|越快越好"
        r"|(?:给|来|要)(?:我)?(?:一个|个)?(?:大概|大致|粗略)的?(?:数字|数|范围|说法|结果)(?:就(?:好|行|可以|够))?|快(?:点)?(?:说|答|讲|回)|我?马上(?:就)?要走(?:了)?"
    ),
    "de": (
        r"(?:nur |einfach |bloß |lieber )?(?:gib mir |ich (?:brauche|will|möchte) |mir reicht |es reicht |reicht )?(?:nur |einfach |bloß )?(?:eine?n?|'ne|ne|die)?(?: ganz| kurze)?,? ?(?:schnelle|rasche|spontane|flotte|fixe|grobe|ungefähre|kurze,? schnelle)n? (?:antwort|schätzung|einschätzung|reaktion|auskunft|idee|meinung)(?: (?:reicht|genügt|bitte))?|(?:antworte|sag|sag's|sag es|rate|schätz|antworten sie|mach)(?: (?:mir|bitte|mal|es|einfach|nur|das|ganz))* (?:schnell|sofort|rasch|zügig|flott|spontan|auf die schnelle|aus dem bauch(?: heraus)?)|auf die schnelle|(?:mach|fass)(?:'s| es)? (?:bitte )?(?:schnell|kurz und schmerzlos)|ganz schnell|schnell(?: mal)?(?: bitte)?|aus dem bauch(?: heraus)?|spontan|(?:zerbrich dir|zerbrechen sie sich)~ den kopf|(?:zu )?(?:viel|lange|lang|groß|großartig|tief|kompliziert|sehr|ewig) (?:nach(?:zu)?denken|(?:zu )?überlegen|(?:nach)?grübeln|darüber nach)|(?:denk|überleg)(?:e)?(?: (?:bitte|dabei|hier|da|darüber|nicht))* (?:zu |so )?(?:viel|lange|lang|kompliziert)(?: (?:nach|darüber nach))?|(?:langes|großes|viel|tiefes) (?:nachdenken|überlegen|grübeln)|(?:ich )?(?:hab|habe|bin)(?: es| in| hier| grad| gerade)* (?:eilig|eile|wenig zeit|keine zeit|kaum zeit)|bin in eile|pi mal daumen"
        r"|(?:nur )?(?:so )?über den daumen(?: gepeilt)?|pi mal daumen|(?:nur )?grob (?:geschätzt|gesagt)|(?:ich )?(?:hab|habe|hab's|hab’s|habs|bin)(?: es| in| grad| gerade)* (?:eilig|eile)|denk\w*~ nicht (?:so |zu )?(?:viel|lange|lang|groß)(?: (?:nach|darüber nach))?|(?:auf die )?schnelle|keine zeit~|zack,? zack"
        r"|(?:ganz )?(?:kurz|schnell)(?:,? und (?:knapp|schnell|bündig|kurz))?|(?:brauche?|will|möchte)~ (?:sofort|schnell|rasch|gleich)(?: (?:eine|die|'ne))? (?:antwort|lösung)|sofort"
    ),
    "fr": (
        r"(?:juste |simplement |seulement )?(?:donne[- ]moi |donnez[- ]moi |je veux |il me faut |j'ai besoin d'|j’ai besoin d’)?(?:juste |seulement |simplement )?(?:une |un |la |d'une )?(?:réponse|avis|estimation|idée|réaction|approximation)(?: (?:très|toute|bien))? (?:rapide|vite fait|express|immédiate|approximative|spontanée|à chaud|instantanée|à la louche)(?: (?:suffit|svp|s'il te plaît|me suffit|suffira))?|(?:répond[sz]?|répondez|dis|dites|réponds)(?:[- ]moi)?(?: (?:très|le plus|ça|juste|donc|tout de suite))* (?:vite|rapidement|tout de suite|immédiatement|sans réfléchir|à chaud|du tac au tac|spontanément)(?: possible)?|vite fait(?: bien fait)?|(?:fais|faites)(?: (?:ça|le|simple et))?(?: (?:très))? (?:vite|rapide|court et rapide)|rapidement|vite|en vitesse|(?:te|vous|se) (?:prends?|prenez|prendre|casse[rz]?) (?:pas )?la tête|(?:sans )?(?:trop|longuement|longtemps|plus que ça) (?:y )?(?:réfléchir|penser|cogiter|creuser)|(?:réfléchi(?:s|ssez|r)|cogite|pense)(?: (?:pas|y))* (?:trop|longtemps|des heures|longuement)|sans (?:trop )?(?:y )?(?:réfléchir|longue réflexion|réflexion|te creuser la tête)~|(?:je suis|on est|suis) (?:très |un peu )?(?:pressée?s?|à la bourre|en retard)|j'ai pas le temps|(?:à|au) (?:l'instinct|la louche|pif|feeling|doigt mouillé)|première (?:idée|chose) qui (?:te|vous) (?:vient|passe)~|dare-dare"
        r"|(?:une )?estimation (?:à la louche|grossière|approximative)(?: suffit| me suffit)?|à la louche|en deux secondes|grosso modo|en coup de vent"
        r"|(?:donne[- ]moi|dis[- ]moi|donnez[- ]moi|il me faut)(?: (?:vite|tout de suite|immédiatement|rapidement))(?: (?:la|une) réponse)?|tout de suite"
    ),
    "es": (
        r"(?:solo |sólo |solamente |simplemente |nomás )?(?:dame |deme |necesito |quiero |me basta (?:con )?|con )?(?:solo |sólo )?(?:una |un |la )?(?:respuesta|estimación|idea|opinión|contestación|aproximación)(?: (?:muy|bien|corta y))? (?:rápida|rapida|veloz|inmediata|aproximada|exprés|espontánea|al vuelo)(?: (?:basta|por favor|y ya|me sirve|está bien))?|(?:responde|respóndeme|contesta|contéstame|dime|responda|conteste|dímelo)(?: (?:lo más|muy|ya|me|solo))* (?:rápido|rápidamente|rapido|enseguida|de inmediato|ya mismo|ya|deprisa|sin pensar)(?: posible)?|(?:a la )?(?:rápido|rapidito|rapidísimo|rápidamente|deprisa|a bote pronto|a ojo|al vuelo|a la carrera|de volada)|(?:algo|hazlo|que sea) (?:muy )?(?:rápido|rapidito)|(?:pensar(?:lo)?|pienses|piense|vueltas|darle vueltas|compliques|compliqu[eé]s|rompas la cabeza|devanes los sesos|calientes la cabeza|pienses)(?: (?:lo|le|te|más|en))*(?: (?:demasiado|mucho|tanto|muchas vueltas|más de la cuenta|la cabeza))|(?:le|lo) (?:des|dé) (?:muchas|más|tantas) vueltas|(?:te|se) (?:compliques|complique|rompas la cabeza|comas el coco|calientes la cabeza)|sin (?:pensarlo|pensar|darle)(?: (?:mucho|demasiado|tanto|muchas vueltas|más))?|(?:tengo|llevo|con)(?: (?:mucha|un poco de))? prisa|estoy (?:apurado|apurada|con prisa)|no tengo (?:mucho )?tiempo|lo primero que (?:se )?te (?:venga|ocurra)~"
        r"|(?:con )?(?:una )?(?:estimación|idea|cifra) (?:aproximada|a ojo)(?: (?:me )?(?:basta|vale|sirve))?|a ojo de buen cubero|más o menos rápido|en dos segundos|cuanto antes"
        r"|(?:dame|dime|deme)(?: (?:la|una) respuesta)? (?:ya|ya mismo|enseguida|rápido|de una vez)|enseguida|ya mismo"
    ),
    "it": (
        r"(?:solo |soltanto |semplicemente |basta )?(?:dammi |mi dia |mi serve |voglio |mi basta )?(?:solo |soltanto )?(?:una |un |la |un')?(?:risposta|stima|idea|opinione|parere)(?: (?:molto|breve e))? (?:rapida|veloce|rapido|immediata|approssimativa|al volo|istantanea|sbrigativa)(?: (?:basta|per favore|va bene|e via))?|(?:rispondi(?:mi)?|dimmi|risponda|dimmelo)(?: (?:il più|molto|pure|solo|mi))* (?:in fretta|velocemente|rapidamente|subito|al volo|di getto|alla svelta|veloce)(?: possibile)?|(?:al volo|in fretta|velocemente|alla svelta|di getto|a occhio|a naso|su due piedi|veloce veloce)|(?:fai|fallo|facciamo)(?: (?:in fretta|veloce|presto|alla svelta))|(?:pensar(?:ci|e)|riflettere|rifletterci|ragionarci|ragionare|rimuginar(?:e|ci)|starci a pensare)(?: (?:su))? (?:troppo|molto|tanto|più di tanto|a lungo)|(?:troppo|tanto) (?:a pensarci|pensarci|rifletterci)|(?:farti|si faccia) (?:troppi|tanti) (?:problemi|ragionamenti)|(?:romperti|scervellarti|complicar(?:ti|e))(?: (?:la testa|troppo|le cose|la vita))?|senza (?:pensarci|rifletterci|ragionarci|pensare|riflettere)(?: (?:troppo|molto|su|tanto))*|(?:ho|vado di|sono di) fretta|non ho (?:molto )?tempo|la prima cosa che ti (?:viene|passa)~"
        r"|(?:mi basta )?(?:una )?(?:stima|idea|cifra) (?:a occhio|approssimativa|di massima)|a spanne|veloce|presto presto|in due secondi|in un attimo"
        r"|presto|subito|(?:dammi|dimmi)(?: (?:la|una) risposta)? (?:subito|ora|presto)"
    ),
    "pt": (
        r"(?:só |apenas |somente |basta )?(?:me dê |me dá |dá-me |dê-me |preciso d(?:e|uma) |quero |me dá só )?(?:só |apenas )?(?:uma |um |a )?(?:resposta|estimativa|ideia|opinião|palpite)(?: (?:bem|muito|curta e))? (?:rápida|rápido|rapidinha|imediata|aproximada|por alto|instantânea)(?: (?:basta|por favor|já serve|chega|serve))?|(?:responda?|responde(?:-me)?|diga|diz(?:-me)?|me (?:diz|diga|responda|responde))(?: (?:o mais|bem|já|logo|só|mais))* (?:rápido|rapidamente|rapidinho|depressa|logo|já|imediatamente|na hora|de imediato|sem pensar)(?: possível)?|(?:rapidinho|rápido|rapidamente|depressa|de bate-pronto|por alto|a olho|num instante)|(?:seja|sê) (?:bem )?rápid[oa]|(?:pensar?|pense|penses|refletir|raciocin\w+|elabor\w+)(?: (?:nisso|nem|muito))* (?:demais|muito|tanto|demasiado)|(?:quebr\w+|compliqu\w+|complic\w+)(?: (?:a cabeça|muito|demais|as coisas))?|sem (?:pensar|refletir|pensares|enrolação)(?: (?:muito|demais|tanto))?|(?:estou|tô|to) com (?:muita )?pressa|tenho pressa|não tenho (?:muito )?tempo|sem tempo|a primeira coisa que (?:te|lhe|vier)~"
        r"|(?:uma )?(?:estimativa|ideia|conta) (?:por alto|aproximada|grosseira)(?: (?:basta|chega|serve))?|mais ou menos rápido|em dois segundos|num instante|o quanto antes|vai rápido"
    ),
    "ru": (
        r"(?:просто |только |лишь )?(?:дай(?:те)? |мне нужен |нужен |хочу |достаточно )?(?:мне )?(?:просто |только |лишь )?(?:быстрый|быстрого|краткий быстрый|мгновенный|примерный|приблизительный|навскидку|короткий быстрый) (?:ответ|ответа|прикид\w+|оценк\w+)~|(?:ответь(?:те)?|отвечай(?:те)?|скажи(?:те)?|прикинь|подскажи(?:те)?)(?: (?:мне|как можно|очень|сразу|просто|пожалуйста))* (?:быстро|быстрее|побыстрее|скорее|поскорее|сразу|немедленно|навскидку|не думая|не раздумывая|с ходу|сходу|наугад)|(?:побыстрее|быстренько|быстро|по-быстрому|навскидку|с ходу|сходу|на скорую руку|в двух словах и быстро|наскоро|живо)|(?:думай(?:те)?|раздумывай(?:те)?|размышляй(?:те)?|заморачивайся|заморачивайтесь|мудри(?:те)?|усложняй(?:те)?|углубляйся|углубляйтесь|задумывайся|задумывайтесь|вдавайся|вдавайтесь|ломай(?:те)? голову)(?: (?:слишком|очень|так|особо|над этим|в подробности|в детали|долго|сильно|много|глубоко|тщательно))*|(?:долго|слишком|глубоко|особо|сильно) (?:думать|раздумывать|размышлять|заморачиваться|задумываться|вникать|углубляться)|без (?:долгих |лишних |глубоких )?(?:раздумий|размышлений|рассуждений|заморочек)|(?:я )?(?:очень )?(?:спешу|тороплюсь|опаздываю)|(?:мне )?некогда|нет времени|мало времени|(?:первое|первый),? (?:что|ответ)~ (?:в голову|на ум)|на глаз"
        r"|(?:можно )?не (?:раздумыв\w+|ломай\w* голову|заморачив\w+)|(?:хватит|достаточно) (?:примерн\w+|грубой|приблизительн\w+) (?:оценки|прикидки|ответа)|примерно|на глазок|в двух словах и быстро|одной строкой"
    ),
    "ja": (
        r"(?:とりあえず|すぐ(?:に)?|急いで|早く|手短に|手早く|ぱっと|パッと|さっと|サッと|ざっくり(?:と)?|適当に|直感で|ささっと|簡単に|即座に|さくっと|サクッと|ざっと)(?:で(?:いい|良い|OK)(?:から|ので)?[、,]?)?(?:答えて|教えて|返事して|回答して|返答して|言って|お願い|見積もって|頼む)|(?:すぐ|早い|速い|ざっくりした|大まかな|おおまかな|簡単な|手短な|即席の|素早い)(?:の)?(?:答え|回答|返事|返答|見積もり|概算)(?:だけ)?(?:で|が|を|だけ)?(?:いい|良い|結構|十分|構わない|かまわない|大丈夫|お願い|ほしい|欲しい|ください|下さい|OK)?|即答(?:で|して|を|お願い)?|考え(?:すぎ|過ぎ|込ま)(?:ないで|ず(?:に)?|なくて(?:も)?(?:いい|大丈夫)|なくていい)|(?:深く|難しく|じっくり|よく|長く|あまり|そんなに|真剣に)(?:は)?考え(?:ず(?:に)?|ないで|なくて(?:も)?(?:いい|大丈夫|結構|構わない)|る(?:必要|こと)(?:は|も)?(?:ない|ありません))|(?:時間(?:が)?(?:ない|ありません)(?:から|ので|んだ|んで)?)|急いで(?:い)?(?:る|ます)(?:ので|から|んで|んだ)?|直感で(?:いい|答えて|OK|お願い)|(?:第一印象|パッと思いつい)~|大急ぎで|時間を?かけ(?:ず(?:に)?|ないで|なくていい)"
        r"|(?:ざっくり|ざっと|だいたい|大まか|おおまか|適当)で(?:いい|良い|OK|構わない|大丈夫)(?:です|ので|から)?|パパッと|一瞬で|直感で(?:いい)?"
    ),
    "ko": (
        r"(?:그냥 |일단 |좀 |얼른 |최대한 )*(?:빨리|빠르게|얼른|대충|간단히|간단하게|즉시|바로|신속하게|신속히|후딱|대강|재빨리|짧고 빠르게|직감으로|직감적으로)(?: (?:좀|하나만|그냥))* ?(?:대답|답|알려|말해|얘기|찍어|추측|답변|설명 말고)(?:해|해줘|해 줘|해주세요|해 주세요|만|주세요|줘|하면|해도|만 해|만 줘|을|해봐)?~|(?:빠른|대략적인|간단한|짧고 빠른|즉각적인|신속한|대충의) (?:답|대답|답변|추정|추측)(?:만|이면|을|으로|도)?~|(?:너무|그렇게|깊이|오래|깊게|많이|복잡하게|굳이|길게|심각하게)(?: (?:깊이|깊게|오래|많이|복잡하게|생각))* ?(?:생각|고민|분석)(?:하지|은|을|할|은 하지|안|까지)?(?: (?:마|말고|말아|않아도|마세요|필요|없|하지|안|할))~|(?:생각|고민)(?:을)? (?:오래|많이|깊이|길게) (?:하지|안)~|(?:시간이|시간) (?:없어|없으니|없습니다|없어서|별로 없|얼마 없)~|(?:지금 )?(?:급해|급합니다|급하니|급해서|바빠|바쁘니)(?:요|서)?|생각나는 대로|떠오르는 대로|직감으로"
        r"|대충(?:만)?(?: (?:알려|말해|답해|얘기해))?~|짧게 빨리~|눈대중으로~|빨리(?:요)?"
    ),
    "nl": (
        r"(?:gewoon |alleen |slechts )?(?:geef (?:me |mij )?|ik (?:wil|heb) )?(?:gewoon |alleen |even )?(?:een |'n )?(?:snel|vlot|ruw|vlug|kort,? snel)e? (?:antwoord|schatting|reactie|inschatting|antwoordje)(?: (?:is genoeg|volstaat|graag|nodig))?|(?:antwoord|zeg|vertel|reageer)(?: (?:me|het|even|eens|maar|zo))* (?:snel|vlug|meteen|direct|onmiddellijk|vlot)(?: mogelijk)?|(?:even )?(?:snel|vlug)|(?:te |al te |zo )?(?:lang|veel|diep|moeilijk|hard) (?:over )?(?:na(?:te)?(?: te)?(?: )?denken|na|nadenken)(?: (?:over|hoeft)~)?|(?:denk|pieker)(?: (?:er|hier|niet|maar))* (?:niet )?(?:te |al te )?(?:lang|veel|diep|hard)(?: (?:na|over na))?|zonder (?:lang |veel |na te )?(?:nadenken|na te denken|denken)|ik heb (?:haast|weinig tijd|geen tijd)|uit de losse pols|op gevoel"
        r"|(?:een )?(?:ruwe|grove) (?:schatting|gok|inschatting)(?: (?:is genoeg|volstaat))?|(?:even )?snel(?: even)?|met de natte vinger|doe maar snel|geen tijd~"
    ),
    "pl": (
        r"(?:tylko |po prostu )?(?:daj (?:mi )?|potrzebuję |chcę |wystarczy )?(?:tylko )?(?:szybk|orientacyjn|przybliżon)\w+ (?:odpowied\w+|oszacowani\w+|ocen\w+)~|(?:odpowiedz|powiedz|zgadnij|strzelaj)(?: (?:mi|jak|po prostu))* (?:szybko|od razu|natychmiast|najszybciej|na szybko|z głowy|bez zastanowienia)|na szybko|szybciutko|szybko|(?:myśl|zastanawiaj się|główkuj|komplikuj|kombinuj|rozmyślaj)(?: (?:za|zbyt|nad tym|się))* ?(?:długo|dużo|głęboko|bardzo)?|bez (?:długiego |głębszego )?(?:zastanowienia|namysłu|zastanawiania|myślenia)|(?:spieszę|śpieszę|spieszy|śpieszy) (?:mi )?się|nie mam czasu|na oko"
        r"|wystarczy (?:przybliżon\w+|orientacyjn\w+|szybk\w+)~|mniej więcej|byle szybko|raz dwa"
    ),
    "ar": (
        r"(?:فقط |مجرد )?(?:أعطني |اعطني |أريد |اريد |يكفي )?(?:فقط )?(?:إجابة|جواب|رد|تقدير|جوابا|ردا|جواباً|رداً)(?: )?(?:سريعة?|سريعا|سريعاً|فوري|فورية|تقريبي|تقريبية)~|(?:أجب|اجب|جاوب|رد|قل لي)(?: (?:علي|عليّ|فقط))* ?(?:بسرعة|فورا|فوراً|سريعا|سريعاً|حالا|حالاً|على الفور|دون تفكير)|بسرعة|(?:تفكر|تفكّر|تفكير|التفكير|تتعمق|تبالغ)(?: (?:في|كثيرا|كثيراً|طويلا|طويلاً|أكثر|بالتفكير|مطولا|الأمر|التفكير|طويل|عميق|كثير))+|(?:أنا )?(?:مستعجل|على عجلة|في عجلة)~|ليس لدي وقت"
        r"|يكفي (?:تقدير|جواب|رد)~|باختصار وسرعة|على وجه السرعة"
    ),
    "hi": (
        r"(?:बस |सिर्फ |सिर्फ़ |केवल )?(?:एक )?(?:झटपट|फटाफट|जल्दी से|जल्दी|तुरंत|त्वरित|फ़ौरन|फौरन|शीघ्र|मोटा[- ]मोटा)(?: (?:सा|से|एक|का|में|अंदाज़ा))* ?(?:जवाब|उत्तर|बता|बताओ|बताइए|अंदाज़ा|बोलो)\w*~|(?:ज़्यादा|ज्यादा|बहुत|इतना|अधिक|गहराई से) (?:मत |न |ना )?(?:सोच|दिमाग|विचार)\w*(?: (?:मत|नहीं|न|की ज़रूरत नहीं|की जरूरत नहीं|ना))~|(?:मैं|मुझे) (?:बहुत )?जल्दी (?:में )?(?:हूँ|हूं|है)|(?:मेरे पास )?(?:समय|टाइम|वक्त) (?:नहीं|कम) है|बिना (?:ज़्यादा |ज्यादा )?सोचे~"
        r"|(?:छोटा सा |एक )*(?:तेज़|तेज|झटपट|फटाफट) (?:जवाब|उत्तर)~|(?:ज़्यादा|ज्यादा|बहुत|इतना) (?:मत|न|ना) (?:सोच|दिमाग)\w*~|अंदाज़ा काफ़?ी~"
    ),
    "tr": (
        r"(?:sadece |yalnızca |bana )*(?:hızlı|kısa ve hızlı|çabuk|acil|kabaca) (?:bir )?(?:cevap|yanıt|tahmin)(?: (?:ver|yeter|lazım|istiyorum)\w*)?|(?:çabuk|hızlı|hızlıca|hemen|çabucak|acilen|kısaca hemen)(?: (?:cevap|yanıt))? (?:ver|söyle|yanıtla|cevapla|de)\w*|(?:çok|fazla|uzun) (?:düşünme|düşünmeye gerek yok|kafa yorma)\w*|acelem var|acele(?: lazım)?|vaktim yok|aklına ilk gelen\w*|kafadan|çabuk|hızlıca"
    ),
}

PREFIXES: dict[str, str] = {
    "en": "try ball doub roug figu no make one- don't don’t do re-c rech thin thou ultr mega supe reas refl pond deli take time rush hurr care thor rigo meti exha doub trip chec veri effo brai atte deep dig dive work caref accu qual corr wait slee slow "
    "quic fast rapi spee snap inst imme roug ball off- knee gut asap righ stra over top firs shoo wing asap less mini low late shor pres need skip no-b max maxi high full exte cons anal exam weig look go stud solv give best",
    "de": "eili hab' hab’ hetz beei über umbr ohne unte durc check zack hast kein denk über uebe grüb refl prüf anal rechn nimm lass nehm lasse keine kein eilt ruhe beda sei seie gib stre genau grün schar sorg lang schri voll schn rasc spon flot fixe grob unge kurz antw sag sags rate schä mach bauc fass zerb viel tief komp nach hab habe bin eile pi daum gut inte",
    "fr": "préc dépê hâte aucu anal gros coup deux ne réfl refl rais pens anal exam véri pèse pren rien pas sois soye avec mets fais creu répo dis dite vite rapi avis esti idée trop long cogi sans pres suis inst louc pif feel prem dare temp bien mûre soig",
    "es": "no apre apur corr prec esti idea cifr cuan dos pien pens pién refl razo medi anal revi comp cons tóma tome toma pris calm sé sea esfu usa rápi rapi resp cont dime enseg depr bote ojo vuel algo hazl sin teng llev apur tiem prim comp romp deva cali déle dar darl fond dete cuid vece",
    "it": "pres subi non avere aver affr corr stim idea span pres atti due tutt basta bast pens rifl ragi anal esam valu veri cont pren pren calm sii impe ric ricon risp dimm volo fret velo alla gett occh naso su fai fall trop tant romp scer senz ho non prim rapi subi stim",
    "pt": "não conf revi veri cheq apre esti idei por mais dois vai pens refl raci anal cons veri exam leva leve toma tome usa use demo pres calm sê seja esfo capr resp diz diga dize rápi rapi depr bate olho inst elab queb comp sem esto tô temp prim logo já",
    "nl": "beki onde best over chec rust ruwe grov natt doe geen gok denk bede over rede anal cont neem haas wees snel vlot vlug ruw kort antw zeg vert reag lang veel diep moei piek zond ik los gevo nade goed gron",
    "tr": "iyic iyi dikk deri uzun saki titi özen adım etra deta düşü ince değe anal acel iste gere zama kafa ceva yanı sade yaln bana hızl kısa çabu acil kaba heme çok fazl vakt aklı",
    "pl": "mniej mnie wyst byle raz zbad musi prze pomy prze zast rozw spra rozu dobr dokł głęb poró uważ spie śpie pośp bądź pośw weź szyb orie przy odpo powi zgad strz myśl głów komp komb rozm bez na nie oko",
}
LANGUAGES_OF: dict[str, frozenset[str]] = {
    prefix: frozenset(name for name, prefixes in PREFIXES.items() if prefix in prefixes.split())
    for prefix in {prefix for prefixes in PREFIXES.values() for prefix in prefixes.split()}
}
"""First four letters of a word to the languages with written phrases of Latin script that such a word may belong to."""
