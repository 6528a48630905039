'use strict';
// tests/web/views.js - every view at every width, its contents, and the keys.

const { network } = require('./fixture.js');
const t = require('./harness.js');

const { VIEWS } = t;

// Values beside the edge of their table. On a phone tables of many numbers may be moved; those of long values are
// lists there.
const hiddenOf = (page) =>
    page.evaluate(() =>
        [...document.querySelectorAll(innerWidth < 1000 ? '.stacks' : '.scroll')]
            .filter((e) => e.scrollWidth > e.clientWidth + 1)
            .map((e) => e.getAttribute('aria-label')),
    );

async function views() {
    const address = t.report(network());
    for (const width of t.WIDTHS) {
        const page = await t.open(address, { width });
        for (const view of VIEWS) {
            await t.go(page, '#/' + view);
            await t.inBothThemes(page, `${view} at ${width}`, async (name) => {
                const hidden = await hiddenOf(page);
                t.check(`${name}: nothing of its view is cut off`, hidden.length === 0, hidden);
                t.equal(`${name}: one first heading`, await page.locator('h1').count(), 1);
            });
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
        'overview: the headline leads',
        (await text('.hero')).startsWith('2 of 7 nodes need attention: peer-1 ran an unknown build'),
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
        (await text('.c-why')).toLowerCase().includes('measurement-unknown: expected'),
    );
    t.check('node: which of the two decides', (await text('.c-why')).includes('decides the score'));
    t.check('node: evidence next to the policy', (await text('.c-evidence')).includes('matches'));
    await t.go(page, '#/matrix');
    t.check(
        'matrix: the vote that was proven false',
        (await text()).includes('1 vote proven false') && (await text('.lies')).includes('peer-2 voted on peer-5'),
    );
    await page.locator('.board').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'])
        await page.keyboard.press(key);
    await t.settle(page);
    t.check(
        'matrix: arrows read a cell out',
        /peer-2 of peer-5: .*fails.*Proven false/.test((await text('.readout')).replace(/\s+/g, ' ')),
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
    t.check('collateral: how a forecast is made', (await text()).includes('assay collateral forecast'));
    await t.go(page, '#/services');
    t.check(
        'services: a group that waits for its next view',
        /changing[\s\S]*view 4, waits for view 5; 1 seat lost/.test(await text()),
        await text(),
    );
    t.check('services: a slot without a member', (await text()).includes('no member'));
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
    t.check(
        'services: the group key, its shares and its ceremony',
        /Certificate authority[\s\S]*few\s+signs; a few more lost shares end that[\s\S]*A reshare of the key is under way: deals\.[\s\S]*not live[\s\S]*lost[\s\S]*3 of 4/.test(await text()),
        await text(),
    );
    t.check('services: programs', (await text()).includes('3 programs at the socket, 2 of them follow.'));
    await t.go(page, '#/policy');
    await page
        .getByRole('checkbox', { name: /mrenclave/ })
        .first()
        .check();
    await t.settle(page);
    t.check(
        'policy: denying the build in use would suspend all members',
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
        'its address says why',
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

module.exports = { views, contents, keyboard };
