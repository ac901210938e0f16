// Runs in the page: brings visits into every state a screen can show. Sending is paused, so that they stay as they are.
async ([codes, ends, words]) => {
  const [outbox, tasks, drafts, photos, accounts] = await Promise.all(
    ['outbox', 'assignments', 'drafts', 'photos', 'accounts'].map((name) => import(`/field/data/${name}.js`)),
  );
  const at = new Date().toISOString();
  const fix = { lat: 30.2741, lon: 120.1551, accuracy_m: 8, fixed_at: at, datum: 'WGS-84' };
  const answered = (item, value, comment = null) => ({ item, value, comment, answered_at: at, photos: [] });

  const draw = (colour) => new Promise((done) => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
    const pen = canvas.getContext('2d');
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 640, 480);
    canvas.toBlob((blob) => done(new File([blob], 'a.jpg', { type: 'image/jpeg' })), 'image/jpeg');
  });

  function changes(state, visit) {
    const receipt = {
      format: 'audit-receipt/1', visit, revision: 1, content_hash: 'a3'.repeat(32), server_time: at, key_id: 'k1',
      signature: 'x', algorithm: 'Ed25519',
      photos: [{ item: 'FLD-VIS-03', slot: '1', sha256: 'b4'.repeat(32), received_at: at }],
    };
    const problem = {
      status: 422, slug: 'evidence-missing', title: words, detail: words, missing: [], at,
      language: document.documentElement.lang.slice(0, 2),
      errors: [{ item: 'FLD-VIS-03', code: 'photos_missing', message: { zh: '还缺 1 张照片', en: 'One photo is missing' } }],
    };
    const theirs = {
      visit, revision: 2, content_hash: 'x', state: 'started', started_at: at, ended_at: null, updated_at: at,
      observations: [answered('FLD-QST-01', 'no', words), answered('FLD-QST-03', 'right')],
    };
    const waited = new Date(Date.now() - 2 * 86_400_000).toISOString();
    const received = { state: 'received', wish: 'send', ended_at: at, receipt, settled: 1 };
    return {
      draft: {},
      waiting: { state, wish: 'send', ended_at: at, changed_at: waited },
      failed: { state, wish: 'send', problem },
      conflict: {
        state, wish: 'send', conflict: { reason: 'stale', theirs, locked: false, at },
        problem: { ...problem, slug: 'revision-conflict', errors: [] },
      },
      returned: { asked: [{ item: 'FLD-QST-01', note: words }], returned: { at, reason: words } },
      received,
      followed: {
        ...received, follow_ups: [{ item: 'FLD-END-03', open_until: ends, answered_at: null, received_at: null }],
      },
    }[state];
  }

  await outbox.pause();
  await tasks.refresh();
  const { assignments, checklists } = await tasks.cached();
  const visits = {};
  for (const [state, code] of Object.entries(codes)) {
    if (state === 'todo') continue;
    const task = assignments.find((one) => one.code === code);
    const { visit } = await drafts.start(task, checklists[`${task.checklist.code}:${task.checklist.version}`]);
    visits[state] = visit;
    await drafts.setAnswer(visit, 'FLD-QST-01', 'yes');
    await drafts.setAnswer(visit, 'FLD-END-01', words);
    const colours = { waiting: ['#357', '#735', '#573'], draft: ['#246', '#624', '#462'] }[state] ?? [];
    for (const colour of colours) await photos.add(visit, 'FLD-VIS-03', await draw(colour), { source: 'camera', fix });
    await drafts.update(visit, (draft) => void Object.assign(draft, changes(state, visit)));
  }
  await accounts.setSetting('prepared', true);
  return JSON.stringify(visits);
}
