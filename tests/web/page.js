'use strict';
// tests/web/page.js - the page in a browser: what it is made of, its pure parts, its pictures; and all groups of
// tests, which are in the files beside this one.

const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const { alerts } = require('./alerts.js');
const { conditions } = require('./conditions.js');
const { network } = require('./fixture.js');
const { guarded, hostile } = require('./hostile.js');
const { figures, live, many } = require('./live.js');
const { processes } = require('./network.js');
const { chain } = require('./evidence.js');
const { comparison, past } = require('./past.js');
const { seen } = require('./seen.js');
const { simulation, simulations } = require('./simulation.js');
const { situations } = require('./situations.js');
const { tables } = require('./tables.js');
const { contents, keyboard, views } = require('./views.js');
const t = require('./harness.js');

const { policyOf, sources } = t;
const read = (file) => fs.readFileSync(path.join(__dirname, '..', '..', file), 'utf8');

// ------------------------------------------------------------ what it is made of

async function made() {
    const packed = zlib.gzipSync(Buffer.from(t.source), { level: 9 }).length,
        script = zlib.gzipSync(fs.readFileSync(path.join(t.built, 'script.js')), { level: 9 }).length;
    console.log(
        `  the page: ${t.source.length} bytes, ${packed} compressed; its script ${script} compressed`,
    );
    t.check('script of 100 KiB compressed at most', script <= 100 * 1024, script);
    const policy = policyOf(t.source);
    t.check('the policy begins at nothing', policy.startsWith("default-src 'none'"), policy);
    t.check(
        'trusted types are required',
        policy.includes("require-trusted-types-for 'script'") && policy.includes("trusted-types 'none'"),
        policy,
    );
    t.check('nothing unsafe is allowed', !/unsafe|\*|https?:/.test(policy), policy);
    t.check('nothing is fetched from elsewhere', !/(src|href)="(https?:)?\/\//.test(t.source));
    for (const [ours, theirs] of [
        ['uPlot.iife.min.js', 'dist/uPlot.iife.min.js'],
        ['uPlot.min.css', 'dist/uPlot.min.css'],
        ['LICENSE', 'LICENSE'],
    ])
        t.equal(
            `vendored ${ours} is the pinned one`,
            read('web/vendor/uplot/' + ours),
            fs.readFileSync(path.join(t.modules, 'uplot', theirs), 'utf8'),
        );
    for (const file of fs
        .readdirSync(path.join(__dirname, '../../web/src'), { recursive: true })
        .filter((f) => f.endsWith('.js')))
        t.check(
            `${file} parses no data as markup`,
            !/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/.test(
                read('web/src/' + file),
            ),
        );
}

// ------------------------------------------------------------ pure parts, against the rules

async function model() {
    const folder = sources();
    const m = await import(path.join(folder, 'model.js')),
        a = await import(path.join(folder, 'attention.js')),
        f = await import(path.join(folder, 'format.js'));
    const docs = network({ nodes: 7, epochs: 40 }),
        model_ = m.makeModel(docs, 'file');
    let agreed = 0,
        compared = 0;
    for (let i = 1; i < model_.epochs.length; i++)
        for (const [slot, row] of model_.epochs[i].at) {
            compared++;
            if (m.tally(row, model_.epochs[i - 1].at.get(slot), true).agrees) agreed++;
        }
    t.equal('the page computes every tally as the network did', agreed, compared);
    const row = { ...model_.epochs[20].at.get(3), availability_bp: 9000 };
    t.equal(
        'and sees one that is not by the rules',
        m.tally(row, model_.epochs[19].at.get(3), true).agrees,
        false,
    );
    // Of seven members one half of six is absent: the bound is by the weight of the table, not of the electorate alone.
    const half = { positive_bp: 30000, negative_bp: 30000, electorate_bp: 60000, lo_bp: 5000, hi_bp: 6000 };
    const fell = { ...half, availability_bp: 9000, integrity_bp: 10000, score_bp: 9000 };
    t.equal(
        'a fall by half of the electorate is by the rules',
        m.tally(fell, { availability_bp: 10000 }, true).agrees,
        true,
    );
    t.equal(
        'a close that is not certified moves nothing',
        m.tally(row, { availability_bp: 9000 }, false).expected,
        9000,
    );
    for (const kind of ['integrity', 'availability'])
        for (const n of model_.nodes) {
            const w = m.waterfall(model_, n.slot, kind, 3);
            t.equal(
                `${kind} of ${n.name}: its steps lead from start to end`,
                w.steps.reduce((at, s) => (s.from === at ? s.to : NaN), w.start),
                w.end,
            );
        }
    await headlines(m, a, model_);
    const seven = model_.nodes.map((n) => ({ ...n, weight: 10000 }));
    t.equal('two of seven may fail', m.whatIf(seven, new Set([0, 1])).progress, true);
    t.equal('three may not', m.whatIf(seven, new Set([0, 1, 2])).progress, false);
    t.equal('three lying end safety', m.whatIf(seven, new Set([0, 1, 2])).safe, false);
    t.equal('a share is rounded down', f.percent(9999), '99\u202f%');
    t.equal(
        'marks that turn the direction are shown',
        f.clean('a\u202eb\u0000'),
        'a\u2039202e\u203ab\u20390000\u203a',
    );
    t.equal('a long text is cut', f.clean('x'.repeat(10240)).length, 160);
}

const said = (s) => `${s.head} ${s.text}`;

async function headlines(m, a, model_) {
    t.equal(
        'the headline, with what still works',
        said(a.headline(model_, { lost: false })),
        '2 of 7 nodes need attention: peer-1 ran an unknown build and is recovering (FULL in 60 epochs, about 12:01 UTC); peer-2 cast a false vote and is recovering (FULL in 16 epochs, about 12:00 UTC). 7 of 7 attested, 5 are FULL. Any two more members may fail.',
    );
    t.equal(
        'of a network in which all is well',
        said(a.headline(m.makeModel(network({ story: false }), 'file'), {})),
        'All 7 nodes are attested and fully trusted. Any two more members may fail.',
    );
    const fewer = network({ story: false });
    fewer.nodes.nodes[1].stage = 'left';
    Object.assign(fewer.nodes.nodes[2], {
        stage: 'resting',
        condition: 'DRAINED',
        standing: 'SUSPENDED',
        last_success_epoch: 3,
    });
    t.equal(
        'a member that left is not counted, a drained one is no failure',
        said(a.headline(m.makeModel(fewer, 'file'), {})),
        'All 5 nodes are attested and fully trusted. Any two more members may fail. peer-3 is drained by the operators.',
    );
    t.equal('but has its name', m.nameOf(m.makeModel(fewer, 'file').bySlot.get(1)), 'peer-2');
    const still = network();
    Object.assign(still.status, { stale: true, head_age_ms: 34000 });
    still.status.closing = {
        ...still.status.closing,
        progress: false,
        present_weight: 30000,
        missing: [
            { slot: 2, name: 'peer-3', weight: 10, present: false, evidence: false, ballot: false },
            { slot: 5, name: 'peer-6', weight: 20, present: true, evidence: true, ballot: false },
        ],
    };
    const stopped = a.headline(m.makeModel(still, 'file'), {});
    t.equal('of a stopped one', stopped.head, 'The network is stopped since 12:00 UTC, for 34 s: peer-3 and peer-6 are missing.');
    t.equal(
        'with what each lacks, the heaviest first',
        stopped.rows.map((r) => `${r.node.name}: ${r.what} ${r.command}`).join('; '),
        'peer-6: Sent no ballot for this epoch journalctl -u assayd -n 100; peer-3: Not reachable systemctl start assayd',
    );
    const later = network();
    later.timeline.events = [];
    for (const n of later.nodes.nodes.slice(0, 2)) n.last_reason = 'absent: no evidence for this epoch was available';
    t.check(
        'a later absence is not the cause of a failure',
        a.headline(m.makeModel(later, 'file'), {}).head.includes('peer-1 sent evidence that fails and is recovering') &&
            a.headline(m.makeModel(later, 'file'), {}).head.includes('peer-2 cast a false vote'),
        a.headline(m.makeModel(later, 'file'), {}).head,
    );
    await grouping(m, a);
}

// Members that fail for one cause are one row only if all of their vendor root do, and others do not.
async function grouping(m, a) {
    const phrases = (slots) => {
        const docs = network({ nodes: 9, story: false });
        for (const slot of slots)
            Object.assign(docs.nodes.nodes[slot], { condition: 'OFFLINE', present: false, last_success_epoch: 30 });
        return a.headline(m.makeModel(docs, 'file'), {}).rows.map((r) => r.phrase);
    };
    t.equal('all of a vendor root', phrases([1, 5]).join(), 'both members of vendor root Vendor 2 are offline since 12:00 UTC');
    t.equal('not all of it', phrases([0, 4]).length, 2);
    t.equal('all of it and another', phrases([1, 5, 7]).length, 2);
    t.equal('all members of the network: a row a vendor root', phrases([0, 1, 2, 3, 4, 5, 6, 7, 8]).length, 4);
}

// The pictures of README.md and docs/page.md.
async function pictures() {
    const out = process.env.ASSAY_SCREENSHOTS;
    if (!out) return;
    fs.mkdirSync(out, { recursive: true });
    const address = t.report(network());
    for (const [view, name, dark, height] of [
        ['overview', 'overview', false, 980],
        ['matrix', 'matrix', true, 800],
        ['node/peer-1', 'node', false, 980],
    ]) {
        const shot = await t.open(address + '#/' + view, { dark, height });
        await t.settle(shot);
        await shot.screenshot({ path: path.join(out, `page-${name}.png`) });
        await t.close(shot);
    }
}

t.run({
    waiting: { processes, live },
    busy: {
        made,
        model,
        views,
        contents,
        tables,
        situations,
        past,
        comparison,
        chain,
        alerts,
        seen,
        conditions,
        keyboard,
        hostile,
        guarded,
        simulation,
        simulations,
        pictures,
    },
    alone: { many },
    asked: { figures },
});
