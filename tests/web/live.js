'use strict';
// tests/web/live.js - a node that runs, stops and returns; 500 nodes at four updates a second.

const { network } = require('./fixture.js');
const { Node } = require('./node.js');
const t = require('./harness.js');

const { VIEWS, policyOf } = t;

async function live() {
    const whole = network({ epochs: 40, quiet: true });
    const upTo = (e) => {
        const docs = structuredClone(network({ epochs: e, quiet: true }));
        docs.timeline.boot = 'a1';
        return docs;
    };
    const node = new Node(t.source, policyOf(t.source));
    node.set(upTo(10));
    const page = await t.open(await node.start());
    const text = (selector) => page.locator(selector).innerText();
    await t.eventually('it shows what the node says', async () => (await text('.top')).includes('epoch 11'));
    await t.eventually('and is live', async () => (await text('.link')).includes('Live'));
    node.set(upTo(16));
    for (const e of whole.timeline.events.filter((x) => x.epoch === 16))
        node.send('timeline', e, `a1-${e.seq}`);
    await t.eventually('an event brings the news', async () => (await text('.top')).includes('epoch 17'));
    await t.eventually('with what happened', async () =>
        (await text('.c-events')).includes('RESTRICTED \u2192 SUSPENDED'),
    );
    await t.eventually('and in the sentence', async () =>
        (await text('.hero')).includes('peer-3 sent no evidence'),
    );
    const last = whole.timeline.events.filter((x) => x.epoch === 16).pop();
    // The ballots of an epoch are asked for once it has closed, and once.
    await t.go(page, '#/matrix?e=17');
    t.check('an epoch that runs is not asked for', !node.asked.some((p) => p.includes('epoch=17')));
    t.check(
        'and said to be unknown',
        (await text('main')).includes('The ballots of epoch 17 are not available.'),
    );
    node.set(upTo(18));
    node.send('snapshot', {});
    await t.eventually('when it has closed, it is', async () =>
        node.asked.some((p) => p === '/v1/matrix?epoch=17'),
    );
    await t.go(page, '#/overview');
    // The node dies, and lives again on the same port.
    const { port } = node;
    await node.stop();
    await t.eventually(
        'a node that is gone is seen to be gone',
        async () =>
            (await text('.link')).includes('No contact') &&
            (await text('.hero')).includes('No contact'),
        12000,
    );
    t.check(
        'what is old looks old',
        (await page.evaluate(() => getComputedStyle(document.querySelector('main .card')).filter)) !== 'none',
    );
    node.set(upTo(20));
    await node.start(port);
    await t.eventually(
        'it comes back by itself',
        async () => (await text('.top')).includes('epoch 21') && !(await text('.hero')).includes('No contact'),
    );
    await t.eventually(
        'the stream goes on from where it was',
        async () => node.resumed.includes(`a1-${last.seq}`),
        8000,
    );
    node.set(upTo(24));
    node.asked.length = 0;
    node.send('resync', {});
    await t.eventually(
        'after a gap everything is asked for again',
        async () =>
            ['/v1/status', '/v1/nodes', '/v1/timeline', '/v1/epochs', '/v1/matrix'].every((path_) =>
                node.asked.some((asked) => asked.startsWith(path_)),
            ) && (await text('.top')).includes('epoch 25'),
    );
    // A page that nobody sees lets the stream go, and takes it up where it was.
    const hide = (hidden) =>
        page.evaluate((to) => {
            Object.defineProperty(document, 'hidden', { configurable: true, get: () => to });
            document.dispatchEvent(new Event('visibilitychange'));
        }, hidden);
    node.send('timeline', { ...last, seq: last.seq + 1, first_seq: last.seq + 1 }, `a1-${last.seq + 1}`);
    await new Promise((done) => setTimeout(done, 300));
    await hide(true);
    await t.eventually('hidden it holds no stream', async () => node.readers.size === 0);
    await hide(false);
    await t.eventually(
        'seen again it goes on',
        async () => node.readers.size === 1 && node.resumed.at(-1) === `a1-${last.seq + 1}`,
    );
    const fresh = upTo(26);
    fresh.timeline = {
        ...fresh.timeline,
        boot: 'b2',
        events: [
            {
                seq: 1,
                count: 1,
                first_seq: 1,
                first_epoch: 26,
                first_unix_ms: 1,
                at_unix_ms: 1,
                epoch: 26,
                event: 'resumed',
                a: 0,
                b: 0,
                text: 'a new run',
            },
        ],
    };
    node.set(fresh);
    node.send('snapshot', {});
    await t.go(page, '#/audit?kind=chain');
    await t.eventually(
        'a new run of the node begins its events anew',
        async () =>
            (await page.locator('tbody tr').count()) === 1 && (await text('tbody')).includes('a new run'),
    );
    const standing = upTo(26);
    Object.assign(standing.status, { stale: true, head_age_ms: 34000 });
    node.set(standing);
    node.send('snapshot', {});
    await t.eventually(
        'a stalled network is reported as',
        async () =>
            (await text('.link')).includes('Stopped') &&
            (await text('.banner.bad')).includes('The network is stopped since'),
    );
    // Proposals of a node that counts them; one that does not was never asked for the document.
    t.check('no document of changes is requested from older nodes', !node.asked.includes('/v1/changes'));
    const proposed = upTo(26);
    proposed.status.proposals_open = 1;
    proposed.changes = {
        proposals: [{ id: 'ab'.repeat(32), actions: ['member peer-8 joins'], approvals: [], missing: ['x'], needed: 2, expires: 90 }],
    };
    node.set(proposed);
    node.send('snapshot', {});
    await t.go(page, '#/overview');
    await t.eventually('a proposal is in the headline', async () =>
        (await text('.hero')).includes('1 change waits for approvals.'),
    );
    await t.close(page);
    // Refused the stream it still asks.
    node.refuseStream = true;
    node.set(upTo(12));
    const slow = await t.open(`http://127.0.0.1:${port}/`);
    await t.eventually('without a stream it shows the state', async () =>
        (await slow.locator('.top').innerText()).includes('epoch 13'),
    );
    node.set(upTo(14));
    await t.eventually('and asks by itself', async () =>
        (await slow.locator('.top').innerText()).includes('epoch 15'),
    );
    await t.close(slow);
    await node.stop();
}

// ------------------------------------------------------------ many nodes

// Seconds of processor that the processes of the browser have used.
async function used() {
    const session = await t.browserOf().newBrowserCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    await session.detach();
    return processInfo.filter((p) => p.type === 'renderer').reduce((sum, p) => sum + p.cpuTime, 0);
}

// Four updates a second, for so long. Returns: the share of a core that they took.
async function busy(node, docs, updates) {
    const before = await used(),
        from = Date.now(),
        asked = node.asked.length;
    for (let i = 0; i < updates; i++) {
        const n = docs.nodes.nodes[(i * 37) % 500];
        n.score_bp = n.score_bp === 10000 ? 9700 : 10000;
        n.last_message_age_ms = i;
        docs.status.height++;
        node.set({ ...docs });
        node.send('snapshot', {});
        await new Promise((done) => setTimeout(done, 250));
    }
    t.check('each update was asked for', node.asked.length - asked >= updates, node.asked.length - asked);
    return ((await used()) - before) / ((Date.now() - from) / 1000);
}

// A figure of this machine, at this moment: printed, and nothing fails by it.
async function measure(page, node, docs, updates) {
    for (const view of ['overview', 'fleet']) {
        await t.go(page, '#/' + view);
        await new Promise((done) => setTimeout(done, 1000));
        const share = await busy(node, docs, updates);
        console.log(`  500 nodes, four updates a second, ${view}: ${(100 * share).toFixed(1)} % of a core`);
    }
}

async function many() {
    const docs = network({ nodes: 500, epochs: 30, quiet: true });
    const node = new Node(t.source, policyOf(t.source));
    node.set(docs);
    const page = await t.open(await node.start());
    await t.eventually('500 nodes are there', async () =>
        (await page.locator('.hero').innerText()).includes('of 500 nodes need attention'),
    );
    for (const view of VIEWS) {
        await t.go(page, '#/' + view);
        t.check(`500 nodes, ${view}: no wider than the window`, (await t.overflow(page)) <= 0);
    }
    await t.go(page, '#/fleet');
    t.check(
        'of 500 rows those that are seen are in the page',
        (await page.locator('tbody tr').count()) < 60,
        await page.locator('tbody tr').count(),
    );
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await t.eventually('the last one is reached', async () =>
        (await page.locator('tbody').innerText()).includes('peer-500'),
    );
    await page.evaluate(() => scrollTo(0, 0));
    await measure(page, node, docs, 12);
    await t.close(page);
    await node.stop();
}

// First paint on loopback, and what 500 nodes take: for `./dev bench web_page`.
async function figures() {
    const node = new Node(t.source, policyOf(t.source));
    node.set(network({ quiet: true }));
    const paints = [];
    const address = await node.start();
    for (let i = 0; i < 5; i++) {
        const page = await t.open(address);
        paints.push(
            await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime),
        );
        await t.close(page);
    }
    paints.sort((a, b) => a - b);
    console.log(`  first paint on loopback: ${Math.round(paints[2])} ms, the middle of five`);
    t.check('it painted', paints[0] > 0, paints);
    const docs = network({ nodes: 500, epochs: 30, quiet: true });
    node.set(docs);
    const page = await t.open(address);
    await measure(page, node, docs, 40);
    await t.close(page);
    await node.stop();
}

module.exports = { live, many, figures };
