'use strict';
// tests/web/tables.js - the fleet: order, columns, reasons on a phone; tables saved as CSV and JSON; and that the
// detector of cut texts sees what is cut.

const fs = require('fs');
const path = require('path');
const { network, BAD, GOOD } = require('./fixture.js');
const t = require('./harness.js');

const plain = (text) => text.replace(/\s+/g, ' ').trim();

async function fleet() {
    const docs = network({ offline: 4 });
    for (const [width, dark] of [
        [390, false],
        [768, true],
        [1440, false],
        [2560, false],
    ]) {
        const page = await t.open(t.report(docs) + '#/fleet', { width, dark, height: width < 500 ? 844 : 900 });
        const rows = await page.locator('tbody tr').allInnerTexts();
        t.equal(
            `fleet at ${width}: the worst first`,
            rows.slice(0, 4).map((r) => /peer-\d/.exec(r)[0]).join(),
            'peer-1,peer-5,peer-2,peer-3',
        );
        t.check(
            `fleet at ${width}: the reason is in sight`,
            /measurement-unknown: expected/.test(plain(rows[0])) &&
                /FULL in 60 epochs, about 12:01 UTC/.test(plain(rows[0])) &&
                /Offline, last attested in epoch 37 \(12:00 UTC\)/.test(plain(rows[1])),
            rows.slice(0, 2),
        );
        t.check(`fleet at ${width}: nothing of a member that is FULL`, !/Offline|recovers|epoch \d+ \(.*recovers/.test(rows[3]), rows[3]);
        // A measurement is whole, in letters of one width, and is copied by a button of its own.
        const reason = page.locator(width > 1180 ? 'tbody tr:first-child .why' : 'tbody tr:first-child .under');
        t.equal(`fleet at ${width}: measurements whole`, (await reason.locator('.ident code').allInnerTexts()).join(), `${GOOD},${BAD}`);
        const lines = await reason.locator('.ident code').evaluateAll((all) => all.map((el) => el.getClientRects().length));
        t.check(`fleet at ${width}: on few lines`, lines.every((n) => n <= (width === 768 || width === 2560 ? 1 : 2)), lines);
        t.equal(`fleet at ${width}: copied whole`, await reason.locator('.ident button.copy').last().getAttribute('title'), BAD);
        if (width > 620)
            t.check(`fleet at ${width}: operator and vendor`, /operator-0[\s\S]*Vendor 1/.test(rows[0]), rows[0]);
        // The table fills its card, whose last column is words or numbers, not an empty third.
        const [card, last] = await page.evaluate(() => [
            document.querySelector('.card.flush').getBoundingClientRect().right,
            [...document.querySelectorAll('tbody tr:first-child td')]
                .filter((td) => td.getClientRects().length && td.innerText.trim())
                .at(-1)
                .getBoundingClientRect().right,
        ]);
        t.check(`fleet at ${width}: the right third is used`, card - last < 60, [card, last]);
        await t.close(page);
    }
    const page = await t.open(t.report(docs) + '#/fleet');
    await page.locator('tbody a', { hasText: 'Vendor 1' }).first().click();
    await t.settle(page);
    t.equal('fleet: members of a vendor root', await page.locator('tbody tr').count(), 2);
    await page.getByRole('button', { name: 'Operator' }).click();
    await t.settle(page);
    t.check('fleet: sorted by operator', page.url().includes('sort=operator'), page.url());
    await t.close(page);
}

// The file that a button saves.
async function saved(page, label) {
    const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: label, exact: true }).click(),
    ]);
    return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') };
}

// Splits CSV by RFC 4180. Returns: rows of fields.
function parseCsv(text) {
    const rows = [[]];
    let field = '',
        quoted = false;
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (quoted && c === '"' && text[i + 1] === '"') field += text[++i];
        else if (c === '"') quoted = !quoted;
        else if (!quoted && c === ',') field = void rows.at(-1).push(field) || '';
        else if (!quoted && c === '\r' && text[i + 1] === '\n') {
            rows.at(-1).push(field);
            field = '';
            rows.push([]);
            i++;
        } else field += c;
    }
    rows.pop();
    return rows;
}

async function exports_() {
    const docs = network({ names: (i) => ['=HYPERLINK("http://x","y")', 'a,"b"\nc', '-2+3', 'peer-4'][i] || `peer-${i + 1}` });
    const page = await t.open(t.report(docs) + '#/fleet', { args: { acceptDownloads: true } });
    const csv = await saved(page, 'Save Nodes of the network as CSV'),
        rows = parseCsv(csv.text.replace(/^\ufeff/, ''));
    t.equal('csv: its name', csv.name, 'assay-nodes-of-the-network.csv');
    t.equal('csv: a row for each member and the titles', rows.length, 8);
    t.check('csv: as many fields in each', rows.every((r) => r.length === rows[0].length), rows.map((r) => r.length));
    t.equal('csv: titles', rows[0].slice(0, 5).join(), 'Node,Condition,Score,Operator,Vendor root');
    t.check('csv: a formula is none any more', csv.text.includes('"\'=HYPERLINK(""http://x"",""y"")"'), csv.text);
    t.check('csv: neither is one that looks like a sum', rows.some((r) => r[0] === "'-2+3"), rows);
    t.check('csv: quotes are doubled, breaks are shown', rows.some((r) => r[0] === 'a,"b"\u2039000a\u203ac'), rows);
    const json = JSON.parse((await saved(page, 'Save Nodes of the network as JSON')).text);
    t.equal('json: the same rows', json.length, 7);
    t.equal('json: by the titles', json.find((r) => r.Node === 'peer-4').Operator, 'operator-3');
    // All rows, also those that are not drawn.
    const events = network({ nodes: 12, epochs: 300 });
    const audit = await t.open(t.report(events) + '#/audit?kind=chain', { args: { acceptDownloads: true } });
    const drawn = await audit.locator('tbody tr').count(),
        all = JSON.parse((await saved(audit, 'Save Events as JSON')).text).length;
    t.check('json: all events, not only those in sight', drawn === 200 && all >= 290, [drawn, all]);
    t.check('the policy allows it', page.said.length === 0 && audit.said.length === 0, [page.said, audit.said]);
    await t.close(page);
    await t.close(audit);
}

// Each planted fault of the layout is found, and what has a title is not.
async function detector() {
    const page = await t.open(t.report(network()) + '#/fleet', { width: 390 });
    t.equal('the detector finds nothing in a good page', (await t.cutTexts(page)).join(), '');
    for (const [what, style, title] of [
        ['dots', 'white-space:nowrap;overflow:hidden;text-overflow:ellipsis;width:60px', ''],
        ['a box without dots', 'white-space:nowrap;overflow:hidden;width:60px', ''],
        ['a clamp of lines', 'display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:1;overflow:hidden;width:90px', ''],
        ['a list that scrolls without a bar', 'white-space:nowrap;overflow-x:auto;scrollbar-width:none;width:60px', ''],
        ['dots with a title', 'white-space:nowrap;overflow:hidden;text-overflow:ellipsis;width:60px', 'the whole text'],
    ]) {
        await page.evaluate(
            ([css, whole]) => {
                const el = document.createElement('p');
                el.id = 'planted';
                el.style.cssText = css;
                if (whole) el.title = whole;
                el.textContent = 'seen from ncc-1701-a.example.org and more';
                document.querySelector('main').append(el);
            },
            [style, title],
        );
        const cut = await t.cutTexts(page);
        t.equal(`the detector: ${what}`, cut.length > 0 && cut[0].startsWith('seen from'), !title);
        await page.evaluate(() => document.getElementById('planted').remove());
    }
    await page.evaluate(() => document.querySelectorAll('.fleet tbody tr').forEach((tr) => (tr.style.height = '44px')));
    t.check('the detector: rows that lie on each other', (await t.cutTexts(page)).length > 0);
    await t.close(page);
}

// The pure part, on texts that break tables.
async function pure() {
    const e = await import(path.join(t.sources(), 'export.js'));
    const cell = (text) => e.csvOf({ titles: ['x'], rows: [[text]] }).split('\r\n')[1];
    for (const [text, expected] of [
        ['=1+1', "'=1+1"],
        ['@SUM(A1)', "'@SUM(A1)"],
        ['+cmd|x', "'+cmd|x"],
        ['-25.5', '-25.5'],
        ['\u221225 %', '\u221225 %'],
        ['a;b', 'a;b'],
        ['a,b', '"a,b"'],
    ])
        t.equal(`csv of ${text}`, cell(text), expected);
    t.equal('a file of hostile letters', e.fileOf('../../etc/passwd\u0000', 'csv'), 'assay-etc-passwd.csv');
}

async function tables() {
    await pure();
    await fleet();
    await exports_();
    await detector();
}

module.exports = { tables };
