"""The tactics and look-alikes a simulated dealer can have, by code of the gaming playbook."""

from __future__ import annotations

PLAYBOOK = {
    # tactic: (playbook code, what it leaves behind)
    "pressed": ("G05", "answers higher, nothing else"),
    "copied": ("G10", "sheets from few templates, sent within minutes"),
    "invented": ("G01", "all-or-nothing sheets, facts all yes, undeliverable contacts"),
    "staff_phones": ("G02", "few contacts and devices, staff directory, fast"),
    "relatives": ("G02", "contacts on several events, answers high but natural"),
    "screened": ("G03", "the unhappy not supplied, not valid, opted out or not invited"),
    "filled_in": ("G04", "dealer's devices, office hours, same day, fast, template sheets"),
    "watched": ("G04", "dealer's tablet, office hours, same day, answers higher"),
    "pressed_hard": ("G05", "answers much higher, nothing else"),
    "coached": ("G05", "answers higher, next-to-full marks missing, customers say so"),
    "rewarded": ("G06", "more responses, top marks with lukewarm text, customers say so"),
    "signs": ("G07", "QR channel, bursts after broadcasts, answers higher"),
    "called_first": ("G08", "unhappy customers not invited, or answering late and higher"),
    "cherry_picked": ("G09", "difficult jobs not invited, dates heaped at month end"),
    "templated": ("G11", "near-identical long comments, answers higher"),
    "edited": ("G15", "low answers replaced days later"),
    "staged": ("G14/G16", "facts all yes and announced audits passed that covert visits contradict"),
    "window_push": ("drift", "answers higher in the assessment window only"),
}
TACTICS = tuple(PLAYBOOK)

HONEST = {
    # look-alike: (playbook code, what it looks like)
    "excellent": ("L01", "survey and audits far above average"),
    "small": ("L02", "eight to eighteen answers"),
    "fleet": ("L05", "one company contact on many vehicles"),
    "strict_auditor": ("L08", "audited mostly by the strictest auditor"),
    "batch_invitation": ("L11", "invited, and answering, at one moment"),
    "loyal": ("L03", "many repeat customers, happier than first-time ones, each with several events"),
    "acquiescent": ("L04", "a region that marks higher and more extremely"),
    "household": ("L06", "families with several cars on one contact"),
    "bad_day": ("L07", "one visit far below the others"),
    "improved": ("L09", "audits early, better since, surveys later"),
    "new_store": ("L10", "few answers, rising"),
    "demanding": ("L12", "customers who asked for a favour say a gift was talked about"),
    "ceiling": ("L13", "hardly any spread between customers, audits good"),
    "stock_answers": ("L14", "most customers give one mark to all"),
    "launch_glow": ("L15", "mostly a new model that is liked everywhere"),
    "second_tier": ("L16", "cars handed over elsewhere: facts missing, contacts less valid"),
    "staff_purchase": ("L18", "a few contacts in the staff directory with ordinary answers"),
    "call_centre": ("–", "contacts and devices shared with other dealers through one call centre"),
    "lounge": ("–", "customers answering on the dealer's device while waiting, ordinary answers"),
    "laconic": ("–", "only stock phrases as comments, quick sheets"),
    "neutral_poster": ("–", "the maker's own QR poster, ordinary answers"),
    "extra_audits": ("–", "extra visits at a suspected dealer that find too much"),
    "missing_contacts": ("–", "contacts missing or invalid, whoever the customer is"),
    "private": ("–", "many opt-outs, whoever the customer is"),
    "seasonal": ("–", "most events in one busy fortnight and at month end"),
    "quick_service": ("–", "truly easy jobs, invited as they come"),
    "large": ("–", "three times the answers"),
}
LOOK_ALIKES = tuple(HONEST)
