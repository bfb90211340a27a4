// The sentences that a server writes (reasons, notices, evidence, incidents) in the console's language. They come in
// English, or in Chinese where the prompt was Chinese; their names and figures are read out of them, never made.
// One that is not known here is shown as it came. Moments are told in the reader's own time.

import { clock } from "./format.js";
import { state } from "./state.js";

// {0} is a name or a figure and {0!} a quotation: both are taken as they stand. {0~} is a piece of a sentence, {0*} whole
// ones. {0&} is a list, "a, b and c" or "a or b"; {0,} one of models with a few words on each, "a (x), b (y)".
const SENTENCES = [
  // why a model leads, and why another one does not
  ["{0} is the only model that may serve this request.", "只有 {0} 可以回答这个请求。"],
  ["{0} is expected to answer this best: {1~}, against {2~} of {3}.", "{0} 预计回答得最好：{1~}；{3} 为{2~}。"],
  ["{0} is expected to do no worse here: {1~}, against {2~} of {3}.", "{0} 预计在此不逊色：{1~}；{3} 为{2~}。"],
  ["{0} is worth its price here: {1~}, against {2~} of {3}.", "{0} 在此物有所值：{1~}；{3} 为{2~}。"],
  ["{0} is good enough here and cheaper: {1~}, against {2~} of {3}.", "{0} 在此足够好且更便宜：{1~}；{3} 为{2~}。"],
  ["{0} is about {1} s faster: {2~}, against {3~} of {4}.", "{0} 约快 {1} 秒：{2~}；{4} 为{3~}。"],
  ["{0} is the surer choice here: {1~}, against {2~} of {3}.", "{0} 在此更有把握：{1~}；{3} 为{2~}。"],
  ["Nothing was measured of {0} yet.", "{0} 尚未测量过。"],
  ["{0}, {1~}, stays: {2} looks better by {3} (cost and time counted), but nothing was measured of {4&}: `unisono models probe` does.", "继续使用{1~} {0}：{2} 看似好 {3}（已计费用和时间），但 {4&} 从未测量过：请运行 `unisono models probe`。"],
  ["{0}, {1~}, stays: this prompt is unusual ({2} of those measured are more so), and that {3} looks better by {4} is in doubt by {5}.", "继续使用{1~} {0}：这样的问题很少见（已测问题中只有 {2} 更少见），{3} 看似好 {4}，但疑问达 {5}。"],
  ["{0}, {1~}, stays: {2} looks better by {3} (cost and time counted), in doubt by {4}, which is not measurably better.", "继续使用{1~} {0}：{2} 看似好 {3}（已计费用和时间），但疑问达 {4}，并不明显更好。"],
  ["not clearly better than {0~}: {1~}", "并不明显好于{0~}：{1~}"],
  ["the default", "默认模型"],
  ["the first choice for fast answers", "快速回答的首选"],
  ["the first choice for deep answers", "深入回答的首选"],
  ["expected quality {0} lower and not cheaper: {1~}", "预计质量低 {0}，且不便宜：{1~}"],
  ["cheaper, but expected quality {0} lower: {1~}", "更便宜，但预计质量低 {0}：{1~}"],
  ["expected quality {0} higher, not worth its price here: {1~}", "预计质量高 {0}，但在此不值其价：{1~}"],
  ["about {0} s slower without being better enough: {1~}", "约慢 {0} 秒，而质量优势不足：{1~}"],
  ["cheaper, but about {0} s slower: {1~}", "更便宜，但约慢 {0} 秒：{1~}"],
  ["expected quality {0} higher, but about {1} s slower: {2~}", "预计质量高 {0}，但约慢 {1} 秒：{2~}"],
  ["cheaper, but not clearly good enough: {0~}", "更便宜，但未必够好：{0~}"],
  ["not clearly better: {0~}", "并不明显更好：{0~}"],
  ["better here by {0} (cost and time counted), which does not pay for a switch", "在此好 {0}（已计费用和时间），不值得为此切换"],
  ["may cost {0}, above your bound of {1}", "可能花费 {0}，超过您的上限 {1}"],
  ["first token in about {0} s, above your bound of {1} s", "首个词元约需 {0} 秒，超过您的上限 {1} 秒"],
  ["expected quality {0}, below your bound of {1}", "预计质量 {0}，低于您的下限 {1}"],
  ["no model meets the bounds of this request", "没有模型满足此请求的限制"],
  ["you asked for {0}; this may answer only if it fails", "您指定了 {0}；仅在其失败时才由本模型回答"],
  ["{0} serves because the router is degraded: {1*}.", "由 {0} 回答，因为路由器已降级：{1*}。"],
  ["the router is degraded; it may answer only if those before it fail", "路由器已降级；仅在前面的模型失败时才回答"],
  ["{0} goes on with this conversation: {1} is better here by only {2} (cost and time counted), and a switch needs {3}.", "{0} 继续本次对话：{1} 只好 {2}（已计费用和时间），不到切换所需的 {3}。"],
  ["{0} goes on: a tool call or its provider's state is still open, and no model may change in between.", "{0} 继续：工具调用或服务商状态尚未完成，此时不能切换模型。"],
  ["{0} answered a nearly equal prompt; {1} is better here by only {2} (cost and time counted), and a change needs {3}.", "{0} 回答过几乎相同的问题；{1} 只好 {2}（已计费用和时间），不到换用所需的 {3}。"],
  ["{0} answers so that the router learns (a chance of {1}): it is expected to do no worse than {2}, and less is known of it.", "为了学习，本次由 {0} 回答（机会 {1}）：预计不逊于 {2}，但对其所知更少。"],
  ["{0} answers so that the router learns (a chance of {1}); {2} is expected to be better by {3} (cost and time counted).", "为了学习，本次由 {0} 回答（机会 {1}）；否则由 {2} 回答，预计只好 {3}（已计费用和时间）。"],
  ["The rule {0} has {1&} answer requests like this one.", "规则 {0} 指定由 {1&} 回答这类请求。"],
  ["The rule {0} would have {1&} answer, and none of these can serve this request.", "规则 {0} 指定由 {1&} 回答，但它们都不能回答这个请求。"],
  ["Of the models that the rule {0} names, only {1} may serve this request.", "规则 {0} 指定的模型中，只有 {1} 可以回答这个请求。"],
  ["the rule {0} names others; this may answer only if they cannot", "规则 {0} 指定由其他模型回答；仅在它们不能回答时才由本模型回答"],
  ["No model is left for {0~}; {1} answers again.", "没有模型能给出{0~}；仍由 {1} 回答。"],
  ["You asked for {0~}: {1} answers, after {2}.", "按您的要求（{0~}），由 {1} 回答；此前由 {2} 回答。"],
  ["{0} answers again: you asked for no other.", "{0} 再次回答：您没有要求其他模型。"],
  ["a deeper answer", "更深入的回答"],
  ["a faster answer", "更快的回答"],
  ["another model", "其他模型"],
  ["quality {0} for {1} (price assumed)", "质量 {0}，费用 {1}（假定价格）"],
  ["quality {0} for {1}", "质量 {0}，费用 {1}"],
  ["quality {0}", "质量 {0}"],

  // several models
  ["{0} answers if {1&} gives the same answer, else {2} takes over (about {3}): quality {4} for {5} expected, against {6} for {7} of {8} alone.", "先问 {0}；{1&} 给出同样的答案时采用其答案，否则由 {2} 接手（约 {3}）：预计质量 {4}，费用 {5}；{8} 单独为 {6}，{7}。"],
  ["{0} answers if it passes its checks, else {1} takes over (about {2}): quality {3} for {4} expected, against {5} for {6} of {7} alone.", "先问 {0}；通过检查时采用其答案，否则由 {1} 接手（约 {2}）：预计质量 {3}，费用 {4}；{7} 单独为 {5}，{6}。"],
  ["You asked for several models: {0&} answer side by side; the answer most of them give is taken, or {1} writes one from theirs.", "同时询问 {0&}，若答案不一致由 {1} 写出一份。"],
  ["You asked for several models: {0&} answer side by side; the answer most of them give is taken.", "同时询问 {0&}，取多数答案。"],
  ["Several models were asked for, but `routing.members` is 1.", "您希望多个模型合作，但 `routing.members` 为 1。"],
  ["Several models were asked for, but this form of request (tools, several choices, logprobs) is one model's.", "您希望多个模型合作，但此请求的形式（工具、多个选项、logprobs）只能由一个模型处理。"],
  ["Several models were asked for, but only one of the pool is good enough here.", "您希望多个模型合作，但模型池中只有一个足够好。"],
  ["Several models were asked for, but they would break the bound on cost or on the first token.", "您希望多个模型合作，但这会超出费用或首个词元的限制。"],
  ["{0}'s answer is given: no other of the models gave one.", "采用 {0} 的答案：只有它作答。"],
  ["{0}'s answer is given: there was no time to compare it with others.", "采用 {0} 的答案：没有时间比较各模型的答案。"],
  ["{0}'s answer is given: {1} of {2} answers end as it does.", "采用 {0} 的答案：{2} 个答案中有 {1} 个结论相同。"],
  ["Of {0} answers {1}'s is given: it is expected to be the best here.", "在 {0} 个答案中采用 {1} 的：预计它在此最好。"],
  ["{0} chose {1}'s answer out of {2}.", "{0} 在 {2} 个答案中选择了 {1} 的。"],
  ["{0} wrote this answer from {1} others.", "{0} 根据 {1} 个答案写出本回答。"],
  ["The question was answered in {0} parts, and {1} wrote one answer from them.", "问题分为 {0} 部分，由各模型分别作答，{1} 写成一份。"],
  ["too slow", "太慢"],
  ["{0}'s answer is taken: right with probability {1}, {2} needed ({3*}).", "采用 {0} 的答案：正确的概率为 {1}，需要 {2}（{3*}）。"],
  ["{0} takes over: {1}'s answer is right with probability {2}, {3} needed ({4*}).", "{0} 接手：{1} 的答案正确的概率为 {2}，需要 {3}（{4*}）。"],
  ["{0} takes over: {1} gave no answer.", "{0} 接手：{1} 没有给出答案。"],
  ["{0} answers: {1} did not in time.", "由 {0} 回答：{1} 没有及时作答。"],
  ["no check said anything", "没有检查结果"],
  ["{0}: another model ends in {1} too", "{0} 的结论也是 {1}"],
  ["{0}: it ends in {1}, others in {2}", "结论为 {1}，{0} 的为 {2}"],
  ["{0} sums come out", "{0} 处算式正确"],
  ["the judge finds it right", "评审认为正确"],
  ["the judge finds it wrong", "评审认为错误"],
  ["its code parses", "代码可以解析"],
  ["its code does not parse (line {0})", "代码无法解析（第 {0} 行）"],
  ["its code passes {0} examples of the prompt", "代码通过了提示词中的 {0} 个示例"],
  ["its code fails an example of the prompt", "代码未通过提示词中的示例"],
  ["it has the ordered form", "符合要求的格式"],
  ["mean probability of its tokens {0}", "词元的平均概率为 {0}"],
  ["the scorer gives odds of {0}", "评分器给出的赔率为 {0}"],
  ["it refused", "它拒绝了"],
  ["it said nothing", "它什么也没说"],
  ["it says that it cannot answer", "它说自己无法回答"],
  ["it was cut at its length", "回答因长度被截断"],
  ["{0} = {1} is wrong", "{0} = {1} 有误"],
  ["it is no JSON", "不是 JSON"],
  ["it is no JSON object", "不是 JSON 对象"],
  ["a value is none of the allowed ones", "有一个值不在允许之列"],
  ["a value is not the only one allowed", "有一个值不是唯一允许的值"],
  ["a value is not of type {0}", "有一个值的类型不是 {0}"],
  ["it calls '{0}', which is no tool here", "它调用了“{0}”，此处没有这个工具"],
  ["the arguments of '{0}' are no JSON", "“{0}”的参数不是 JSON"],
  ["the arguments of '{0}': {1*}", "“{0}”的参数：{1*}"],
  ["'{0}' is missing", "缺少“{0}”"],
  ["'{0}' is not foreseen", "“{0}”不在预期之列"],
  ["{0}: '{1}' is missing", "{0}：缺少“{1}”"],
  ["{0}: '{1}' is not foreseen", "{0}：“{1}”不在预期之列"],
  ["{0}: a value is none of the allowed ones", "{0}：值不在允许之列"],
  ["{0}: a value is not the only one allowed", "{0}：值不是唯一允许的值"],
  ["{0}: a value is not of type {1}", "{0}：值的类型不是 {1}"],

  // notices
  ["The router is degraded ({0*}); {1} serves.", "路由器已降级（{0*}）；由 {1} 回答。"],
  ["The encoder did not read the prompt in time; the choice rests on surface facts only.", "编码器未能及时读取提示词；此选择仅依据长度、代码等表面特征。"],
  ["You asked for more thought, so this is taken as auto:{0}.", "您要求多花些心思，因此按 auto:{0} 处理。"],
  ["You asked for a quick answer, so this is taken as auto:{0}.", "您要求快速回答，因此按 auto:{0} 处理。"],
  ["The record cannot be written now: the decision for this answer may be lost.", "记录目前无法写入：本回答的决策可能不会留存。"],
  ["{0} is not served here and left out; the rest is served.", "此处无法提供 {0}，已略去；其余照常处理。"],
  ["{0&} are not served here and left out; the rest is served.", "此处无法提供 {0&}，已略去；其余照常处理。"],
  ["{0} does not take {1&}, and was asked without.", "{0} 不接受 {1&}，提问时已略去。"],
  ["{0}: the upstream answered {1}.", "{0}：上游返回 {1}。"],
  ["{0}: the upstream answered {1}; check `api_key`.", "{0}：上游返回 {1}；请检查 `api_key`。"],
  ["{0}: the upstream answered {1}; its account there has no money or quota left.", "{0}：上游返回 {1}；该账户余额或配额已用完。"],
  ["{0}: the upstream answered {1}; check what `api_key` may use.", "{0}：上游返回 {1}；请检查 `api_key` 的权限。"],
  ["{0}: the upstream answered {1}; check `base_url` and `upstream_model`.", "{0}：上游返回 {1}；请检查 `base_url` 和 `upstream_model`。"],
  ["{0} is retired; {1}, its successor, answers.", "{0} 已退役；由其后继 {1} 回答。"],
  ["{0} serves until {1}; {2} follows it.", "{0} 服务至 {1}，之后由 {2} 接替。"],
  ["{0} serves until {1}.", "{0} 服务至 {1}。"],
  ["{0,}; {1} answered instead.", "{0,}；改由 {1} 回答。"],
  ["{0} failed ({1*})", "{0} 失败（{1*}）"],
  ["{0}: “{1!}”, but {2}: “{3!}”, and {4} more; the answer follows {5}.", "{0}：“{1!}”，而 {2}：“{3!}”（另有 {4} 处）；本回答采用 {5} 的说法。"],
  ["{0}: “{1!}”, but {2}: “{3!}”, and {4} more.", "{0}：“{1!}”，而 {2}：“{3!}”（另有 {4} 处）。"],
  ["{0}: “{1!}”, but {2}: “{3!}”; the answer follows {4}.", "{0}：“{1!}”，而 {2}：“{3!}”；本回答采用 {4} 的说法。"],
  ["{0}: “{1!}”, but {2}: “{3!}”.", "{0}：“{1!}”，而 {2}：“{3!}”。"],
  ["{0} and {1} contradict each other, and {2} more; the answer follows {3}.", "{0} 与 {1} 互相矛盾（另有 {2} 处）；本回答采用 {3} 的说法。"],
  ["{0} and {1} contradict each other, and {2} more.", "{0} 与 {1} 互相矛盾（另有 {2} 处）。"],
  ["{0} and {1} contradict each other; the answer follows {2}.", "{0} 与 {1} 互相矛盾；本回答采用 {2} 的说法。"],
  ["{0} and {1} contradict each other.", "{0} 与 {1} 互相矛盾。"],
  ["The answer was made without {0,}.", "以下模型未能作答：{0,}。"],
  ["{0} answers from here; {1} answered before. Why: {2*}", "本回答来自 {0}；此前由 {1} 回答。原因：{2*}"],
  ["{0} was slow to begin; {1} was asked beside it and answered first.", "{0} 迟迟没有开始；{1} 被同时询问并先作答。"],
  ["{0} was busy; this request waited {1} s for its turn.", "{0} 繁忙；此请求等待了 {1} 秒。"],
  ["This answer cost {0}, above your bound of {1}.", "此回答花费 {0}，超过您的上限 {1}。"],
  ["The first token came after {0} s, above your bound of {1} s.", "首个词元在 {0} 秒后到达，超过您的上限 {1} 秒。"],
  ["{0}: asked for {1}, the upstream reports {2}.", "{0}：请求的是 {1}，上游报告的是 {2}。"],
  ["May be out of date: the knowledge of {0} ends {1}.", "答案可能已过时：{0} 的知识截至 {1}。"],
  ["{0} of {1} of the limit {2} are used; it returns from {3} on.", "限额 {2} 已用 {0}，共 {1}；{3} 起恢复。"],
  ["The limit {0} ({1}) of {2} is used up until {3}; {4} answers until then.", "{2} 的限额 {0}（{1}）已用完，{3} 恢复；在此之前由 {4} 回答。"],
  ["The limit {0} ({1} at once) of {2} is taken by requests in flight; {3} answers.", "{2} 的限额 {0}（同时 {1} 个）已被进行中的请求占满；由 {3} 回答。"],
  ["The limit {0} ({1}) of {2} has {3} left until {4}, and this request is expected to take {5}; {6} answers.", "{2} 的限额 {0}（{1}）还剩 {3}，而此请求预计需要 {5}；该限额 {4} 恢复，此次由 {6} 回答。"],
  ["This request is expected to take {0}, more than the whole limit {1} ({2}) of {3}; {4} answers.", "此请求预计需要 {0}，超过 {3} 的整个限额 {1}（{2}）；由 {4} 回答。"],
  ["You asked for {0}.", "您指定了 {0}。"],

  // why a model was not asked at all
  ["cannot {0&} (capabilities lack {1})", "无法{0&}（capabilities 缺少 {1}）"],
  ["call tools", "调用工具"],
  ["give structured output", "给出结构化输出"],
  ["see pictures", "看图"],
  ["hear or speak", "听或说"],
  ["read attached files", "读取附件"],
  ["search", "搜索"],
  [
    "the request has tools or blocks that only Anthropic's API knows, and this model is reached by another (upstream = '{0}')",
    "请求含有只有 Anthropic 的 API 才认识的工具或内容块，而此模型经由另一种 API（upstream = '{0}'）",
  ],
  ["window of {0} tokens is shorter than the prompt of about {1}", "上下文 {0} 个词元，短于约 {1} 个词元的提示词"],
  ["retired since {0}", "自 {0} 起已退役"],
  ["retired", "已退役"],
  ["its upstream is failing or at its rate limit; it will be asked again soon", "其上游出现故障或达到速率限制；不久后会再次询问"],
  ["you asked for {0} and for no other", "您指定了 {0}，且不要其他模型"],
  ["not among the models that you allowed", "不在您允许的模型之中"],
  ["you banned it", "您禁用了它"],
  ["its price is unknown (no usd_per_mtok_in), so it cannot be held to your max_cost_usd", "价格未知（没有 usd_per_mtok_in），无法保证不超过您的 max_cost_usd"],
  ["its limit {0} ({1}) is used up until {2}", "其限额 {0}（{1}）已用完，{2} 恢复"],
  ["its limit {0} ({1} at once) is taken by requests in flight", "其限额 {0}（同时 {1} 个）已被进行中的请求占满"],
  ["its limit {0} ({1}) has {2} left until {3}, and this request is expected to take {4}", "其限额 {0}（{1}）还剩 {2}，而此请求预计需要 {4}；{3} 恢复"],
  ["this request is expected to take {0}, more than its whole limit {1} ({2})", "此请求预计需要 {0}，超过其整个限额 {1}（{2}）"],

  // what an expected quality rests on
  ["never measured", "从未测量"],
  ["a guess from {0} published lengths of it, thoughts included", "根据该模型 {0} 项公开的输出长度（含思考）推测"],
  ["a guess from a published length of it, thoughts included", "根据该模型一项公开的输出长度（含思考）推测"],
  ["a guess from {0} published lengths of it", "根据该模型 {0} 项公开的输出长度推测"],
  ["a guess: nothing is known of its lengths", "推测：对该模型的输出长度一无所知"],
  ["a guess from a published length of it", "根据该模型一项公开的输出长度推测"],
  ["a guess from published lengths of other models that think", "根据其他会思考的模型公开的输出长度推测"],
  ["a guess from published lengths of other models that answer at once", "根据其他直接作答的模型公开的输出长度推测"],
  ["no price is known: that of the dearest model here is assumed", "价格未知：按此处最贵的模型计"],
  ["trained on {0} outcomes", "由 {0} 个结果训练"],
  ["guessed from {0&}", "根据{0&}推测"],
  ["its declared quality", "声明的质量"],
  ["the size in its name", "名称中的规模"],
  ["its price", "价格"],
  ["its role", "角色"],
  ["the average model", "一般模型"],
  ["{0} scores measured here, about {1} of them near by", "在此测得 {0} 个评分，其中约 {1} 个相近"],
  ["{0} score measured here, about {1} of them near by", "在此测得 {0} 个评分，其中约 {1} 个相近"],
  ["{0} votes", "{0} 票"],
  ["{0} vote", "{0} 票"],
  ["knowledge ends {0}, out of date here with probability {1}", "知识截至 {0}，在此过时的概率为 {1}"],
  ["its knowledge is not said to end before {0}, out of date here with probability {1}", "未声明知识截止，按 {0} 计，在此过时的概率为 {1}"],
  ["none: the router is degraded", "无：路由器已降级"],

  // what goes wrong with an answer
  ["No model answered. {0*}", "没有模型作答。{0*}"],
  ["{0} broke off in mid-answer ({1}); what came before is not the whole answer.", "{0} 在回答途中中断（{1}）；此前的内容并不完整。"],
  ["{0}: no answer within {1} s (`{2}`).", "{0}：{1} 秒内没有回答（`{2}`）。"],
  ["{0}: the request took longer than {1} s in all (`{2}`).", "{0}：请求总共超过了 {1} 秒（`{2}`）。"],
  ["{0}: no connection to {1} ({2}); is it running?", "{0}：无法连接到 {1}（{2}）；它在运行吗？"],
  ["{0}: no connection within {1} s (`{2}`).", "{0}：{1} 秒内未能连接（`{2}`）。"],
  ["{0}: the connection was reset before an answer came.", "{0}：连接在作答前被重置。"],
  ["{0}: the connection broke before the answer was whole.", "{0}：连接在回答完整之前断开。"],
  ["The server ends, and this request with it. Send it again.", "服务器正在停止，此请求随之结束。请重新发送。"],
  ["The limit {0} ({1}) is used up; it returns at {2}. Wait, or ask another model.", "限额 {0}（{1}）已用完，{2} 恢复。请等待，或改问其他模型。"],
  ["The limit {0} ({1} at once) is taken by requests in flight. Wait for one to end, or ask another model.", "限额 {0}（同时 {1} 个）已被进行中的请求占满。请等其中一个结束，或改问其他模型。"],
  ["The limit {0} ({1}) has {2} left, and this request is expected to take {3}; it returns at {4}. Wait, ask for less (a shorter prompt, a lower `max_tokens`), or ask another model.", "限额 {0}（{1}）还剩 {2}，而此请求预计需要 {3}；{4} 恢复。请等待、缩短请求（更短的提示词或更低的 `max_tokens`），或改问其他模型。"],
  ["This request is expected to take {0}, more than the whole limit {1} ({2}): ask for less (a shorter prompt, a lower `max_tokens`), or ask another model.", "此请求预计需要 {0}，超过整个限额 {1}（{2}）：请缩短请求（更短的提示词或更低的 `max_tokens`），或改问其他模型。"],

  // what breaks, and what operators must know of
  ["its trained parts cannot be read", "无法读取训练好的部件"],
  ["a stage failed with {0}", "某一阶段失败：{0}"],
  ["its decisions took {0} s, more than {1} s", "决策用时 {0} 秒，超过 {1} 秒"],
  ["its upstream is failing", "其上游出现故障"],
  ["see the log", "见日志"],
  ["A request failed with {0}; see the log.", "一个请求失败：{0}；见日志。"],
  ["The share of {0} rose from {1} to {2} under the policy {3}.", "在策略 {3} 下，{0} 的占比从 {1} 升至 {2}。"],
  ["The share of {0} fell from {1} to {2} under the policy {3}.", "在策略 {3} 下，{0} 的占比从 {1} 降至 {2}。"],
  ["{0} is rolled back; {1} decides.", "{0} 已回滚；由 {1} 决策。"],
  ["The guardrail on {0} broke: {1} ({2} and {3} answers).", "护栏 {0} 被突破：{1}（{2} 与 {3} 个回答）。"],
  ["Its answers are {0} times as long as before, over its last {1} of {2} answers.", "在最近 {2} 个回答的后 {1} 个中，回答长度是以前的 {0} 倍。"],
  ["What its answers are worth ({0}) moved by {1} points, over its last {2} of {3} answers.", "在最近 {3} 个回答的后 {2} 个中，回答的价值（{0}）变动了 {1} 分。"],
  ["{0} of its probe questions end otherwise than they did, {1} before, over the last {2} asked.", "在最近 {2} 个测评问题中，{0} 的结果与以前不同，此前为 {1}。"],
  ["Its provider may have changed it; `unisono models probe {0} --again` measures it anew.", "服务商可能更换了它；运行 `unisono models probe {0} --again` 可重新测量。"],
  ["The {0} other models in use moved alike, so it is probably your traffic that has changed, and not the model.", "其他 {0} 个在用模型也同样变动，因此变化的多半是您的流量，而不是模型。"],
];

const SLOT = /\{(\d)([!~*&,]?)\}/g;
const ANY = "(.+?)";
const NAME = "((?:(?!; |\\. ).)+?)"; // no sentence, and no part of several
const KNOWN = SENTENCES.map(([english, chinese]) => {
  const found = [...english.matchAll(SLOT)];
  const between = english.split(/\{\d[!~*&,]?\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = between.map((part, n) => n ? (/[!*,]/.test(found[n - 1][2]) ? ANY : NAME) + part : part).join("");
  return { pattern: new RegExp(`^${pattern}$`, "su"), slots: found.map((slot) => Number(slot[1])), chinese };
});

function whole(text) {
  for (const { pattern, slots, chinese } of KNOWN) {
    const found = pattern.exec(text);
    if (!found) continue;
    const values = Object.fromEntries(slots.map((slot, place) => [slot, found[place + 1]]));
    return chinese.replace(SLOT, (_, slot, kind) => {
      if (kind === "&") return values[slot].split(/, | and | or (?!speak)/).map(inner).join("、");
      if (kind === "~" || kind === "*") return inner(values[slot]);
      if (kind === ",") return values[slot].split(/(?<=\)), /).map((one) => whole(one) ?? one.replace(/ \((.*)\)$/, (_, why) => `（${inner(why)}）`)).join("，");
      return values[slot];
    });
  }
  return null;
}

// A text of several sentences, or of parts with semicolons between them, piece by piece; null when no piece is known.
function pieces(text) {
  for (const [between, joint] of [["; ", "；"], [". ", ""]]) {
    for (let at = text.indexOf(between); at > 0; at = text.indexOf(between, at + 1)) {
      const head = whole(text.slice(0, at + between.length - 1).replace(/;$/, ""));
      const tail = text.slice(at + between.length);
      if (head !== null) return `${head}${joint}${inner(tail)}`;
    }
  }
  return null;
}

const inner = (text) => whole(text) ?? pieces(text) ?? text;

// A name or a message with a sign that turns the direction of what follows could have the page's own sentence read otherwise.
const TURNS = /[\u202A-\u202E\u2066-\u2069]/g;
export const straight = (text) => text?.replace(TURNS, (sign) => `⟨U+${sign.charCodeAt(0).toString(16).toUpperCase()}⟩`);

const MOMENT = /\b(\d{4}-\d\d-\d\d) (\d\d:\d\d) UTC\b/g;
const here = (text) => text.replace(MOMENT, (_, day, time) => clock(`${day}T${time}Z`));

export const said = (text) => typeof text !== "string" ? text : straight(here(state.lang === "zh" ? inner(text) : text));
