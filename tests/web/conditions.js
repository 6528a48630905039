'use strict';
// tests/web/conditions.js - members that are offline or drained, their way back, times of epochs, copied identifiers.

const path = require('path');
const { network } = require('./fixture.js');
const t = require('./harness.js');

const shot = async (page, name) =>
    process.env.ASSAY_LOOK && page.screenshot({ path: `${process.env.ASSAY_LOOK}/${name}.png`, fullPage: true });

// The pure parts, against documents of old and new nodes.
async function model() {
    const folder = t.sources();
    const m = await import(path.join(folder, 'model.js')),
        f = await import(path.join(folder, 'format.js')),
        a = await import(path.join(folder, 'attention.js')),
        model_ = m.makeModel(network(), 'file');
    for (const [of, condition] of [
        [{ standing: 'FULL', condition: 'OFFLINE' }, 'OFFLINE'],
        [{ standing: 'SUSPENDED', stage: 'resting' }, 'DRAINED'],
        [{ standing: 'WARNING', stage: 'member' }, 'WARNING'],
        [{}, 'UNKNOWN'],
    ])
        t.equal(`condition ${condition}`, m.conditionOf(of), condition);
    t.equal(
        'a time that is exact where a close is known',
        m.epochText(model_, 20),
        `epoch 20 (${f.minute(model_.events.find((e) => e.event === 'epoch_closed' && e.a === 19).at_unix_ms, Date.UTC(2026, 10, 21))})`,
    );
    const timeless = m.makeModel({ status: {}, nodes: { nodes: [] } }, 'file');
    t.equal('no time where none is known', m.epochText(timeless, 20), 'epoch 20');
    const overnight = m.makeModel(
        { status: { epoch: 100, epoch_t0_ms: Date.UTC(2026, 10, 21, 0, 10), epoch_ms: 60000 } },
        'file',
    );
    t.equal('a time of today', m.epochText(overnight, 95), 'epoch 95 (00:05 UTC)');
    t.equal('the date of another day', m.epochText(overnight, 80), 'epoch 80 (2026-11-20 23:50 UTC)');
    const fallen = network();
    fallen.nodes.nodes[0].last_fall = {
        since_epoch: 5,
        epoch: 5,
        from: 'FULL',
        to: 'SUSPENDED',
        cause: { about: 'integrity', code: 'fail_hard', text: 'zero: its evidence fails hard' },
        since_cause: { about: 'integrity', code: 'fail_hard', text: 'zero: its evidence fails hard' },
        since_unix_ms: Date.UTC(2026, 10, 21, 9, 30),
    };
    const row = a.headline(m.makeModel(fallen, 'file'), {}).rows[0];
    t.check(
        'the last fall in the ledger is the cause and the time',
        row.what.startsWith('Its evidence fails hard: measurement-unknown: expected ') &&
            row.since === 'epoch 5 (09:30 UTC)' &&
            row.back === 'FULL in 60 epochs, about 12:01 UTC',
        row,
    );
    Object.assign(fallen.nodes.nodes[0].last_fall, {
        epoch: 30,
        epoch_unix_ms: Date.UTC(2026, 10, 21, 9, 55),
        cause: { about: 'availability', code: 'mute', text: 'fell: no ballot in 8 epochs' },
    });
    fallen.timeline.events = [];
    t.equal(
        'a run of two causes, long after its events',
        m.against(m.makeModel(fallen, 'file'), fallen.nodes.nodes[0]),
        'its evidence fails hard, and in epoch 30 (09:55 UTC): no ballot in 8 epochs',
    );
}

// Three members that are not FULL for three reasons: none is shown as another.
async function words() {
    const docs = network({ offline: 4, drained: 5 });
    for (const [width, dark] of [
        [390, false],
        [390, true],
        [1440, false],
        [1440, true],
    ]) {
        const page = await t.open(t.report(docs), { width, dark });
        const text = async (selector) => (await page.locator(selector).innerText()).replace(/\s+/g, ' ').trim();
        const name = `at ${width}${dark ? ', dark' : ''}`;
        t.check(
            `${name}: the headline`,
            /peer-5 \(operator-4\) is offline since 12:00 UTC/.test(await text('.hero h1')) &&
                /Offline, last attested in epoch 37 \(12:00 UTC\)/.test(await text('.needs')) &&
                (await text('.hero')).includes('peer-6 is drained by the operators'),
            await text('.hero'),
        );
        t.equal(
            `${name}: the tally`,
            await text('.tally'),
            '3 Full 1 Drained 1 Warning 0 Restricted 1 Offline 1 Suspended',
        );
        await shot(page, `overview-${width}${dark ? '-dark' : ''}`);
        for (const view of ['overview', 'fleet', 'node/peer-1', 'node/peer-5', 'node/peer-6', 'topology']) {
            await t.go(page, '#/' + view);
            t.check(`${name}: ${view} is no wider`, (await t.overflow(page)) <= 0, await t.overflow(page));
            const found = await t.violations(page);
            t.check(`${name}: axe finds nothing in ${view}`, found.length === 0, found);
            await shot(page, `${view.replace('/', '-')}-${width}${dark ? '-dark' : ''}`);
        }
        await t.go(page, '#/node/peer-6');
        t.check(
            `${name}: by whom`,
            (await text('.nodehead')).includes('Drained by the operators.'),
            await text('.nodehead'),
        );
        t.equal(`${name}: a drained node`, await text('.nodehead .badge'), 'Drained');
        t.check(`${name}: in a colour of its own`, (await page.locator('.nodehead .badge.t-drained').count()) === 1);
        await t.go(page, '#/node/peer-5');
        t.check(
            `${name}: since when`,
            (await text('.nodehead')).includes('Offline, last attested in epoch 37 (12:00 UTC).'),
            await text('.nodehead'),
        );
        t.equal(`${name}: one that is away`, await text('.nodehead .badge'), 'Offline');
        await t.go(page, '#/node/peer-1');
        t.check(
            `${name}: one that recovers`,
            /Recovers: RESTRICTED in \d+ epochs.*, if every verification of its evidence is good\./.test(
                await text('.nodehead'),
            ),
            await text('.nodehead'),
        );
        await t.go(page, '#/fleet?standing=OFFLINE');
        t.equal(`${name}: the fleet finds it`, await page.locator('tbody tr').count(), 1);
        t.check(`${name}: the console is quiet`, page.said.length === 0, page.said);
        await t.close(page);
    }
}

// What stands is what is copied, to the last digit.
async function copies() {
    const docs = network();
    const page = await t.open(t.report(docs), { args: { permissions: ['clipboard-read', 'clipboard-write'] } });
    const copied = async (label) => {
        await page.getByRole('button', { name: 'Copy ' + label, exact: true }).first().click();
        await page.waitForSelector('.copy.done');
        return page.evaluate(() => navigator.clipboard.readText());
    };
    t.equal('the id of the chain', await copied('the id of the chain'), docs.status.chain_id);
    await t.go(page, '#/node/peer-1');
    const node = docs.nodes.nodes[0];
    for (const [label, value] of [
        ['the id of the node', node.node_id],
        ['the id of the operator', node.operator_id],
        ['the id of the vendor root', node.vendor_root],
        ['mrenclave', docs.evidence.nodes[0].claims[0].observed],
    ])
        t.equal(label, await copied(label), value);
    t.check('the id is whole', (await page.locator('.c-facts').innerText()).includes(node.vendor_root));
    await t.go(page, '#/policy');
    t.equal('the digest of the policy', await copied('the digest'), docs.policy.digest);
    t.check('the console is quiet', page.said.length === 0, page.said);
    // Without a clipboard, as over plain HTTP.
    await page.evaluate(() => {
        Object.defineProperty(navigator, 'clipboard', { value: undefined });
        document.execCommand = (what) => {
            window.taken = what + ' ' + getSelection() + document.activeElement.value;
        };
    });
    await page.getByRole('button', { name: 'Copy the digest', exact: true }).first().click();
    await t.eventually('a selection is copied', async () =>
        (await page.evaluate(() => window.taken || '')).includes(docs.policy.digest),
    );
    await t.close(page);
}

async function measured() {
    const docs = network(),
        long = 'mrtd: expected ' + 'ab'.repeat(48) + ', observed ' + 'cd'.repeat(48);
    docs.nodes.nodes[0].last_fall = {
        since_epoch: 5,
        epoch: 5,
        from: 'FULL',
        to: 'SUSPENDED',
        cause: { about: 'integrity', code: 'fail_hard', text: 'zero: ' + long },
        since_cause: { about: 'integrity', code: 'fail_hard', text: 'zero: ' + long },
        since_unix_ms: Date.UTC(2026, 10, 20, 9, 30),
    };
    const page = await t.open(t.report(docs));
    t.check('a measurement is whole in the headline', (await page.locator('.hero').innerText()).includes(long));
    await t.go(page, '#/node/peer-1');
    const head = await page.locator('.nodehead').innerText();
    t.check('and of the node', head.includes('cd'.repeat(48)), head);
    t.check('with the date of another day', head.includes('epoch 5 (2026-11-20 09:30 UTC)'), head);
    await t.close(page);
}

async function conditions() {
    await model();
    await words();
    await copies();
    await measured();
}

module.exports = { conditions };
