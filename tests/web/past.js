'use strict';
// tests/web/past.js - a past epoch in every view, the way there and back, and two epochs next to each other.

const path = require('path');
const { network } = require('./fixture.js');
const { Node } = require('./node.js');
const t = require('./harness.js');

const plain = (text) => text.replace(/\s+/g, ' ').trim();
const docsOf = (options) => network({ matrices: true, ...options });

// Fields of now must not stand in a document of then, whatever their value: each gets a mark, which is looked for.
async function pure() {
    const p = await import(path.join(t.sources(), 'past.js')),
        docs = docsOf();
    const NOW = ['present', 'last_message_age_ms', 'date_ahead_ms', 'recovery', 'own_outcome', 'banned', 'conduct', 'reasons', 'last_attempt_epoch', 'unjudged_epochs'];
    for (const n of docs.nodes.nodes) for (const key of NOW) n[key] = 'of now';
    for (const key of ['advice', 'closing', 'tolerance', 'clock', 'finality', 'stale', 'head_age_ms', 'sentence', 'changes'])
        docs.status[key] = 'of now';
    for (const e of [1, 5, 12, 15, 39]) {
        const then = p.pastOf(docs, e);
        t.check(`epoch ${e}: nothing of now`, !JSON.stringify(then).includes('of now'));
        t.equal(
            `epoch ${e}: scores of then`,
            then.nodes.nodes.map((n) => `${n.name} ${n.score_bp} ${n.standing}`).join(),
            docs.history.epochs[e - 1].members.map((m) => `${m.name} ${m.score_bp} ${m.standing}`).join(),
        );
        t.check(`epoch ${e}: no later event`, then.timeline.events.every((x) => x.epoch <= e + 1));
        t.equal(`epoch ${e}: no later epoch`, then.history.epochs.at(-1).epoch, e);
        t.equal(`epoch ${e}: votes of it`, then.matrix.epoch, e);
        t.check(`epoch ${e}: no later fall`, then.nodes.nodes.every((n) => !n.last_fall || n.last_fall.epoch <= e));
    }
    t.equal('an epoch that is not stored is none', p.pastOf(docs, 41), null);
    t.check('the policy of now is that of then while no rule changed', !!p.pastOf(docs, 20).policy);
    docs.timeline.events.push({ seq: 9e5, first_seq: 9e5, count: 1, first_epoch: 30, epoch: 30, event: 'change_active', a: 1, b: 30, text: 'change 1 is in force' });
    t.equal('after a change it is not', p.pastOf(docs, 20).policy, undefined);
    t.check('and is again after it', !!p.pastOf(docs, 30).policy);
    docs.timeline.events = docs.timeline.events.filter((e) => e.epoch > 25);
    t.equal('without events of then it is not known', p.pastOf(docs, 20).policy, undefined);
    const repeated = docsOf();
    repeated.timeline.events.push({ seq: 8e5, first_seq: 7e5, count: 9, first_epoch: 8, first_unix_ms: 5, at_unix_ms: 9, epoch: 38, event: 'evidence_missing', slot: 2, a: 38, b: 0, text: 'x' });
    const event = p.pastOf(repeated, 10).timeline.events.find((e) => e.first_seq === 7e5);
    t.equal('an event that repeated later is its first occurrence', `${event.epoch} ${event.count} ${event.at_unix_ms}`, '8 1 5');
}

// The way there and back, by mouse, keys and address.
async function scrubber() {
    const page = await t.open(t.report(docsOf()) + '#/fleet');
    const text = (selector = 'main') => page.locator(selector).innerText().then(plain);
    t.equal('now: no bar of time', await page.locator('.timebar').count(), 0);
    await page.locator('.top .clock').click();
    await t.settle(page);
    t.check('the button of the epoch opens the newest closed one', page.url().endsWith('at=40'), page.url());
    await page.keyboard.press('[');
    await t.settle(page);
    t.check('a key steps back', page.url().endsWith('at=39'), page.url());
    await page.locator('.timebar input[type=range]').focus();
    await page.keyboard.press('Home');
    await t.settle(page);
    t.check('the slider goes to the oldest', page.url().endsWith('at=1'), page.url());
    t.check('which is said', (await text('.timebar')).includes('Past. The network at the close of epoch 1 (12:00 UTC), 39 epochs before the newest.'), await text('.timebar'));
    await t.go(page, '#/fleet?at=15');
    t.check('scores of then', /peer-3 .*Suspended|Suspended.* peer-3/.test(await text('tbody tr:has-text("peer-3")')), await text('tbody'));
    t.equal('it is marked as past', await page.locator('main.past').count(), 1);
    t.equal('and in the header', await text('.link'), 'Past');
    t.check('and in the title', (await page.title()).includes('epoch 15'), await page.title());
    await page.locator('tbody a.node', { hasText: 'peer-3' }).click();
    await t.settle(page);
    t.check('links keep the epoch', page.url().includes('node/peer-3') && page.url().endsWith('at=15'), page.url());
    t.check('a view of another keeps it', (await page.locator('nav a', { hasText: 'Trust matrix' }).getAttribute('href')).endsWith('?at=15'));
    t.check('a node then', (await text('.bigscore')).includes('Suspended'), await text('.bigscore'));
    await t.go(page, '#/overview?at=15');
    t.check('the headline of then', (await text('.hero')).includes('peer-3'), await text('.hero'));
    t.equal('has nothing to do', await page.locator('.hero .act').count(), 0);
    await t.go(page, '#/matrix?at=14');
    t.check('votes of then', (await text()).includes('epoch 14'), await text());
    await page.getByRole('button', { name: 'Back to now' }).click();
    await t.settle(page);
    t.check('one click is back', !page.url().includes('at=') && page.url().includes('matrix'), page.url());
    t.equal('without the bar', await page.locator('.timebar').count(), 0);
    await t.go(page, '#/audit?at=3');
    await page.keyboard.press('n');
    await t.settle(page);
    t.check('or one key', !page.url().includes('at='), page.url());
    for (const [wanted, said] of [
        ['999', 'Epoch 999 is not stored here. Stored are the closes of epochs 1 to 40.'],
        ['-1', ''],
        ['1e3', ''],
        ['__proto__', ''],
    ]) {
        await t.go(page, '#/overview?at=' + wanted);
        const bar = (await page.locator('.timebar').count()) ? await text('.timebar') : '';
        t.check(`at=${wanted}: ${said || 'now'}`, said ? bar.startsWith(said) : bar === '', bar);
        t.equal(`at=${wanted}: shows now`, await page.locator('main.past').count(), 0);
    }
    t.check('the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
}

async function widths() {
    const address = t.report(docsOf({ names: (i) => (i === 1 ? 'ncc-1701-a.attested.example.org' : `peer-${i + 1}`) }));
    for (const width of t.WIDTHS_OF_DEPTH) {
        const page = await t.open(address, { width });
        for (const view of t.VIEWS) {
            await t.go(page, `#/${view}?at=15`);
            await t.inBothThemes(page, `${view} in the past at ${width}`, async () => {});
        }
        t.check(`in the past at ${width}: the console is quiet`, page.said.length === 0, page.said);
        await t.close(page);
    }
}

// On a node that runs: time goes on behind, votes are fetched once.
async function onNode() {
    const whole = docsOf({ epochs: 30, quiet: true }),
        node = new Node(t.source, t.policyOf(t.source));
    const upTo = (e) => {
        const docs = structuredClone(network({ epochs: e, quiet: true }));
        docs.timeline.boot = 'a1';
        return docs;
    };
    node.votes = (epoch) => whole.matrices.find((m) => m.epoch === epoch);
    node.set(upTo(25));
    const page = await t.open((await node.start()) + '#/matrix?at=20');
    const text = (selector) => page.locator(selector).innerText().then(plain);
    await t.eventually('live: votes of a past epoch', async () => (await text('main')).includes('epoch 20') && (await page.locator('.board canvas').count()) === 1);
    const asked = () => node.asked.filter((p) => p === '/v1/matrix?epoch=20').length;
    t.equal('live: requested once', asked(), 1);
    node.set(upTo(28));
    node.send('snapshot', {});
    await t.eventually('live: the distance grows', async () => (await text('.timebar')).includes('8 epochs before the newest'));
    t.equal('live: what is past is not requested again', asked(), 1);
    await page.keyboard.press('n');
    await t.eventually('live: and now is now', async () => (await text('.link')).includes('Live') && (await text('.top')).includes('epoch 29'));
    await t.close(page);
    await node.stop();
}

async function past() {
    await pure();
    await scrubber();
    await widths();
    await onNode();
}

// ------------------------------------------------------------ two epochs

async function comparison() {
    const docs = docsOf();
    docs.timeline.events.push({ seq: 9e5, first_seq: 9e5, count: 1, first_epoch: 14, epoch: 14, first_unix_ms: 1, at_unix_ms: 1, event: 'change_active', a: 1, b: 14, text: 'change 1 is in force: <b>policy</b>' });
    const page = await t.open(t.report(docs) + '#/compare?a=12&b=15');
    const text = (selector = 'main') => page.locator(selector).innerText().then(plain);
    const moved = docs.history.epochs[14].members.filter((m, i) => m.score_bp !== docs.history.epochs[11].members[i].score_bp);
    const rows = page.locator('tbody tr');
    t.equal('a row for each member that moved', (await rows.allInnerTexts()).map((r) => /peer-\d/.exec(r)[0]).sort().join(), moved.map((m) => m.name).sort().join());
    const row = plain(await rows.filter({ hasText: 'peer-3' }).innerText());
    t.check('with both standings', /Full.*Suspended/.test(row), row);
    t.check('the cause', row.includes('sent no evidence') || row.includes('absent'), row);
    t.check('and the levels by the votes', row.includes('passes, up to date') && row.includes('absent'), row);
    t.check('changes of the rules between', (await text()).includes('change 1 is in force: <b>policy</b>'), await text());
    await t.go(page, '#/compare?a=15&b=12');
    t.check('the order does not matter', /Full.*Suspended/.test(plain(await rows.filter({ hasText: 'peer-3' }).innerText())));
    await t.go(page, '#/compare?a=20&b=21');
    t.check('rules that did not change', (await text()).includes('Policy, collateral and roster did not change.'), await text());
    await t.go(page, '#/compare?a=9&b=9');
    t.check('an epoch with itself', (await text()).includes('Choose two epochs.'));
    await t.go(page, '#/compare?a=__proto__&b=-1');
    t.check('nonsense is the newest and ten before', (await text()).includes('epoch 30') && (await text()).includes('epoch 40'));
    await page.locator('label.pick select').first().selectOption('5');
    await t.settle(page);
    t.check('the choice is in the address', page.url().includes('a=5'), page.url());
    t.check('the console is quiet', page.said.length === 0, page.said);
    for (const width of t.WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await t.go(page, '#/compare?a=4&b=40');
        await t.inBothThemes(page, `compare at ${width}`, async () => {});
    }
    await t.close(page);
}

module.exports = { comparison, past };
