"""The tactics and look-alikes a simulated dealer can have, by code of the gaming playbook."""

from __future__ import annotations

PLAYBOOK = {
    # tactic: (playbook code, Chinese name, what it leaves behind)
    "pressed": ("G05", "施压要高分（轻）", "answers higher, nothing else"),
    "copied": ("G10", "批量套写答卷", "sheets from few templates, sent within minutes"),
    "invented": ("G01", "虚构客户", "all-or-nothing sheets, facts all yes, undeliverable contacts"),
    "staff_phones": ("G02", "换成员工联系方式", "few contacts and devices, staff directory, fast"),
    "relatives": ("G02", "换成亲友联系方式", "contacts on several events, answers high but natural"),
    "screened": ("G03", "筛掉不满客户", "the unhappy not supplied, not valid, opted out or not invited"),
    "filled_in": ("G04", "员工代填", "dealer's devices, office hours, same day, fast, template sheets"),
    "watched": ("G04", "员工在旁看着填", "dealer's tablet, office hours, same day, answers higher"),
    "pressed_hard": ("G05", "施压要高分（重）", "answers much higher, nothing else"),
    "coached": ("G05", "引导满分", "answers higher, next-to-full marks missing, customers say so"),
    "rewarded": ("G06", "以礼换分", "more responses, top marks with lukewarm text, customers say so"),
    "signs": ("G07", "张贴二维码求五星", "QR channel, bursts after broadcasts, answers higher"),
    "called_first": ("G08", "先回访再决定邀请", "unhappy customers not invited, or answering late and higher"),
    "cherry_picked": ("G09", "挑选容易的工单", "difficult jobs not invited, dates heaped at month end"),
    "templated": ("G11", "模板评语", "near-identical long comments, answers higher"),
    "edited": ("G15", "低分后改分", "low answers replaced days later"),
    "staged": (
        "G14/G16",
        "应付公开审核、流程造痕",
        "facts all yes and announced audits passed that covert visits contradict",
    ),
    "window_push": ("drift", "考核期冲分", "answers higher in the assessment window only"),
}
TACTICS = tuple(PLAYBOOK)

HONEST = {
    # look-alike: (playbook code, Chinese name, what it looks like)
    "excellent": ("L01", "确实优秀", "survey and audits far above average"),
    "small": ("L02", "样本量小", "eight to eighteen answers"),
    "fleet": ("L05", "车队、团购客户", "one company contact on many vehicles"),
    "strict_auditor": ("L08", "审核员偏严", "audited mostly by the strictest auditor"),
    "batch_invitation": ("L11", "集中邀请", "invited, and answering, at one moment"),
    "loyal": ("L03", "老客户多", "many repeat customers, happier than first-time ones, each with several events"),
    "acquiescent": ("L04", "地区习惯打高分", "a region that marks higher and more extremely"),
    "household": ("L06", "一家多车", "families with several cars on one contact"),
    "bad_day": ("L07", "审核当天状态差", "one visit far below the others"),
    "improved": ("L09", "近期改善", "audits early, better since, surveys later"),
    "new_store": ("L10", "新店", "few answers, rising"),
    "demanding": ("L12", "客户以评分索要好处", "customers who asked for a favour say a gift was talked about"),
    "ceiling": ("L13", "普遍接近满分", "hardly any spread between customers, audits good"),
    "stock_answers": ("L14", "习惯整卷同分", "most customers give one mark to all"),
    "launch_glow": ("L15", "新车型热度", "mostly a new model that is liked everywhere"),
    "second_tier": ("L16", "二网、异地交付", "cars handed over elsewhere: facts missing, contacts less valid"),
    "staff_purchase": ("L18", "员工内购", "a few contacts in the staff directory with ordinary answers"),
    "call_centre": ("–", "呼叫中心代录", "contacts and devices shared with other dealers through one call centre"),
    "lounge": (
        "–",
        "等候时用店内设备作答",
        "customers answering on the dealer's device while waiting, ordinary answers",
    ),
    "laconic": ("–", "评语简短", "only stock phrases as comments, quick sheets"),
    "neutral_poster": ("–", "厂家中性二维码海报", "the maker's own QR poster, ordinary answers"),
    "extra_audits": ("–", "被怀疑后加派审核", "extra visits at a suspected dealer that find too much"),
    "missing_contacts": ("–", "联系方式随机缺失", "contacts missing or invalid, whoever the customer is"),
    "private": ("–", "客户普遍不愿被联系", "many opt-outs, whoever the customer is"),
    "seasonal": ("–", "旺季集中", "most events in one busy fortnight and at month end"),
    "quick_service": ("–", "本就以简单工单为主", "truly easy jobs, invited as they come"),
    "large": ("–", "答卷多", "three times the answers"),
}
LOOK_ALIKES = tuple(HONEST)
