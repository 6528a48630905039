'use strict';
// tests/web/seen.js - the network as one member judged it; links of the node; a member that is gone has no way back;
// values that a policy accepts, by name.

const path = require('path');
const { network, BAD, GOOD } = require('./fixture.js');
const t = require('./harness.js');

const plain = (text) => text.replace(/\s+/g, ' ').trim();

async function judgement() {
    const page = await t.open(t.report(network({ matrices: true })) + '#/seen?by=peer-2');
    const text = (selector = 'main') => page.locator(selector).innerText().then(plain);
    const first = plain(await page.locator('tbody tr').first().innerText());
    t.check('seen from a liar: the false vote leads', /peer-5 fails passes, up to date proven false/.test(first), first);
    t.equal('seen from: all others', await page.locator('tbody tr').count(), 6);
    await page.locator('label.pick select').first().selectOption('peer-4');
    await t.settle(page);
    t.check('seen from another', page.url().includes('by=peer-4') && (await text()).includes('as peer-4 judged it'), page.url());
    t.check('which agrees', (await text()).includes('none against most weight'), await text());
    await t.go(page, '#/seen?by=peer-3&e=14');
    t.check('seen from a member that was away', (await text()).includes('It sent no ballot in this epoch'), await text());
    await t.go(page, '#/seen?by=peer-4&at=14');
    t.check('seen from, in the past', /peer-3 absent/.test(plain(await page.locator('tbody').innerText())));
    await t.go(page, '#/seen?by=__proto__&e=99');
    t.check('seen from nobody', (await text()).includes('are not stored here'), await text());
    t.check('seen from: the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
}

async function links() {
    const docs = network();
    docs.nodes.nodes.forEach((n, i) => Object.assign(n, { round_ms: i === 5 ? undefined : 2 * i * i, round_worst_ms: 3 * i * i, connected: i % 2 === 0 }));
    Object.assign(docs.nodes.nodes[6], { present: false, last_message_age_ms: 90000 });
    docs.status.neighbours = { used: true, chosen: 3, others: 2, asked: 0, transient_links: 0 };
    const page = await t.open(t.report(docs) + '#/topology?by=links');
    const text = (selector) => page.locator(selector).innerText().then(plain);
    t.equal('links: this node and all others', await page.locator('svg.links a').count(), 7);
    t.equal('links: a line to each', await page.locator('svg.links line').count(), 6);
    // The farther, the longer the way there and back.
    const far = await page.evaluate(() =>
        [...document.querySelectorAll('svg.links line')].map((l) => Math.hypot(Number(l.getAttribute('x2')), Number(l.getAttribute('y2')))),
    );
    const ms = docs.nodes.nodes.filter((n) => n.slot !== 3).map((n) => n.round_ms);
    t.check('links: by their time', far.every((d, i) => far.every((e, k) => ms[i] === undefined || ms[k] === undefined || Math.sign(d - e) === Math.sign(ms[i] - ms[k]))), { far, ms });
    const rows = await page.locator('tbody tr').allInnerTexts().then((r) => r.map(plain));
    t.check('links: what is not reachable leads', /^6 peer-7 not reachable 72 ms 108 ms 90 s ago/.test(rows[0]), rows);
    t.check('links: one that was not measured', rows.some((r) => /^5 peer-6 through others \u2013/.test(r)), rows);
    t.check('links: neighbours', (await text('main')).includes('5 neighbours, 3 of them chosen by this node'), await text('main'));
    await t.go(page, '#/topology?by=links&at=20');
    t.check('links: none in the past', (await text('main')).includes('Links of past epochs are not stored.'));
    t.check('links: the console is quiet', page.said.length === 0, page.said);
    for (const width of t.WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await t.go(page, '#/topology?by=links');
        await t.inBothThemes(page, `links at ${width}`, async () => {});
    }
    await t.close(page);
}

// A member that is not reachable does not recover, whatever its evidence was; until it counts as offline, too.
async function gone() {
    const docs = network();
    const page = await t.open(t.report(docs) + '#/node/peer-1');
    t.equal('a member that recovers: its way back', await page.locator('.nodehead .way').count(), 1);
    await t.close(page);
    Object.assign(docs.nodes.nodes[0], { present: false, last_message_age_ms: 400 });
    const dead = await t.open(t.report(docs) + '#/overview');
    const hero = plain(await dead.locator('.hero').innerText());
    t.check('a dead one has none', !/peer-1[^;]*FULL in/.test(hero) && /peer-1/.test(hero), hero);
    await t.go(dead, '#/node/peer-1');
    t.equal('nor in its view', await dead.locator('.nodehead .way').count(), 0);
    await t.go(dead, '#/fleet');
    t.check('nor in the fleet', !/FULL in 60/.test(plain(await dead.locator('tbody tr', { hasText: 'peer-1' }).first().innerText())));
    await t.close(dead);
}

async function accepted() {
    const m = await import(path.join(t.sources(), 'model.js')),
        docs = network();
    docs.nodes.nodes[0].last_reason = `measurement-unknown: expected a reference value, observed ${BAD}`;
    for (const e of docs.timeline.events) if (e.text.includes(BAD)) e.text = e.text.replace(`expected ${GOOD}`, 'expected a reference value');
    const why = () => m.against(m.makeModel(docs, 'file'), docs.nodes.nodes[0]);
    t.check('the value that the policy accepts is named', why().includes(`expected mrenclave ${GOOD}, observed ${BAD}`), why());
    for (let i = 0; i < 3; i++) docs.policy.references.push({ field: 'mrenclave', state: 'allowed', value: `${i}` });
    t.check('of many, how many', why().includes('expected one of 4 reference values of the policy, observed'), why());
    delete docs.policy;
    t.check('without a policy nothing is made up', why().includes('expected a reference value, observed'), why());
}

async function seen() {
    await judgement();
    await links();
    await gone();
    await accepted();
}

module.exports = { seen };
