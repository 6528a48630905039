'use strict';
// tests/web/evidence.js - what a node found in the evidence of a member, on the page of a node that runs.

const { network, verified, keysOf, hex, BAD, GOOD, T0 } = require('./fixture.js');
const { Node } = require('./node.js');
const t = require('./harness.js');

const plain = (text) => text.replace(/\s+/g, ' ').trim();

async function start() {
    const docs = network(),
        node = new Node(t.source, t.policyOf(t.source));
    delete docs.evidence;
    docs.changes = { sequence: 0, pending: 0, proposals: [] };
    node.set(docs);
    node.verified = docs.nodes.nodes.map((n) => verified(docs, n.slot, { own: n.slot === docs.status.slot, bad: n.slot === 0 }));
    return { node, docs, address: await node.start() };
}

// Everything is there, whole.
async function shown({ node, docs, address }) {
    const page = await t.open(address + '#/node/peer-3');
    const text = () => page.locator('.c-evidence').innerText().then(plain);
    await t.eventually('evidence: its proofs', async () => (await text()).includes('quote signed by its attestation key'));
    const all = await text();
    for (const [what, found] of [
        ['the measurement, whole', GOOD],
        ['what the policy has no rule for', 'no rule'],
        ['the TCB level', 'SWHardeningNeeded'],
        ['every advisory', 'INTEL-SA-00615, INTEL-SA-00657, INTEL-SA-00767'],
        ['each certificate', 'Intel SGX PCK Certificate'],
        ['its end', '2032-05-13 12:00 UTC'],
        ['how long collateral lasts', 'left'],
        ['the platform, whole', hex('platform2')],
        ['the digest, whole', hex('evidence2')],
    ])
        t.check(`evidence: ${what}`, all.includes(found), all);
    const buttons = await page.locator('.c-evidence button.copy').evaluateAll((list) => list.map((b) => b.title));
    t.check('evidence: measurements are copied whole', buttons.includes(GOOD) && buttons.includes(hex('signer')), buttons);
    const asked = () => node.asked.filter((p) => p === '/v1/nodes/2/evidence').length;
    t.equal('evidence: requested once', asked(), 1);
    node.send('snapshot', {});
    await t.settle(page);
    t.equal('evidence: not again in the same epoch', asked(), 1);
    docs.status = { ...docs.status, certified_epoch: docs.status.certified_epoch + 1 };
    node.set(docs);
    node.send('snapshot', {});
    await t.eventually('evidence: once more in the next', async () => asked() === 2);
    await t.go(page, '#/node/peer-4');
    await t.eventually('evidence: of the node itself', async () => (await text()).includes('A node does not verify its own evidence'));
    await t.go(page, '#/node/peer-1');
    await t.eventually('evidence: of another build', async () => (await text()).includes('not accepted'));
    const bad = await text();
    t.check('evidence: what was found, whole', bad.includes(BAD), bad);
    t.check('evidence: the values that the policy accepts, by name', bad.split(GOOD).length > 2, bad);
    t.check('evidence: what to do', bad.includes('Run the build that the policy accepts'), bad);
    t.check('evidence: expired collateral', bad.includes('expired'), bad);
    t.check('evidence: an open proof', bad.includes('open certificates lead to a pinned root'), bad);
    t.check('evidence: the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
}

// Two GPUs, one of which fails, and a switch; of a member without devices the view says nothing of them.
function withDevices(docs, slot) {
    const device = (kind, name, product, serial, more) => ({ name, kind, product, serial, driver: '', tier: 'affirming', rule: null, ...more });
    const bad = 'gpu 1 (GH100, serial ..0a0b0c0d)',
        e = verified(docs, slot, {
            devices: [
                device('nvidia-gpu', 'gpu 0 (GH100, serial ..01020304)', 'GH100', hex('gpu0').slice(0, 40), {
                    driver: '550.90.07',
                    firmware: '96.00.9F.00.01',
                    mode: 'protected-pcie',
                    expires: '2032-01-01T06:00:00Z',
                    expires_first: 'OCSP for GH100 A01 GSP BROM',
                }),
                device('nvidia-gpu', bad, 'GH100', hex('gpu1').slice(0, 40), {
                    driver: '535.86.09',
                    firmware: '96.00.5E.00.01',
                    tier: 'contraindicated',
                    rule: 'gpu-driver',
                }),
                device('nvidia-switch', 'switch 0 (LS10)', 'LS10', hex('switch0').slice(0, 40), { firmware: '96.10.55.00.01' }),
            ],
        });
    e.verdict.reasons = [
        { rule: 'gpu-driver', text: 'the driver is older than the policy allows', expected: '550 or newer', observed: `${bad}: 535.86.09`, fix: 'Update the driver.' },
    ];
    return e;
}

async function devicesShown({ node, docs, address }) {
    const before = node.verified[2];
    node.verified[2] = withDevices(docs, 2);
    const shared = { device: 'gpu 0 (GH100, serial ..01020304)', other_slot: 4, other: 'peer-5', first_epoch: 30, last_epoch: 31 };
    docs.nodes.nodes[2] = { ...docs.nodes.nodes[2], shared_device: shared };
    node.set(docs);
    for (const width of t.WIDTHS) {
        const page = await t.open(address + '#/node/peer-3', { width });
        await t.eventually(`devices at ${width}`, async () => (await page.locator('.c-evidence').innerText()).includes('GPUs and switches'));
        const rows = (await page.locator('[aria-label="Devices"] tbody tr').allInnerTexts()).map(plain);
        t.equal(`devices at ${width}: each has a row`, rows.length, 3);
        t.check(
            `devices at ${width}: number, product, driver, firmware, serial number, verdict`,
            ['GPU 0', 'GH100', '550.90.07', '96.00.9F.00.01', hex('gpu0').slice(0, 40), 'affirming'].every((x) => rows[0].includes(x)),
            rows[0],
        );
        t.check(
            `devices at ${width}: what is against one`,
            ['GPU 1', 'contraindicated', 'The driver is older than the policy allows', 'found 535.86.09', 'expected 550 or newer'].every((x) => rows[1].includes(x)),
            rows[1],
        );
        t.check(
            `devices at ${width}: mode, and what of it expires first`,
            ['protected-pcie', 'OCSP for GH100 A01 GSP BROM, 2032-01-01 06:00 UTC'].every((x) => rows[0].includes(x)) && rows[1].includes('nothing expires'),
            rows[0],
        );
        const all = plain(await page.locator('.c-evidence').innerText());
        t.check(`devices at ${width}: a device of another member, too`, all.includes('A device of two members: gpu 0 (GH100, serial ..01020304) passed as a device of peer-5, too, last in epoch 31'), all);
        t.check(`devices at ${width}: a switch is counted on its own`, rows[2].includes('switch 0') && !/found|expected/.test(rows[2]), rows[2]);
        await t.inBothThemes(page, `devices at ${width}`, async () => {});
        if (process.env.ASSAY_SCREENSHOTS) await page.screenshot({ path: `${process.env.ASSAY_SCREENSHOTS}/devices-${width}.png`, fullPage: true });
        await t.close(page);
    }
    node.verified[2] = before;
    delete docs.nodes.nodes[2].shared_device;
    node.set(docs);
    const page = await t.open(address + '#/node/peer-3');
    await t.eventually('no devices', async () => (await page.locator('.c-evidence').innerText()).includes('SWHardeningNeeded'));
    t.check('no device of it is in another member', !plain(await page.locator('.c-evidence').innerText()).includes('passed as a device'));
    t.equal('without devices nothing is said of them', await page.locator('[aria-label="Devices"], h3:has-text("GPUs")').count(), 0);
    await t.close(page);
}

async function widths({ address }) {
    for (const width of t.WIDTHS) {
        const page = await t.open(address + '#/node/peer-1', { width });
        await t.eventually(`evidence at ${width}`, async () => (await page.locator('.c-evidence').innerText()).includes('not accepted'));
        await t.inBothThemes(page, `evidence at ${width}`, async () => {});
        await t.close(page);
    }
}

// Names of certificates and values are others' texts.
async function texts({ node, docs, address }) {
    const evil = '<img src=x onerror="window.pwned=1">\u202e';
    const e = node.verified[5],
        v = e.verdict;
    v.validity[0].name = evil;
    v.measurements[0] = { field: evil, value: evil, state: evil };
    v.measurements.push({ field: 'mrenclave', value: '00', state: 'constructor' });
    v.proofs.push({ name: 'constructor', state: evil }, { name: evil, state: 'true' });
    v.reasons = [{ rule: evil, text: evil, expected: evil, observed: evil + 'x'.repeat(9000), fix: evil }];
    v.tcb_status = v.outcome = v.what = evil;
    v.advisory_ids = [evil];
    v.devices = [{ name: evil, kind: 'constructor', product: evil, serial: evil, driver: evil, firmware: evil, mode: evil, expires: 'never', expires_first: evil, tier: evil, rule: evil }, {}];
    v.expires_first = evil;
    v.at = v.expires = 'never';
    const page = await t.open(address + '#/node/peer-6');
    await t.eventually('hostile evidence is shown as text', async () => (await page.locator('.c-evidence').innerText()).includes('<img src=x'));
    t.equal('hostile evidence: nothing ran', await page.evaluate(() => window.pwned), undefined);
    t.equal('hostile evidence: no markup', await page.locator('#app img').count(), 0);
    t.check('hostile evidence: no wider than the window', (await t.overflow(page)) <= 0);
    await t.close(page);
    for (const broken of [{}, { verdict: {} }, { verdict: { proofs: 1, validity: 'x', measurements: null, reasons: {} } }]) {
        node.verified[6] = broken;
        const other = await t.open(address + '#/node/peer-7');
        await t.eventually('a document that lacks all is no fault', async () => (await other.locator('.c-evidence').count()) === 1);
        t.check('and the console is quiet', other.said.length === 0, other.said);
        await t.close(other);
    }
    node.verified = null;
    const old = await t.open(address + '#/node/peer-3');
    await t.eventually('a node of an older version does not serve it', async () =>
        (await old.locator('.c-evidence').innerText()).includes('does not serve'),
    );
    await t.close(old);
    t.check('documents were read', docs.nodes.nodes.length === 7);
}

// Workload keys of a member in its view.
async function keysShown({ node, docs, address }) {
    const asked = () => node.asked.filter((p) => p === '/v1/nodes/2/keys').length;
    const text = (page) => page.locator('.c-keys').innerText().then(plain);
    node.verified = docs.nodes.nodes.map((n) => verified(docs, n.slot, { own: n.slot === docs.status.slot }));
    node.keys = docs.nodes.nodes.map((n) => keysOf(docs, n.slot));
    t.check('keys: not requested below the feature level of keys', node.asked.every((p) => !p.endsWith('/keys')));
    docs.status = { ...docs.status, level: 7 };
    node.set(docs);
    const page = await t.open(address + '#/node/peer-3');
    await t.eventually('keys: a row for each', async () => (await page.locator('.c-keys tbody tr').count()) === 2);
    const all = await text(page);
    for (const [what, found] of [
        ['its name', 'api'],
        ['what operators granted', 'of the service that operators granted'],
        ['why one is not active', 'no certified evidence binds it yet'],
        ['until when', `epoch ${docs.status.certified_epoch + 3}`],
        ['the id as in certificates', node.keys[2].node_id_base32],
    ])
        t.check(`keys: ${what}`, all.includes(found), all);
    t.check('keys: no wider than the window', (await t.overflow(page)) <= 0);
    t.equal('keys: requested once', asked(), 1);
    node.keys[3] = { ...keysOf(docs, 3), keys: [] };
    await t.go(page, '#/node/peer-4');
    await t.eventually('keys: none', async () => (await text(page)).includes('No program of it has registered a key'));
    for (const broken of [{}, { keys: 1 }, { keys: [{}], keys_epoch: null }]) {
        node.keys[5] = broken;
        const other = await t.open(address + '#/node/peer-6');
        await t.eventually('keys: a document that lacks all is no fault', async () => (await other.locator('.c-keys').count()) === 1);
        t.check('keys: and the console is quiet', other.said.length === 0, other.said);
        await t.close(other);
    }
    await t.close(page);
}

// The certificate authority in the overview.
async function authorityShown({ node, docs, address }) {
    const page = await t.open(address + '#/overview');
    const tile = () => page.locator('.stats').innerText().then(plain);
    await t.eventually('authority: the expiry of its certificate', async () => (await tile()).includes('its certificate expires in'));
    t.check('authority: its state and shares', (await tile()).includes('few holders 3 of 4 shares live'), await tile());
    for (const [certificate, found] of [
        [null, 'this node does not have its certificate'],
        [{ not_after_ms: T0 - 86400000 }, 'its certificate has expired'],
    ]) {
        docs.authority = { ca_number: 2, certificate };
        docs.status = { ...docs.status, certified_epoch: docs.status.certified_epoch + 1 };
        node.set(docs);
        node.send('snapshot', {});
        await t.eventually(`authority: ${found}`, async () => (await tile()).includes(found));
    }
    t.check('authority: the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
}

async function chain() {
    const at = await start();
    await shown(at);
    await devicesShown(at);
    await widths(at);
    await texts(at);
    await keysShown(at);
    await authorityShown(at);
    await at.node.stop();
}

module.exports = { chain };
