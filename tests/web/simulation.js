'use strict';
// tests/web/simulation.js - the page as a report of assay-sim: every view of runs, sweeps and swarms, of documents
// made by hand and of those that the program writes.

const { execFileSync } = require('child_process');
const fs = require('fs');
const path = require('path');
const made = require('./simulated.js');
const t = require('./harness.js');

const KINDS = {
    runs: ['overview', 'standings', 'weight', 'traffic', 'checks', 'figures', 'scenario'],
    sweep: ['overview', 'plots', 'comparison', 'figures'],
    swarm: ['overview'],
};
const report = (data, html) => t.report(data, html, made.document);

// One page for all of it: a new one for each report would take most of the time.
let shared = null;
async function open(address, { width = 1280, dark = false } = {}) {
    if (!shared) shared = await t.open(address);
    shared.said.length = 0;
    await shared.setViewportSize({ width, height: 900 });
    await shared.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
    await shared.goto(address);
    await shared.waitForSelector('main .view > *');
    return shared;
}

// ------------------------------------------------------------ pure parts

async function model() {
    const s = await import(path.join(t.sources(), 'simulation.js'));
    const sentence = (data) => {
        const { head, text } = s.runSentence(s.makeSimulation(data));
        return `${head} ${text}`;
    };
    t.equal(
        'the sentence of a run',
        sentence(made.runs()),
        'Everything held. Cohort ring was suspended after 3 epochs; no honest member was ever suspended.',
    );
    t.equal(
        'of one that failed',
        sentence(made.runs({ fails: true })).split(' Cohort')[0],
        '1 checker found something, 1 assertion fails.',
    );
    t.equal(
        'of several',
        sentence(made.runs({ runs: 3, fails: true })).split(' Cohort')[0],
        'Everything held in 2 of 3 runs.',
    );
    t.equal('of none', sentence({}), 'Nothing was simulated. No epoch closed.');
    const sweep = s.makeSimulation(made.sweep()),
        [far] = s.distances(sweep, sweep.plots[0]);
    t.equal('how far a law is from what was measured', `${far.points} ${far.most} ${far.at}`, '5 20 0');
    const several = s.makeSimulation(made.runs({ runs: 3 }));
    t.equal('values have their scale', several.figure('messages').middle, 123456);
    t.equal('an epoch that did not close is a gap', several.epochs.cohorts[1].score_mean_bp.middle[20], null);
    for (const [value, text] of [
        [12, '12'],
        [0.25, '0.25'],
        [15000, '15\u202fk'],
        [3e6, '3\u202fM'],
        [NaN, '\u2013'],
    ])
        t.equal(`a number is short: ${value}`, s.siText(value), text);
    t.equal('basis points are exact', s.shown('score_mean_bp', 9989), '99.89\u202f%');
    t.equal('a figure that never happened is a dash', s.shown('detection_epochs', null), '\u2013');
}

// ------------------------------------------------------------ every view

// What a canvas has of ink: a drawing that is empty is seen to be. side: in a square of so many pixels, which is
// read fast; 0: all of them.
const inked = (page, side = 0) =>
    page.evaluate(
        (to) =>
            [...document.querySelectorAll('main canvas')].map((c) => {
                if (!c.width || !c.height) return 0;
                const [width, height] = to ? [to, to] : [c.width, c.height],
                    copy = Object.assign(document.createElement('canvas'), { width, height }),
                    t = copy.getContext('2d', { willReadFrequently: true });
                t.drawImage(c, 0, 0, width, height);
                const d = t.getImageData(0, 0, width, height).data;
                let n = 0;
                for (let i = 3; i < d.length; i += 4) if (d[i]) n++;
                return n;
            }),
        side,
    );

// widths: [pixels, dark, axe]
async function looks(name, address, views, widths) {
    for (const [width, dark, axe] of widths) {
        const page = await open(address, { width, dark });
        for (const view of views) {
            await t.go(page, '#/' + view);
            const what = `${name}, ${view} at ${width}${dark ? ', dark' : ''}`;
            t.check(
                `${what}: no wider than the window`,
                (await t.overflow(page)) <= 0,
                await t.overflow(page),
            );
            t.equal(`${what}: one first heading`, await page.locator('h1').count(), 1);
            const ink = await inked(page, 64);
            t.check(
                `${what}: nothing is drawn empty`,
                ink.every((n) => n > 16),
                ink,
            );
            if (axe) {
                const found = await t.violations(page);
                t.check(`${what}: axe finds nothing`, found.length === 0, found);
            }
        }
        t.check(`${name} at ${width}: the console is quiet`, page.said.length === 0, page.said);
    }
}

async function contents() {
    const page = await open(report(made.runs({ fails: true })));
    const text = (selector = 'main') => page.locator(selector).first().innerText();
    t.check('what failed comes first', (await text('.hero')).includes('1 checker found something'));
    t.check('and what was found', (await text('.attention')).includes('epoch 5: node 3 fell'));
    t.check('what was planned', (await text('.plan')).includes('ring: badmouth'));
    await t.go(page, '#/checks');
    t.equal(
        'every assertion has a row',
        await page.locator('section').first().locator('tbody tr').count(),
        2,
    );
    t.check('a checker that never looked did not hold', (await text()).includes('not applied'));
    await t.go(page, '#/scenario');
    t.check('the seed has all its digits', (await text()).includes('18446744073709551615'));
    t.check('the file is there', (await text('pre.file')).includes('nodes: 10'));
    await t.go(page, '#/weight');
    t.check('a law is named', (await text()).includes('L2: b / (1 - b), 1 above 1/3; b = 30 %'));
    await t.go(page, '#/standings');
    const rows = page.locator('.standingsboard + ul + details tbody tr');
    t.equal('standings have their numbers', await rows.count(), 40);
    t.check('the mark of a law stands at the bars', (await text('.bars')).includes('L8'));
    t.equal('who is in no cohort is not drawn', (await text('.bars')).includes('nobody'), false);
    // Lines are hidden by their key, and the address tells.
    const first = page.locator('.legend button').first();
    const before = (await inked(page))[1];
    await first.click();
    await t.settle(page);
    t.equal('a key hides its line', await first.getAttribute('aria-pressed'), 'false');
    t.check('the address tells', page.url().includes('off=scores.0'), page.url());
    t.check('and it is gone', (await inked(page))[1] !== before);
    await page.reload();
    await page.waitForSelector('.legend button');
    t.equal('also when it is opened again', await first.getAttribute('aria-pressed'), 'false');
    await first.click();
    t.check('and comes back', !page.url().includes('off='), page.url());
    // Read out under the pointer.
    const over = page.locator('.u-over').first();
    await over.hover({ position: { x: 30, y: 40 } });
    await t.settle(page);
    t.check(
        'the pointer reads a value out',
        !(await text('.legend .at')).includes('epoch 40'),
        await text('.legend .at'),
    );
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await t.eventually('g c goes to the checks', async () => page.url().includes('#/checks'));
    await page.keyboard.press('/');
    t.check('there are no nodes to look for', page.url().includes('#/checks'));
    t.check('the console is quiet', page.said.length === 0, page.said);
}

// Points that stand for several epochs say so, and the board names a round epoch among them.
async function longRuns() {
    const page = await open(report(made.runs({ step: 13 })));
    t.check(
        'a point names its epochs',
        (await page.locator('.legend .at').first().innerText()) === 'epoch 508 to 520',
        await page.locator('.legend .at').first().innerText(),
    );
    // The names stand in the uppermost 16 pixels, right of the cohorts.
    const named = await page.evaluate(() => {
        const c = document.querySelector('.standingsboard canvas'),
            ratio = window.devicePixelRatio,
            left = 128 * ratio,
            d = c
                .getContext('2d', { willReadFrequently: true })
                .getImageData(left, 0, c.width - left, 16 * ratio).data;
        return d.some((v, i) => i % 4 === 3 && v > 0);
    });
    t.check('the board names epochs', named);
}

// Each part of a drawing has ink of its own: without it there is less.
async function drawings() {
    const ink = async (data, change = () => {}) => {
        const docs = structuredClone(data);
        change(docs.runs || docs.sweep);
        const page = await open(report(docs));
        const [first] = await inked(page);
        return first;
    };
    const several = made.runs({ runs: 3 }),
        all = await ink(several);
    for (const [what, change] of [
        ['the ground of epochs that were held', (r) => r.epochs.held.fill(0)],
        ['a closed form', (r) => (r.laws = [])],
        [
            'a band',
            (r) => {
                for (const c of r.epochs.cohorts) delete c.score_mean_bp?.low;
            },
        ],
    ]) {
        const without = await ink(several, change);
        t.check(`${what} is drawn`, without < all, { all, without });
    }
    const sweep = made.sweep(),
        whole = await ink(sweep);
    for (const [what, change] of [
        ['the curve of a law', (d) => (d.plots[0].curves = [])],
        ['the band over seeds', (d) => (d.repeats = 1)],
        ['a line of measured points', (d) => d.lines.pop()],
    ]) {
        const without = await ink(sweep, change);
        t.check(`${what} is drawn`, without < whole, { whole, without });
    }
}

async function sweeps() {
    const page = await open(report(made.sweep({ more: 3 })));
    const text = (selector = 'main') => page.locator(selector).first().innerText();
    t.check('the law is in the legend', (await text('.legend')).includes('L1: 1 - b'), await text('.legend'));
    t.check('and in a table, with the distance', (await text()).includes('0.2\u202f%'), await text());
    t.check('lines that are left out are counted', (await text()).includes('the first 2 of 5 lines'));
    await page.locator('.twin summary').first().click();
    t.equal(
        'the table has measured points alone',
        await page.locator('.twin tbody').first().locator('tr').count(),
        5,
    );
    await t.go(page, '#/comparison');
    t.check(
        'measured and law side by side',
        /99.8\u202f%[\s\S]*law 100\u202f%/.test(await text()),
        await text(),
    );
    await page.getByRole('combobox').selectOption('1');
    await t.settle(page);
    t.check('another figure is in the address', page.url().includes('p=1'));
    t.check('a figure that never happened is a dash', (await text('tbody')).includes('\u2013'));
    await t.go(page, '#/figures');
    t.equal('every figure is listed', await page.locator('tbody tr').count(), 3);
    const words = await open(report(made.sweep({ words: true })));
    t.equal('words have bars', await words.locator('.btrack').count(), 6);
    t.check('with their values', (await words.locator('.bars').innerText()).includes('99.8\u202f%'));
    const swarm = await open(report(made.swarm({ failed: 2 })));
    t.check(
        'a swarm says what broke',
        (await swarm.locator('.hero').innerText()).includes('2 seeds of 200 broke a promise'),
    );
    t.check(
        'and how to see it again',
        (await swarm.locator('main').innerText()).includes('--seeds 1 --from 18'),
    );
}

async function hostile() {
    const name = '<img src=x onerror="window.pwned=1">\u202e' + 'x'.repeat(300);
    const data = made.runs({
        cohorts: [
            [name, 5],
            [name, 2],
            ['__proto__', 1],
        ],
        runs: 2,
        fails: true,
    });
    const r = data.runs;
    for (const key of ['name', 'title', 'scenario'])
        r[key] = `</script><script>window.pwned=2</script>${name}`;
    for (const c of r.checks) c.message = name;
    for (const a of r.assertions) a.text = name;
    for (const s of r.schedule) s.what = s.who = s.kind = name;
    for (const l of r.laws) l.formula = name;
    for (const run of r.runs) run.seed = run.reproduce = run.trace_hash = name;
    for (const key of Object.keys(r.network)) if (typeof r.network[key] === 'string') r.network[key] = name;
    const swept = made.sweep({ lines: [name, '__proto__'] });
    swept.sweep.axis.name = swept.sweep.program = swept.sweep.digest = swept.sweep.plots[0].cohort = name;
    for (const [kind, docs] of [
        ['runs', data],
        ['sweep', swept],
    ]) {
        const page = await open(report(docs));
        await page.setViewportSize({ width: 360, height: 900 });
        for (const view of [
            ...KINDS[kind],
            'nonsense',
            'node/x',
            'overview?off=scores.0-x.9-constructor',
            'comparison?p=-1',
        ]) {
            await t.go(page, '#/' + view);
            const wide = await t.overflow(page);
            t.check(`hostile ${kind}, ${view}: no wider than the window`, wide <= 0, wide);
            t.equal(`hostile ${kind}, ${view}: something is there`, await page.locator('h1').count(), 1);
        }
        t.equal(`hostile ${kind}: nothing of it ran`, await page.evaluate(() => window.pwned), undefined);
        t.equal(
            `hostile ${kind}: nothing became markup`,
            await page.locator('#app img, #app script').count(),
            0,
        );
        t.check(`hostile ${kind}: the console is quiet`, page.said.length === 0, page.said);
    }
    for (const [kind, docs] of [
        ['runs', {}],
        [
            'runs',
            {
                runs: {
                    epochs: { first: 'x', last: 1e12, cohorts: 'x' },
                    cohorts: [null],
                    figures: [null],
                    runs: [null],
                },
            },
        ],
        [
            'sweep',
            {
                sweep: {
                    axis: { values: [1, null] },
                    lines: [null],
                    plots: [null, { lines: 'x', curves: [null] }],
                },
            },
        ],
        ['swarm', { swarm: { drawn: [1], failures: [null] } }],
    ]) {
        const page = await open(report(docs));
        for (const view of KINDS[kind]) {
            await t.go(page, '#/' + view);
            t.equal(
                `documents ${JSON.stringify(docs).slice(0, 40)}, ${view}: something is there`,
                await page.locator('h1').count(),
                1,
            );
        }
        t.check(
            `documents ${JSON.stringify(docs).slice(0, 40)}: nothing breaks`,
            page.said.length === 0,
            page.said,
        );
    }
}

// What `looks` looks for can be seen.
async function seen() {
    const page = await open(report(made.runs()));
    await page.evaluate(() => document.querySelector('main').append(document.createElement('canvas')));
    t.check('a drawing that is empty is seen', (await inked(page)).includes(0));
}

async function simulation() {
    await model();
    await seen();
    const run = report(made.runs());
    await looks('a run', run, KINDS.runs, [[360, true, true]]);
    await looks('a run', run, ['overview', 'standings', 'figures'], [[2560, false, false]]);
    await looks('a run', run, ['overview', 'checks'], [[1280, false, true]]);
    const others = [[1280, true, false]];
    await looks(
        '20 runs',
        report(made.runs({ runs: 20, fails: true })),
        ['overview', 'checks', 'figures'],
        others,
    );
    await looks('one epoch', report(made.runs({ epochs: 1 })), ['overview', 'standings'], others);
    await looks('no epoch', report(made.runs({ epochs: 0 })), KINDS.runs, others);
    const sweep = report(made.sweep());
    await looks('a sweep', sweep, KINDS.sweep, [[1280, false, true]]);
    await looks(
        'a sweep',
        sweep,
        ['overview', 'comparison'],
        [
            [360, true, false],
            [2560, false, false],
        ],
    );
    await looks(
        'a sweep over words',
        report(made.sweep({ words: true, repeats: 1 })),
        ['overview', 'plots'],
        [[360, false, false]],
    );
    await looks('a swarm', report(made.swarm({ failed: 3 })), KINDS.swarm, [[360, true, true]]);
    const forced = await t.open(report(made.runs()), { contrast: true, motion: 'reduce' });
    for (const view of KINDS.runs) await t.go(forced, '#/' + view);
    t.check('forced colours, reduced motion: the console is quiet', forced.said.length === 0, forced.said);
    await t.close(forced);
    await contents();
    await longRuns();
    await drawings();
    await sweeps();
    await hostile();
}

// ------------------------------------------------------------ what the program writes

const SWEEP = `sweep_version: 1
name: page
scenario: badmouthing
set: [fidelity=epoch, nodes=40, operators=40, vendors=5, epochs=20]
repeats: 2
axes:
  - { name: b_bp, key: "cohorts[ring].share_bp", from: 0, to: 6000, step: 1500 }
  - name: rule
    cases:
      - { name: mean, set: [rule=mean, weight_source=one] }
      - { name: FAIL, set: [] }
plot: { x: b_bp, series: rule, figure: score_mean_bp honest }
`;

async function simulations() {
    const bin = process.env.ASSAY_BIN;
    if (!bin) return void console.log('  ASSAY_BIN names no programs: not tried');
    const dir = fs.mkdtempSync('/tmp/assay-w');
    const sim = (...words) => execFileSync(path.join(bin, 'assay-sim'), words, { cwd: dir, stdio: 'pipe' });
    try {
        sim('run', 'badmouthing', '--quiet', '--report', 'run.html');
        const long = 'a-cohort-with-a-name-of-sixty-three-letters-and-not-one-of-le';
        const sets = [2, 3, 4, 5, 6, 7].flatMap((i) => [
            '--set',
            `cohorts[${i}].name=${long}${i}`,
            '--set',
            `cohorts[${i}].count=5`,
        ]);
        sim(
            'run',
            'badmouthing',
            '--quiet',
            '--report',
            'long.html',
            '--set',
            'assertions=none',
            '--set',
            'fidelity=epoch',
            '--set',
            'nodes=80',
            '--set',
            'operators=80',
            ...sets,
        );
        for (const seed of ['1', '2'])
            sim('run', 'crash-storm', '--seed', seed, '--quiet', '--out', 'storm-' + seed);
        sim('report', 'storm-1', 'storm-2', '--out', 'storms.html');
        fs.writeFileSync(path.join(dir, 'sweep.yaml'), SWEEP);
        sim('sweep', 'sweep.yaml', '--out', 'sweep', '--quiet');
        sim('swarm', '--seeds', '4', '--quiet', '--report', 'swarm.html');
        for (const [file, views, words] of [
            ['run.html', KINDS.runs, ['Everything held.', 'ring: badmouth']],
            ['long.html', ['overview', 'standings', 'figures'], []],
            ['storms.html', ['overview', 'checks', 'scenario'], ['Everything held in all 2 runs.']],
            ['sweep/sweep.html', KINDS.sweep, ['No checker found anything.', 'L1: 1 - b']],
            ['swarm.html', KINDS.swarm, ['All 4 seeds kept every promise.']],
        ]) {
            const address = 'file://' + path.join(dir, file);
            await looks(file, address, views, [[file === 'long.html' ? 360 : 1280, false, false]]);
            const page = await open(address);
            const text = await page.locator('main').innerText();
            for (const word of words) t.check(`${file}: ${word}`, text.includes(word), text);
        }
    } finally {
        fs.rmSync(dir, { recursive: true, force: true });
    }
}

module.exports = { simulation, simulations };
