"""A phone with something in every state a screen can show: what the tests of the shell and the screenshots look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from audit_api.domain.directory import Actor
from tests.browser.field_work import Field
from tests.browser.phone_app import Phone

STATES = ("todo", "draft", "failed", "conflict", "returned", "followed", "received", "waiting")
FURNISH = """
async ([codes, ends, words]) => {
  const [outbox, tasks, drafts, photos, accounts] = await Promise.all(
    ['outbox', 'assignments', 'drafts', 'photos', 'accounts'].map((name) => import(`/field/data/${name}.js`)));
  await outbox.pause();
  await tasks.refresh();
  const { assignments, checklists } = await tasks.cached();
  const visits = {};
  const draw = (colour) => new Promise((done) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const pen = canvas.getContext('2d');
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 640, 480);
    canvas.toBlob((blob) => done(new File([blob], 'a.jpg', { type: 'image/jpeg' })), 'image/jpeg');
  });
  const fix = { lat: 30.2741, lon: 120.1551, accuracy_m: 8, fixed_at: new Date().toISOString(), datum: 'WGS-84' };
  for (const [state, code] of Object.entries(codes)) {
    if (state === 'todo') continue;
    const task = assignments.find((one) => one.code === code);
    const { visit } = await drafts.start(task, checklists[`${task.checklist.code}:${task.checklist.version}`]);
    visits[state] = visit;
    await drafts.setAnswer(visit, 'FLD-QST-01', 'yes');
    await drafts.setAnswer(visit, 'FLD-END-01', words);
    if (state === 'waiting' || state === 'draft') {
      for (const colour of ['#357', '#735', '#573']) {
        await photos.add(visit, 'FLD-VIS-03', await draw(state === 'draft' ? colour + 'c' : colour), { source: 'camera', fix });
      }
    }
    const at = new Date().toISOString();
    const receipt = { format: 'audit-receipt/1', visit, revision: 1, content_hash: 'a3'.repeat(32), server_time: at, key_id: 'k1', signature: 'x', algorithm: 'Ed25519',
      photos: [{ item: 'FLD-VIS-03', slot: '1', sha256: 'b4'.repeat(32), received_at: at }] };
    const problem = { status: 422, slug: 'evidence-missing', title: words, detail: words, language: document.documentElement.lang.slice(0, 2), missing: [], at,
      errors: [{ item: 'FLD-VIS-03', code: 'photos_missing', message: { zh: '还缺 1 张照片', en: 'One photo is missing' } }] };
    const observations = [{ item: 'FLD-QST-01', value: 'no', comment: words, answered_at: at, photos: [] }, { item: 'FLD-QST-03', value: ['use'], comment: null, answered_at: at, photos: [] }];
    await drafts.update(visit, (draft) => {
      if (state === 'waiting') Object.assign(draft, { state, wish: 'send', ended_at: at, changed_at: new Date(Date.now() - 2 * 86400000).toISOString() });
      if (state === 'failed') Object.assign(draft, { state, wish: 'send', problem });
      if (state === 'conflict') Object.assign(draft, { state, wish: 'send', conflict: { reason: 'stale', theirs: { visit, revision: 2, content_hash: 'x', state: 'started', started_at: at, ended_at: null, updated_at: at, observations }, locked: false, at }, problem: { ...problem, slug: 'revision-conflict', errors: [] } });
      if (state === 'returned') Object.assign(draft, { asked: [{ item: 'FLD-QST-01', note: words }], returned: { at, reason: words } });
      if (state === 'received' || state === 'followed') Object.assign(draft, { state: 'received', wish: 'send', ended_at: at, receipt, settled: 1 });
      if (state === 'followed') draft.follow_ups = [{ item: 'FLD-END-03', open_until: ends, answered_at: null, received_at: null }];
    });
  }
  await accounts.setSetting('prepared', true);
  return JSON.stringify(visits);
}
"""


@dataclass
class Scene:
    """Assignments and visits by the state they are in."""

    phone: Phone
    auditor: Actor
    codes: dict[str, str]
    visits: dict[str, str]

    def routes(self) -> dict[str, str]:
        """Give the address of every screen, by a name for its picture."""
        visit = self.visits
        return {
            "today": "#/today",
            "briefing-todo": f"#/assignment/{self.codes['todo']}",
            "briefing-draft": f"#/assignment/{self.codes['draft']}",
            "briefing-received": f"#/assignment/{self.codes['received']}",
            "outbox": "#/outbox",
            "receipt": f"#/receipt/{visit['received']}",
            "conflict": f"#/conflict/{visit['conflict']}",
            "settings": "#/settings",
            "settings-pin": "#/settings/pin",
            "settings-people": "#/settings/people",
            "settings-sign-out": "#/settings/sign-out",
            **{f"first-use-{step}": f"#/first-use?step={step}" for step in FIRST_STEPS},
        }


FIRST_STEPS = ("install", "storage", "position", "camera", "practice")
SAID = {"zh": "请补一张门头全景照片，要看得清招牌。", "en": "Please add a picture of the whole front with the sign legible."}


def furnish(phone: Phone, field: Field) -> Scene:
    """Sign a new auditor in and bring visits of that auditor into every state; sending is paused."""
    auditor = field.auditor()
    codes = {state: field.task(auditor) for state in STATES}
    phone.sign_in(field.code(auditor))
    ends = (datetime.now(UTC) + timedelta(hours=50)).isoformat()
    given: str = phone.page.evaluate(FURNISH, [codes, ends, SAID[phone.language]])
    visits: dict[str, Any] = json.loads(given)
    phone.go("#/outbox", "outbox").go("#/today", "today")
    return Scene(phone, auditor, codes, visits)
