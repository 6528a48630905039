'use strict';
// tests/web/network.js - the page of a network of processes: the demo's story on a daemon's page, and the
// report that `assay` writes of it.

const { execFileSync, spawn } = require('child_process');
const fs = require('fs');
const path = require('path');
const t = require('./harness.js');

// The story of the demo, watched on the page of a daemon; and what `assay report` writes of it.
async function processes() {
    const bin = process.env.ASSAY_BIN;
    if (!bin) return void console.log('  ASSAY_BIN names no programs: not tried');
    const folder = fs.mkdtempSync('/tmp/assay-w'); // sockets have 107 bytes
    const demo = spawn(path.join(bin, 'assay-demo'), ['--headless', '--keep', '--dir', folder], {
        stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    demo.stderr.on('data', (bytes) => (said += bytes));
    const ended = new Promise((done) => demo.on('exit', done));
    try {
        const address = () => /http:\/\/127\.0\.0\.1:\d+\//.exec(said)?.[0];
        await t.eventually('the demo prints the address of its page', async () => address());
        await t.eventually('which is served', () => fetch(address()).then((r) => r.ok));
        const page = await t.open(address());
        const text = (selector) => page.locator(selector).innerText();
        await t.eventually('it is live', async () => (await text('.link')).includes('Live'));
        await t.eventually(
            'the story appears as it happens',
            async () => (await text('.c-events')).includes('peer-2 convicted by proof'),
            45000,
        );
        t.check(
            'the headline names the member that fell',
            /peer-1 ran an unknown build and is (recovering|suspended|restricted)/.test(await text('.hero')),
        );
        const { data } = await (await fetch(address() + 'v1/timeline')).json();
        const lie = data.events.find((e) => e.event === 'offence_proven' && e.a === 5);
        await t.go(page, '#/matrix?e=' + lie.b);
        await t.eventually('the lie is outlined in the matrix of its epoch', async () =>
            (await text('.lies')).includes('peer-2 voted on peer-5: fails'),
        );
        await t.go(page, '#/policy');
        t.check('the policy in force is there', (await text('main')).includes('SWHardeningNeeded'));
        await t.go(page, '#/collateral');
        t.check('and how long the collateral lasts', /vendor-1[\s\S]*TCB info/.test(await text('main')));
        // What the page shows of collateral is what a daemon serves, and a forecast is not.
        const served = (await (await fetch(address() + 'v1/collateral')).json()).data;
        t.check('a daemon serves roots', served.roots.length > 0 && !('forecast' in served), Object.keys(served));
        t.check('and the page names the command', (await text('main')).includes('assay collateral forecast'));
        await t.go(page, '#/epochs?n=peer-2');
        t.check(
            'a tally of real ballots is computed again',
            (await text('main')).includes('the same result'),
        );
        await then(page, data);
        t.check('the console is quiet', page.said.length === 0, page.said);
        await t.close(page);
        const file = path.join(folder, 'report.html');
        execFileSync(path.join(bin, 'assay'), [
            'report',
            '--html',
            file,
            '--socket',
            path.join(folder, 'peer-7/admin.sock'),
            '--http',
            new URL(address()).host,
        ]);
        const report = await t.open('file://' + file + '#/node/peer-1');
        await t.eventually('a report has the cause', async () =>
            (await report.locator('.c-why').innerText()).includes('measurement-unknown'),
        );
        t.check(
            'and evidence beside the policy',
            (await report.locator('.c-evidence').innerText()).includes('matches'),
        );
        await t.go(report, '#/matrix?e=' + lie.b);
        t.check('and the lie', (await report.locator('.lies').innerText()).includes('peer-2 voted on peer-5'));
        for (const view of t.VIEWS) {
            await t.go(report, '#/' + view);
            t.check(`report, ${view}: no wider than the window`, (await t.overflow(report)) <= 0);
        }
        t.check('the console of the report is quiet', report.said.length === 0, report.said);
        await t.close(report);
        await rules(file);
    } finally {
        demo.kill('SIGINT');
        await ended;
        fs.rmSync(folder, { recursive: true, force: true });
    }
}

// What a daemon serves of evidence, past epochs, alerts and links.
async function then(page, { events }) {
    const text = (selector = 'main') => page.locator(selector).innerText().then((s) => s.replace(/\s+/g, ' '));
    const fell = events.find((e) => e.event === 'standing_changed' && e.name === 'peer-1' && e.b > e.a);
    await t.go(page, '#/node/peer-5');
    await t.eventually('evidence of a member is as this node verified it', async () =>
        (await text('.c-evidence')).includes('proven quote signed by its attestation key'),
    );
    const found = await text('.c-evidence');
    t.check('its measurement is allowed', /mrenclave [0-9a-f]{64} .*allowed/.test(found), found);
    t.check('its certificates have their dates', /certificate 20\d\d-.* UTC valid, /.test(found), found);
    t.check('and so has the collateral', /TCB info.* collateral 20\d\d-/.test(found), found);
    await t.go(page, '#/node/peer-7');
    await t.eventually('a node does not verify itself', async () => (await text('.c-evidence')).includes('does not verify its own'));
    await t.go(page, '#/fleet?at=' + (fell.epoch - 2));
    t.check('before its fall peer-1 is full', /peer-1.*Full/.test(await text('tbody tr:has-text("peer-1")')), await text('tbody'));
    t.check('which is past', (await text('.timebar')).startsWith('Past.'), await text('.timebar'));
    await t.go(page, `#/compare?a=${fell.epoch - 2}&b=${fell.epoch}`);
    await t.eventually('the comparison has its fall, with the cause', async () =>
        /peer-1 Full .*(Suspended|Restricted|Warning).*measurement-unknown/.test(await text('tbody')),
    );
    await t.go(page, '#/seen?by=peer-5');
    await t.eventually('a ballot of another member', async () => /peer-4 passes/.test(await text('tbody')));
    await t.go(page, '#/alerts');
    t.check('alerts of a daemon', (await text()).includes('AssayInsecure'), await text());
    await t.go(page, '#/topology?by=links');
    await t.eventually('links of a daemon are measured', async () => /peer-5 direct [0-9.]+ ?m?s/.test(await text('tbody')));
}

// Every tally of the report, by the rules: the page and the network compute the same.
async function rules(file) {
    const data = JSON.parse(/id="data">({.*})<\/script>/.exec(fs.readFileSync(file, 'utf8'))[1]).data;
    const m = await import(path.join(t.sources(), 'model.js'));
    const { epochs } = m.makeModel(data, 'file');
    let compared = 0;
    const differ = [];
    for (let i = 1; i < epochs.length; i++)
        for (const [slot, row] of epochs[i].at) {
            compared++;
            const sum = m.tally(row, epochs[i - 1].at.get(slot), epochs[i].certified);
            if (!sum.agrees) differ.push([epochs[i].epoch, slot, row, sum.expected]);
        }
    t.check('tallies were compared', compared > 50, compared);
    t.check('every tally of the network is as the page computes it', differ.length === 0, differ);
}

module.exports = { processes };
