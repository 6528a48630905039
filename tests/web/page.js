'use strict';
// tests/web/page.js - the page in a browser: every view, every width, hostile texts, a live node, many nodes;
// network.js has the network of processes.

const fs = require('fs');
const path = require('path');
const zlib = require('zlib');
const { conditions } = require('./conditions.js');
const { network } = require('./fixture.js');
const { processes } = require('./network.js');
const { Node } = require('./node.js');
const { simulation, simulations } = require('./simulation.js');
const t = require('./harness.js');

const { VIEWS, sources } = t;
const policyOf = (html) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)[1];
const read = (file) => fs.readFileSync(path.join(__dirname, '..', '..', file), 'utf8');

// ------------------------------------------------------------ what it is made of

async function made() {
    const packed = zlib.gzipSync(Buffer.from(t.source), { level: 9 }).length,
        script = zlib.gzipSync(fs.readFileSync(path.join(t.built, 'script.js')), { level: 9 }).length;
    console.log(
        `  the page: ${t.source.length} bytes, ${packed} compressed; its script ${script} compressed`,
    );
    t.check('script of 80 KB compressed at most', script <= 80 * 1024, script);
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
    const s = m.sentence(model_, { lost: false });
    t.equal(
        'the sentence',
        `${s.head} ${s.text}`,
        '7 of 7 attested, 5 full. peer-1 suspended since epoch 6 (12:00 UTC): mrenclave: a measurement that the policy does not allow, recovers: FULL in 60 epochs, about 12:01 UTC; peer-2 in warning since epoch 38 (12:00 UTC): voted FAIL, or a worse level, on evidence that passes (E5), recovers: FULL in 16 epochs, about 12:00 UTC; any two more members may fail.',
    );
    t.equal(
        'of a network in which all is well',
        m.sentence(m.makeModel(network({ story: false }), 'file'), {}).head,
        'All 7 nodes are attested and fully trusted.',
    );
    const fewer = network({ story: false });
    fewer.nodes.nodes[1].stage = 'left';
    Object.assign(fewer.nodes.nodes[2], {
        stage: 'resting',
        condition: 'DRAINED',
        standing: 'SUSPENDED',
        last_success_epoch: 3,
    });
    const rests = m.sentence(m.makeModel(fewer, 'file'), {});
    t.equal(
        'who left is not counted, who rests is no failure',
        `${rests.head} ${rests.text}`,
        'All 5 nodes are attested and fully trusted. peer-3 is drained by the operators; any two more members may fail.',
    );
    t.equal('but keeps its name', m.nameOf(m.makeModel(fewer, 'file').bySlot.get(1)), 'peer-2');
    const still = network();
    Object.assign(still.status, { stale: true, head_age_ms: 34000 });
    still.status.closing = {
        ...still.status.closing,
        progress: false,
        missing: [{ name: 'peer-3' }, { name: 'peer-6' }],
    };
    const stands = m.sentence(m.makeModel(still, 'file'), {});
    t.equal(
        'of a stalled one',
        `${stands.head} ${stands.text}`,
        'The network is stalled for 34 s. peer-3 and peer-6 are missing. No score counts until an epoch closes.',
    );
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

// ------------------------------------------------------------ every view, every width

// What a person would have to know of to see it: values beside the edge of their table, the view's own place in the
// list. On a phone tables of many numbers may be moved; those of long values are lists there.
const hiddenOf = (page) =>
    page.evaluate(() => {
        const wide = [...document.querySelectorAll(innerWidth < 1000 ? '.stacks' : '.scroll')].filter(
            (e) => e.scrollWidth > e.clientWidth + 1,
        );
        const list = document.querySelector('.side ul').getBoundingClientRect(),
            here = document.querySelector('.side [aria-current]').getBoundingClientRect();
        const away = here.left < list.left - 1 || here.right > list.right + 1;
        return [...wide.map((e) => e.getAttribute('aria-label')), ...(away ? ['the current view'] : [])];
    });

async function views() {
    const address = t.report(network());
    for (const [width, dark] of [
        [360, true],
        [1280, false],
        [1280, true],
        [2560, false],
    ]) {
        const page = await t.open(address, { width, dark });
        for (const view of VIEWS) {
            await t.go(page, '#/' + view);
            const name = `${view} at ${width}${dark ? ', dark' : ''}`;
            t.check(
                `${name}: no wider than the window`,
                (await t.overflow(page)) <= 0,
                await t.overflow(page),
            );
            const cut = await hiddenOf(page);
            t.check(`${name}: nothing of its view is cut off`, cut.length === 0, cut);
            t.equal(`${name}: one first heading`, await page.locator('h1').count(), 1);
            if (width !== 2560 && (width === 360) === dark) {
                const found = await t.violations(page);
                t.check(`${name}: axe finds nothing`, found.length === 0, found);
            }
        }
        t.check(`${width}: the console is quiet`, page.said.length === 0, page.said);
        await t.close(page);
    }
    for (const [name, options] of Object.entries({
        'forced colours': { contrast: true },
        'reduced motion': { motion: 'reduce' },
    })) {
        const page = await t.open(address, options);
        for (const view of VIEWS) await t.go(page, '#/' + view);
        await t.go(page, '#/overview');
        const inks = await page.evaluate(() =>
            [...document.querySelectorAll('.legend i')].map((i) => getComputedStyle(i).backgroundColor),
        );
        t.check(`${name}: the legend tells lines apart`, inks.length === 3 && new Set(inks).size === 3, inks);
        t.equal(`${name}: nothing moves`, await page.evaluate(() => document.getAnimations().length), 0);
        t.check(`${name}: the console is quiet`, page.said.length === 0, page.said);
        await t.close(page);
    }
}

// What each view is there for, in a report of the story.
async function contents() {
    const page = await t.open(t.report(network()));
    const text = (selector = 'main') => page.locator(selector).innerText();
    t.check(
        'overview: the sentence leads',
        (await text('.hero')).includes('7 of 7 attested, 5 full.'),
        await text('.hero'),
    );
    t.equal(
        'overview: standings',
        (await text('.tally')).replace(/\s+/g, ' ').trim(),
        '5 Full 1 Warning 0 Restricted 1 Suspended',
    );
    await t.go(page, '#/node/peer-1');
    t.check(
        'node: what moved the score',
        (await text('.c-why')).includes('mrenclave: a measurement that the policy does not allow'),
    );
    t.check('node: which of the two decides', (await text('.c-why')).includes('decides the score'));
    t.check('node: evidence beside the policy', (await text('.c-evidence')).includes('matches'));
    await t.go(page, '#/matrix');
    t.check(
        'matrix: the proven lie is said',
        (await text()).includes('1 proven lie') && (await text('.lies')).includes('peer-2 said of peer-5'),
    );
    await page.locator('.board').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'])
        await page.keyboard.press(key);
    await t.settle(page);
    t.check(
        'matrix: arrows read a cell out',
        /peer-2 of peer-5: .*fails hard.*Proven false/.test((await text('.readout')).replace(/\s+/g, ' ')),
        await text('.readout'),
    );
    const box = await page.locator('.board canvas').boundingBox();
    const ink = await page.evaluate(() => {
        const c = document.querySelector('.board canvas'),
            d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        let n = 0;
        for (let i = 3; i < d.length; i += 4) if (d[i]) n++;
        return n;
    });
    t.check('matrix: something is drawn', box.width > 200 && ink > 5000, ink);
    await t.go(page, '#/epochs?e=13&n=peer-3');
    t.check(
        'epochs: the fall, step by step',
        /2\D*\u202f?500|2\u202f500/.test(await text()) && (await text()).includes('the same result'),
        await text(),
    );
    await page.locator('.epochcard .board').focus();
    await page.keyboard.press('ArrowRight');
    t.check('epochs: the choice is in the address', page.url().includes('e=14'), page.url());
    await t.go(page, '#/tolerance?x=0.1.2');
    t.check(
        'tolerance: what if three fail',
        (await text('.whatif')).includes('weight'),
        await text('.whatif'),
    );
    await t.go(page, '#/tolerance?x=3.4.5');
    t.check(
        'tolerance: three heavy ones stop it',
        (await text('.whatif')).includes('The network stops') &&
            (await text('.whatif')).includes('safety would end'),
        await text('.whatif'),
    );
    await t.go(page, '#/collateral');
    t.check('collateral: the first to end', (await text()).includes('in 3 days'));
    t.check('collateral: the forecast', (await text()).includes('component 4 has SVN 6'));
    await t.go(page, '#/services');
    t.check(
        'services: a group that waits for its next view',
        /changing[\s\S]*view 4, waits for view 5; 1 seat lost/.test(await text()),
        await text(),
    );
    t.check('services: a slot that nobody has', (await text()).includes('nobody'));
    t.check(
        'services: alarms of a cluster',
        /alarm\s+too few seats count[\s\S]*alarm\s+too few dealers for new shares/.test(await text()),
    );
    t.check(
        'services: alarms of a group',
        /alarm\s+no candidate for a seat[\s\S]*alarm\s+candidates only of operators at their limit/.test(await text()),
    );
    t.check('services: a seat that drains', (await text()).includes('drains'));
    t.check('services: money to its last digit', (await text()).includes('18446744073709551615'));
    t.check(
        'services: records that came, and no others',
        (await text()).includes('transfer') && !/\breplica\b\s+0/.test(await text()),
    );
    t.check('services: programs', (await text()).includes('3 programs at the socket, 2 of them follow.'));
    await t.go(page, '#/policy');
    await page
        .getByRole('checkbox', { name: /mrenclave/ })
        .first()
        .check();
    await t.settle(page);
    t.check(
        'policy: denying the build in use would fell everybody',
        (await text('.verdictline')).includes('7 nodes would be suspended') && page.url().includes('deny=0'),
        await text('.verdictline'),
    );
    await t.go(page, '#/audit?kind=proofs');
    t.equal('audit: proofs alone', await page.locator('tbody tr').count(), 2);
    await t.go(page, '#/topology?by=operator');
    t.equal('topology: a hull for each operator', await page.locator('.clusters > li').count(), 5);
    t.check('by its name', (await text('.clusters')).includes('operator-3'));
    t.check('services are in the list', (await text('.side')).includes('Services'));
    t.check('the console is quiet', page.said.length === 0, page.said);
    await t.close(page);
    const bare = await t.open(t.report(network({ services: false })));
    t.check(
        'a network without services shows none',
        !(await bare.locator('.side').innerText()).includes('Services'),
    );
    await t.go(bare, '#/services');
    t.check(
        'whoever goes there reads why',
        (await bare.locator('main').innerText()).includes('This network has no services.'),
    );
    await t.close(bare);
}

async function keyboard() {
    const page = await t.open(t.report(network()));
    await page.keyboard.press('g');
    await page.keyboard.press('f');
    await t.eventually('g f goes to the fleet', async () => page.url().endsWith('#/fleet'));
    await page.keyboard.press('/');
    await t.eventually('/ looks for a node', () =>
        page.evaluate(() => document.activeElement.id === 'search'),
    );
    await page.keyboard.type('peer-2');
    await t.eventually('what is typed is in the address', async () => page.url().includes('q=peer-2'));
    t.equal('and filters', await page.locator('tbody tr').count(), 1);
    await page.reload();
    await page.waitForSelector('tbody tr');
    t.equal('the address alone brings it back', await page.locator('tbody tr').count(), 1);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await t.eventually('Enter opens the row', async () => page.url().includes('#/node/peer-2'));
    await page.goBack();
    await t.eventually('back is back', async () => page.url().includes('q=peer-2'));
    await page.keyboard.press('?');
    await t.eventually('? tells the keys', () => page.locator('dialog[open]').isVisible());
    await page.keyboard.press('Escape');
    await t.eventually('Escape closes them', async () => (await page.locator('dialog').count()) === 0);
    await page.keyboard.press('t');
    t.equal(
        't changes the colours',
        await page.evaluate(() => document.documentElement.dataset.theme),
        'light',
    );
    await t.go(page, '#/fleet?sort=score&dir=up');
    t.check('sorted by score', (await page.locator('tbody tr').first().innerText()).includes('peer-1'));
    t.equal('and says so', await page.locator('th.score').getAttribute('aria-sort'), 'ascending');
    await page.reload();
    await page.waitForSelector('tbody tr');
    await page.keyboard.press('Tab');
    t.equal(
        'the first stop leads past the frame',
        await page.evaluate(() => document.activeElement.className),
        'skip',
    );
    await t.close(page);
}

// ------------------------------------------------------------ what strangers write

async function hostile() {
    const names = [
        '<script>window.pwned=1</script>',
        '<img src=x onerror="window.pwned=2">',
        '\u202eevil\u202c.exe',
        'x'.repeat(10240),
        '"><svg onload=pwned=3>',
        '\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627',
        '{{constructor.constructor("pwned=4")()}}',
        '',
        '__proto__',
        'a\u0000b\u001b[31m',
        '%00%2e%2e/',
        '\ud800',
    ];
    const docs = network({ nodes: names.length, names: (i) => names[i] });
    for (const n of docs.nodes.nodes)
        n.last_reason = '</script><script>window.pwned=5</script>' + 'y'.repeat(10240);
    for (const e of docs.timeline.events) e.text = '<b onmouseover=pwned=6>' + e.text;
    docs.policy.references.push({ field: '<i>', state: 'x" onx="', value: '</style>' });
    docs.evidence.nodes[0].claims.push({
        name: 'constructor',
        observed: '<script>',
        expected: '</script>',
        matches: false,
    });
    const page = await t.open(t.report(docs));
    for (const width of [360, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        for (const view of [
            ...VIEWS,
            ...names.map((n) => 'node/' + (n === '\ud800' ? '11' : encodeURIComponent(n))),
            'node/%E0%A4%A',
            'nonsense',
            'fleet?sort=__proto__&dir=x',
            'epochs?e=constructor&n=toString',
            'matrix?order=x',
            'tolerance?x=1.a.-9.1e99',
        ]) {
            await t.go(page, '#/' + view);
            const wide = await t.overflow(page);
            t.check(`hostile ${view.slice(0, 40)} at ${width}: no wider than the window`, wide <= 0, wide);
            t.check(
                `hostile ${view.slice(0, 40)} at ${width}: something is there`,
                (await page.locator('h1').count()) === 1,
            );
        }
    }
    t.equal('nothing of it ran', await page.evaluate(() => window.pwned), undefined);
    t.equal(
        'nothing of it became markup',
        await page
            .locator('#app img, #app script, #app [onerror], #app [onload], #app [onmouseover], #app style')
            .count(),
        0,
    );
    t.check('the console is quiet', page.said.length === 0, page.said);
    await t.go(page, '#/fleet');
    t.check(
        'names are shown as they are',
        (await page.locator('tbody').innerText()).includes('<script>window.pwned=1</script>'),
    );
    t.check(
        'and the direction is not turned',
        (await page.locator('tbody').innerText()).includes('\u2039202e\u203aevil'),
    );
    await t.close(page);
    for (const docs_ of [
        {},
        { status: null, nodes: null },
        { status: {}, nodes: { nodes: 'x' }, history: { epochs: {} }, timeline: [], matrix: { members: [] } },
    ]) {
        const bare = await t.open(t.report(docs_));
        for (const view of VIEWS) await t.go(bare, '#/' + view);
        t.check(
            `documents ${JSON.stringify(docs_).slice(0, 40)}: nothing breaks`,
            bare.said.length === 0 && (await bare.locator('h1').count()) === 1,
            bare.said,
        );
        await t.close(bare);
    }
}

// The policy holds, and these checks would see it if it did not.
async function guarded() {
    const page = await t.open(t.report(network()));
    const threw = (body) =>
        page.evaluate(body).then(
            () => '',
            (e) => e.message,
        );
    t.check(
        'markup from a string is refused',
        (
            await threw(() => {
                document.body.innerHTML = '<b>x</b>';
            })
        ).includes('TrustedHTML'),
    );
    t.check(
        'code from a string is refused',
        (
            await threw(() => {
                setTimeout('window.ran = 1');
            })
        ).includes('TrustedScript'),
    );
    await t.close(page);
    const planted = await t.open(
        t.report(network(), t.source.replace('</body>', '<script>window.ran = 1</script></body>')),
    );
    t.equal('a script of somebody else does not run', await planted.evaluate(() => window.ran), undefined);
    t.check(
        'and the console says so',
        planted.said.some((s) => s.includes('Content Security Policy')),
        planted.said,
    );
    await t.close(planted);
    const without = await t.open(
        t.report(
            network(),
            t.source
                .replace(/<meta http-equiv[^>]*>/, '')
                .replace('</body>', '<script>window.ran = 1</script></body>'),
        ),
    );
    t.equal('without the policy it would', await without.evaluate(() => window.ran), 1);
    await without.evaluate(() => {
        document
            .querySelector('main')
            .insertAdjacentHTML(
                'beforeend',
                '<img src="data:,"><p style="width:3000px">wide</p><p style="color:#ddd;background:#fff">pale</p>',
            );
    });
    t.check('a page that is too wide is seen', (await t.overflow(without)) > 0);
    const found = (await t.violations(without)).join();
    t.check(
        'axe sees a picture without words and pale ink',
        found.includes('image-alt') && found.includes('color-contrast'),
        found,
    );
    await without.evaluate(() =>
        setTimeout(() => {
            throw new Error('planted');
        }),
    );
    await t.eventually('an error is heard', async () => without.said.some((s) => s.includes('planted')));
    await t.close(without);
}

// ------------------------------------------------------------ a node that lives

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
        (await text('.hero')).includes('peer-3 suspended since epoch'),
    );
    const last = whole.timeline.events.filter((x) => x.epoch === 16).pop();
    // The ballots of an epoch are asked for once it has closed, and once.
    await t.go(page, '#/matrix?e=17');
    t.check('an epoch that runs is not asked for', !node.asked.some((p) => p.includes('epoch=17')));
    t.check(
        'and said to be unknown',
        (await text('main')).includes('The ballots of epoch 17 are not at hand.'),
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
            (await page.locator('.banner').isVisible()) &&
            (await text('.hero')).includes('No contact'),
        12000,
    );
    t.check(
        'what is old looks old',
        (await page.evaluate(() => getComputedStyle(document.querySelector('main .view')).filter)) !== 'none',
    );
    node.set(upTo(20));
    await node.start(port);
    await t.eventually(
        'it comes back by itself',
        async () => (await text('.top')).includes('epoch 21') && !(await page.locator('.banner').isVisible()),
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
            (await text('.link')).includes('Standing still') &&
            (await text('.banner')).includes('Nothing becomes final'),
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
        (await page.locator('.hero').innerText()).includes('of 500 attested'),
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
    busy: { made, model, views, contents, conditions, keyboard, hostile, guarded, simulation, simulations, pictures },
    alone: { many },
    asked: { figures },
});
