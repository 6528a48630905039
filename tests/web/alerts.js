'use strict';
// tests/web/alerts.js - the alerts panel: the conditions and runbooks of docs/monitoring/alerts.yml, since when they
// hold, and which ended.

const fs = require('fs');
const path = require('path');
const { network, T0 } = require('./fixture.js');
const { Node } = require('./node.js');
const t = require('./harness.js');

const plain = (text) => text.replace(/\s+/g, ' ').trim();
const root = path.join(__dirname, '..', '..');

// What one node's documents cannot show: other machines, the machine itself, rates over time, several scrapes.
const PROMETHEUS_ALONE = [
    'AssayMembersSuspended', 'AssayMembersOffline', 'AssayDown', 'AssayLoopHangs', 'AssayNodeCutOff',
    'AssayEnclaveRestarts', 'AssayVerifierContradicted', 'AssayDiskFills', 'AssayDiskFull', 'AssayCertificateEnds',
    'AssayReloadRefused', 'AssayClaimsRefused', 'AssaySignerDown', 'AssayCertificatesNotIssued', 'AssayReplicaHalted', 'AssayHolderBehind',
    'AssayExecutorClaimsRefused', 'AssayProgramUnfollowed', 'AssayProgramSilent',
];

// name, severity, runbook, minutes of each alert of alerts.yml.
function rules() {
    const text = fs.readFileSync(path.join(root, 'docs/monitoring/alerts.yml'), 'utf8');
    return text.split('- alert: ').slice(1).map((part) => ({
        name: /^\w+/.exec(part)[0],
        severity: /severity: (\w+)/.exec(part)[1],
        runbook: /runbook_url: docs\/runbooks\/([\w-]+)\.md/.exec(part)[1],
        minutes: Number(/\bfor: (\d+)m/.exec(part)?.[1] || 0),
    }));
}

const keyOf = (a) => `${a.name} ${a.severity} ${a.runbook} ${a.minutes}`;

async function pure() {
    const folder = t.sources(),
        m = await import(path.join(folder, 'model.js')),
        a = await import(path.join(folder, 'alertrules.js'));
    const shown = a.ALERTS.map(([name, severity, runbook, minutes]) => ({ name, severity, runbook, minutes })),
        known = rules();
    t.equal(
        'the conditions of alerts.yml, and no other',
        shown.map(keyOf).sort().join('\n'),
        known.filter((r) => !PROMETHEUS_ALONE.includes(r.name)).map(keyOf).sort().join('\n'),
    );
    t.equal('each alert is shown, or named as one of Prometheus alone', known.length, shown.length + PROMETHEUS_ALONE.length);
    for (const { runbook } of shown) t.check(`runbook ${runbook} exists`, fs.existsSync(path.join(root, `docs/runbooks/${runbook}.md`)));
    const names = (docs, now = Infinity, memory = null) =>
        [...new Set(a.active(m.makeModel(docs, 'file'), now, memory).filter((r) => !r.pending).map((r) => r.name))].sort().join();
    const good = network({ story: false, quiet: true });
    Object.assign(good.status, { insecure: false });
    t.equal('of a good network: none', names(good), '');
    // One fault after the other makes its alert, and no other.
    for (const [name, change] of [
        ['AssayMemberOffline', (d) => Object.assign(d.nodes.nodes[2], { condition: 'OFFLINE', present: false, last_success_epoch: 30 })],
        ['AssayScoreLow', (d) => Object.assign(d.nodes.nodes[2], { condition: 'RESTRICTED', score_bp: 6000 })],
        ['AssayMemberSuspended', (d) => Object.assign(d.nodes.nodes[2], { condition: 'SUSPENDED', last_fall: { since_epoch: 30, epoch: 30, since_unix_ms: T0 } })],
        ['', (d) => Object.assign(d.nodes.nodes[2], { condition: 'SUSPENDED', last_fall: null })],
        ['AssayMassSuspension,AssayMemberSuspended', (d) => d.nodes.nodes.slice(0, 2).forEach((n) => Object.assign(n, { condition: 'SUSPENDED', last_fall: { since_epoch: 30, epoch: 30 } }))],
        ['AssayEvidenceOld', (d) => (d.nodes.nodes[3].last_success_epoch = d.status.epoch - 4)],
        ['AssayEnclaveDown', (d) => (d.status.enclave = { pid: 0 })],
        ['AssayBehind', (d) => (d.status.voting = false)],
        ['AssayClockDrifts', (d) => (d.status.clock = { known: true, off: false, ahead_ms: -70, bound_ms: 125 })],
        ['AssayClockOff', (d) => (d.status.clock = { known: true, off: true, ahead_ms: 50, bound_ms: 125 })],
        ['AssayInsecure', (d) => (d.status.insecure_settings = ['tcb'])],
        ['AssayNothingFinal', (d) => (d.status.head_age_ms = 3001)],
        ['AssayNoQuorum', (d) => (d.status.closing.progress = false)],
        ['AssayNoMargin', (d) => (d.status.tolerance.members_break = 0)],
        ['AssayEpochsHeld', (d) => (d.status.certified = false)],
        ['AssayVotesLost', (d) => (d.status.votes_lost = [{ slot: 1, name: 'peer-2' }])],
        ['AssayQuietFloor', (d) => (d.status.votes_retained = [{ slot: 1, name: 'peer-2' }])],
        ['AssayDeviceShared', (d) => (d.nodes.nodes[1].shared_device = { device: 'gpu 0 (GH100)', other_slot: 2, other: 'peer-3', first_epoch: 30, last_epoch: 31 })],
        ['AssayCollateralEnds', (d) => (d.collateral = { roots: [{ root: 'a', name: 'A', until: new Date(T0 + 2 * 86400000).toISOString() }] })],
        ['AssayCollateralEnded', (d) => (d.collateral = { roots: [{ root: 'a', name: 'A', until: new Date(T0 - 1).toISOString() }] })],
        ['AssayDisagreement', (d) => (d.matrix.members[0].outcomes = '-FFFFFF')],
        ['AssayGroupGone', (d) => (d.services = { groups: [{ number: 0, name: 'x', phase: 'gone' }] })],
        ['AssayGroupKeyUnable', (d) => (d.services = { groups: [], identity: { state: 'too_few' } })],
        ['AssayGroupKeyUnable', (d) => (d.services = { groups: [], identity: { state: 'lost' } })],
        ['AssayGroupKeyFew', (d) => (d.services = { groups: [], identity: { state: 'few' } })],
        ['AssaySharesAlarm', (d) => (d.services = { groups: [], shares: { clusters: [{ alarm: true }] } })],
    ]) {
        const docs = structuredClone(good);
        change(docs);
        t.equal(`a fault: ${name || 'a member that climbs after it joined is none'}`, names(docs), name);
    }
    // What documents have no time for is since when it was seen, an alert after its time, and over when it is gone.
    const memory = new Map(),
        docs = structuredClone(good);
    docs.status.voting = false;
    t.equal('seen just now: not yet an alert', names(docs, T0, memory), '');
    t.equal('after ten minutes it is', names(docs, T0 + 600000, memory), 'AssayBehind');
    t.equal('and over when it is gone', names(good, T0 + 700000, memory), '');
    const over = a.ended(m.makeModel(good, 'file'), memory);
    t.equal('with its duration', over.map((r) => `${r.name} ${r.until - r.since}`).join(), 'AssayBehind 700000');
    docs.status.voting = false;
    names(docs, T0, memory);
    names(good, T0 + 1000, memory);
    t.equal('what never was an alert is none that ended', a.ended(m.makeModel(good, 'file'), memory).length, 1);
    for (let i = 0; i < 300; i++) {
        docs.status.votes_lost = [{ slot: i, name: 'x' }];
        names(docs, T0 + i * 1e6, memory);
        names(docs, T0 + i * 1e6 + 9e5, memory);
    }
    t.equal('what is remembered is bounded', a.ended(m.makeModel(good, 'file'), memory).length, 100);
}

async function panel() {
    const docs = network({ epochMs: 30000 });
    const page = await t.open(t.report(docs) + '#/alerts');
    const text = (selector = 'main') => page.locator(selector).innerText().then(plain);
    const active = await text('.card >> nth=0'),
        gone = await text('.card >> nth=1');
    t.check('alerts: a suspended member with its cause', /critical AssayMemberSuspended peer-1 .*measurement-unknown/i.test(active), active);
    t.check('alerts: since when', /12:0\d UTC, for \d+ min/.test(active), active);
    t.check('alerts: its runbook', active.includes('docs/runbooks/mass-suspension.md'), active);
    t.check('alerts: what ended, with its duration', /AssayMemberSuspended peer-3 \d+ epochs?, \d/.test(gone), gone);
    await page.locator('main input[type=url]').fill('https://wiki.example/r/');
    await page.keyboard.press('Tab');
    await t.settle(page);
    t.equal('alerts: runbooks of a site', await page.locator('main td a[rel]').first().getAttribute('href'), ['https://wiki.example/r/mass-suspension', 'md'].join('.'));
    t.check('alerts: the host of a runbook is shown', (await text('.card >> nth=0')).includes(['mass-suspension', 'md at wiki.example'].join('.')), await text('.card >> nth=0'));
    for (const bad of ['javascript:alert(1)', 'data:text/html,x', '//x', 'x']) {
        await t.go(page, '#/alerts?base=' + encodeURIComponent(bad));
        t.equal(`alerts: no link to ${bad}`, await page.locator('main td a[rel]').count(), 0);
    }
    await t.go(page, '#/alerts?at=14');
    t.check('alerts: of a past epoch', /AssayMemberSuspended peer-3|AssayScoreLow peer-3/.test(await text('.card >> nth=0')), await text('.card >> nth=0'));
    t.check('alerts: the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
    const node = new Node(t.source, t.policyOf(t.source)),
        live = network({ story: false });
    node.set(live);
    const other = await t.open((await node.start()) + '#/alerts');
    const shown = () => other.locator('main').innerText().then(plain);
    await t.eventually('alerts: of a node that runs', async () => (await shown()).includes('AssayInsecure'));
    live.status = { ...live.status, votes_lost: [{ slot: 1, name: 'peer-2' }] };
    node.set(live);
    node.send('snapshot', {});
    await t.eventually('alerts: one that is not old enough is pending', async () => /warning \(pending\) AssayVotesLost/.test(await shown()));
    await t.close(other);
    await node.stop();
}

async function alerts() {
    await pure();
    await panel();
}

module.exports = { alerts };
