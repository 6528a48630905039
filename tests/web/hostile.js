'use strict';
// tests/web/hostile.js - texts of others, documents that lack everything, and the policy of the page.

const { network } = require('./fixture.js');
const t = require('./harness.js');

const { VIEWS } = t;

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
            'overview?at=30',
            'fleet?at=30',
            'node/0?at=30',
            'compare?a=1&b=40',
            'compare?a=<b>&b=constructor',
            'seen?e=40&by=' + encodeURIComponent(names[0]),
            'alerts?base=javascript:pwned=7',
            'alerts?at=12',
            'topology?by=links',
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

module.exports = { hostile, guarded };
