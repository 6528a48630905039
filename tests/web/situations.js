'use strict';
// tests/web/situations.js - six situations of an operator: what is wrong and what to do is in the first screen.

const { network, T0 } = require('./fixture.js');
const t = require('./harness.js');

const MIN = 60000,
    EPOCHS = 40,
    NOW = T0 + (EPOCHS + 1) * MIN;
// With epochs of a minute, so that times tell something.
const base = (options = {}) => network({ epochs: EPOCHS, epochMs: MIN, story: false, ...options });
const at = (epoch) => T0 + epoch * MIN;

// A member that fell: as the documents of a node have it (net/documents/document_member.c, document_condition.c).
function fell(docs, slot, { epoch, code, about, cause, detail, standing, integrity, availability, recovery }) {
    const n = docs.nodes.nodes[slot],
        step = { about, code, text: cause };
    Object.assign(n, {
        condition: standing,
        standing,
        integrity_bp: integrity,
        availability_bp: availability,
        score_bp: Math.min(integrity, availability),
        weight: standing === 'SUSPENDED' ? 0 : integrity,
        recovery,
        last_reason: detail,
        last_fall: {
            since_epoch: epoch,
            since_unix_ms: at(epoch),
            since_cause: step,
            epoch,
            epoch_unix_ms: at(epoch),
            cause: step,
            from: 'FULL',
            to: standing,
        },
        reasons: [{ about, code, text: cause, epoch, at_unix_ms: at(epoch) }],
    });
    docs.timeline.events.push({
        seq: 9000 + slot,
        count: 1,
        first_seq: 9000 + slot,
        first_epoch: epoch + 1,
        first_unix_ms: at(epoch + 1),
        at_unix_ms: at(epoch + 1),
        epoch: epoch + 1,
        event: 'standing_changed',
        slot,
        name: n.name,
        a: 0,
        b: ['FULL', 'WARNING', 'RESTRICTED', 'SUSPENDED'].indexOf(standing),
        text: `${n.name}: FULL -> ${standing} (score 0 %): ${detail}`,
    });
    return n;
}

const blocked = (code, text) => ({
    blocked: code,
    text,
    assumes: 'every verification of its evidence is good',
    steps: [],
});

function offline(docs, slot, age) {
    Object.assign(docs.nodes.nodes[slot], {
        condition: 'OFFLINE',
        present: false,
        last_success_epoch: EPOCHS - age,
        last_message_age_ms: age * MIN,
        recovery: blocked('offline', 'not while it is offline'),
    });
}

const SITUATIONS = {
    offline: {
        docs() {
            const docs = base();
            offline(docs, 4, 15);
            return docs;
        },
        head: '1 of 7 nodes needs attention: peer-5 (operator-4) is offline since 12:26 UTC.',
        row: /Offline, last attested in epoch 25 \(12:25 UTC\)/,
        command: 'systemctl start assayd',
        tone: 'warn',
    },
    'unknown-build': {
        docs() {
            const docs = base();
            fell(docs, 6, {
                epoch: 5,
                code: 'fail_hard',
                about: 'integrity',
                cause: 'zero: its evidence fails hard',
                detail: 'measurement-unknown: expected ' + 'ab'.repeat(32) + ', observed ' + 'cd'.repeat(32),
                standing: 'SUSPENDED',
                integrity: 1700,
                availability: 10000,
                recovery: {
                    blocked: null,
                    text: 'RESTRICTED in 33 epochs, WARNING in 58, FULL in 73, about 13:54 UTC',
                    assumes: 'every verification of its evidence is good',
                    steps: [
                        { standing: 'RESTRICTED', epochs: 33, epoch: EPOCHS + 33, at_unix_ms: NOW + 33 * MIN },
                        { standing: 'WARNING', epochs: 58, epoch: EPOCHS + 58, at_unix_ms: NOW + 58 * MIN },
                        { standing: 'FULL', epochs: 73, epoch: EPOCHS + 73, at_unix_ms: NOW + 73 * MIN },
                    ],
                },
            });
            return docs;
        },
        head: '1 of 7 nodes needs attention: peer-7 ran an unknown build and is recovering (FULL in 73 epochs, about 13:54 UTC).',
        row: /measurement-unknown: expected (ab)+, observed (cd)+[\s\S]*Since epoch 5 \(12:05 UTC\); back: FULL in 73 epochs, about 13:54 UTC/,
        command: 'assay explain peer-7',
        tone: 'warn',
    },
    'vendor-day': {
        docs() {
            const docs = base({ nodes: 9 });
            for (const slot of [1, 5])
                fell(docs, slot, {
                    epoch: 33,
                    code: 'unjudged',
                    about: 'availability',
                    cause: 'fell: its evidence could not be judged for 8 epochs',
                    detail: 'collateral-expired: TCB info',
                    standing: 'RESTRICTED',
                    integrity: 10000,
                    availability: 6100,
                    recovery: blocked('evidence', 'not while its evidence does not pass'),
                });
            return docs;
        },
        head: '2 of 9 nodes need attention: both members of vendor root Vendor 2 cannot be verified (collateral has expired) since 12:33 UTC.',
        row: /Vendor root Vendor 2[\s\S]*peer-2 and peer-6[\s\S]*They fail together/,
        command: 'assay explain peer-2',
        runbook: 'docs/runbooks/collateral-outage.md',
        tone: 'warn',
    },
    'one-more-failure': {
        docs() {
            const docs = base();
            offline(docs, 1, 3);
            offline(docs, 4, 9);
            Object.assign(docs.status.tolerance, { members_stop: 0 });
            docs.status.advice = [
                {
                    code: 'margin',
                    text: 'one more failure may stop the network: start the members that are missing before anything else',
                },
            ];
            return docs;
        },
        head: '2 of 7 nodes need attention: peer-2 (operator-1) is offline since 12:38 UTC; peer-5 (operator-4) is offline since 12:32 UTC.',
        row: /One more failure may stop the network: start the members that are missing before anything else/,
        command: 'assay nodes',
        runbook: 'docs/runbooks/quorum-loss.md',
        tone: 'bad',
    },
    stopped: {
        docs() {
            const docs = base(),
                gone = [2, 5, 6];
            for (const slot of gone) {
                offline(docs, slot, 6);
                docs.nodes.nodes[slot].recovery = blocked('stalled', 'not while no epoch closes');
            }
            Object.assign(docs.status, { stale: true, head_age_ms: 86400000, head_time_ms: NOW - 86400000 });
            Object.assign(docs.status.closing, {
                overdue: true,
                progress: false,
                open_ms: 6 * MIN,
                present_weight: 40000,
                missing: gone.map((slot) => ({
                    slot,
                    name: `peer-${slot + 1}`,
                    weight: 10000,
                    present: false,
                    last_message_age_ms: 6 * MIN,
                    ended: false,
                    evidence: false,
                    ballot: false,
                })),
            });
            docs.status.advice = [
                {
                    code: 'bring_back',
                    text: 'too few members are reachable: restart the missing ones, the heaviest first; if too many are gone for good, the operators can begin a new era (assay recover)',
                },
            ];
            return docs;
        },
        head: 'The network is stopped since 2026-11-20 12:41 UTC, for 24 h: peer-3, peer-6 and peer-7 are missing.',
        row: /Too few members are reachable: restart the missing ones/,
        command: 'assay nodes',
        runbook: 'docs/runbooks/quorum-loss.md',
        tone: 'bad',
    },
    proposal: {
        docs() {
            const docs = base();
            docs.status.proposals_open = 1;
            docs.status.advice = [{ code: 'proposal_waits', text: 'a proposal waits for approval of 1 operator: assay change inbox' }];
            docs.changes = {
                ...docs.status.changes,
                waiting: [],
                queue: [],
                decided: [],
                proposals: [
                    {
                        id: 'a1b2c3d4'.repeat(8),
                        operator: 'operator-0',
                        sequence: 3,
                        activation: 120,
                        since_epoch: 30,
                        expires: 100,
                        expires_at_ms: at(101),
                        comment: 'as discussed on Friday',
                        approvals: ['operator-0', 'operator-2'].map((operator, i) => ({
                            operator,
                            act: i === 0 ? 'propose' : 'approve',
                            comment: '',
                            epoch: 30 + i,
                            at_ms: at(30 + i),
                        })),
                        missing: ['operator-1', 'operator-3'],
                        withdrawn: [],
                        needed: 1,
                        actions: ['member peer-8 joins, operator-1'],
                        what_if: { fits: true, note: '' },
                    },
                ],
            };
            return docs;
        },
        head: '1 change waits for approvals. All 7 nodes are attested and fully trusted.',
        row: /Member peer-8 joins, operator-1\. "as discussed on Friday"\. Approved by operator-0 and operator-2; 1 more approval is needed, of operator-1 or operator-3\.[\s\S]*Since epoch 30 \(12:30 UTC\); expires after epoch 100 \(13:41 UTC\)/,
        command: 'assay change approve a1b2c3d4a1b2c3d4 --key FILE',
        tone: 'note',
    },
};

const plain = (text) => text.replace(/\s+/g, ' ').trim();

// In the first screen: the headline, and of the first row what is wrong and what to do.
async function firstScreen(page, name, s, height) {
    const text = async (selector) => plain(await page.locator(selector).first().innerText());
    const bottom = (selector) =>
        page
            .locator(selector)
            .first()
            .evaluate((el) => el.getBoundingClientRect().bottom);
    t.equal(`${name}: the headline`, await text('.hero h1'), s.head);
    t.check(`${name}: the tone`, (await page.locator('.hero.h-' + s.tone).count()) === 1);
    t.check(`${name}: what is wrong`, s.row.test(await text('.needs li')), await text('.needs li'));
    t.equal(`${name}: a command`, await text('.needs .command code'), s.command);
    if (s.runbook) t.check(`${name}: the runbook`, (await text('.needs li')).includes(s.runbook), await text('.needs li'));
    for (const selector of ['.hero h1', '.needs .wrong', '.needs .command'])
        t.check(`${name}: ${selector} is in the first screen`, (await bottom(selector)) <= height, await bottom(selector));
}

async function situations() {
    for (const [name, s] of Object.entries(SITUATIONS)) {
        const page = await t.open(t.report(s.docs()));
        for (const width of t.WIDTHS) {
            const height = width < 500 ? 844 : 900;
            await page.setViewportSize({ width, height });
            await t.inBothThemes(page, `${name} at ${width}`, (which) => firstScreen(page, which, s, height));
        }
        t.check(`${name}: the console is quiet`, page.said.length === 0, page.said);
        await t.close(page);
    }
    await remedy();
    await copied();
}

// Where the network is stopped old data is dimmed, the remedy is not; other views say so and lead to it.
async function remedy() {
    const page = await t.open(t.report(SITUATIONS.stopped.docs()));
    const filter = (selector) => page.locator(selector).first().evaluate((el) => {
        const all = [];
        for (; el; el = el.parentElement) all.push(getComputedStyle(el).filter, getComputedStyle(el).opacity);
        return all.filter((x) => x !== 'none' && x !== '1').join();
    });
    t.equal('stopped: the remedy is not dimmed', await filter('.needs .command'), '');
    t.check('stopped: old data is', (await filter('.card')).includes('grayscale'), await filter('.card'));
    const hero = plain(await page.locator('.hero').innerText());
    t.check('stopped: what is reachable', /57.% of the weight is reachable, more than 66/.test(hero), hero);
    t.equal('stopped: a row for each that is missing', await page.locator('.needs li').count(), 4);
    await t.go(page, '#/fleet');
    t.equal('stopped: a banner on other views', await filter('.banner'), '');
    t.check('stopped: with the same words', (await page.locator('.banner.bad').innerText()).startsWith(SITUATIONS.stopped.head));
    await page.locator('.banner a').click();
    await t.settle(page);
    t.check('stopped: which leads to the remedy', await page.locator('.needs .command').first().isVisible());
    await t.close(page);
}

// A command is copied whole; a name that a shell would take apart is none of it.
async function copied() {
    const docs = SITUATIONS['unknown-build'].docs();
    docs.nodes.nodes[6].name = 'a; rm -rf "$HOME"';
    const page = await t.open(t.report(docs), { args: { permissions: ['clipboard-read', 'clipboard-write'] } });
    await page.locator('.needs .command .copy').first().click();
    await page.waitForSelector('.copy.done');
    t.equal('a hostile name is its slot in a command', await page.evaluate(() => navigator.clipboard.readText()), 'assay explain 6');
    await t.close(page);
}

module.exports = { SITUATIONS, situations };
