'use strict';
// tests/web/harness.js - a browser, pages in it, and checks that are counted.

const fs = require('fs');
const os = require('os');
const path = require('path');

const modules = process.env.ASSAY_WEB_MODULES;
const { chromium } = require(path.join(modules, 'playwright-core'));
const axe = fs.readFileSync(path.join(modules, 'axe-core/axe.min.js'), 'utf8');
const { envelope } = require('./fixture.js');

const built = process.env.ASSAY_WEB_PAGE; // folder that web/build.sh wrote
const source = fs.readFileSync(path.join(built, 'index.html'), 'utf8');
// The policy that the page names for itself.
const policyOf = (html) => /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)[1];
const MARK = '<script type="application/json" id="data"></script>';

let passed = 0;
const wrong = [];
function check(what, ok, detail) {
    if (ok) return void passed++;
    wrong.push(what);
    console.log(
        `FAILED: ${what}${detail === undefined ? '' : ': ' + (typeof detail === 'string' ? detail : JSON.stringify(detail)).slice(0, 1500)}`,
    );
}
const equal = (what, found, expected) =>
    check(what, found === expected, `expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);

// Polls: what is looked for may take its time, and no longer than that.
async function eventually(what, test, ms = 30000) {
    const until = Date.now() + ms;
    let seen;
    do {
        try {
            seen = await test();
            if (seen) return void passed++;
        } catch (error) {
            seen = String(error);
        }
        await new Promise((done) => setTimeout(done, 50));
    } while (Date.now() < until);
    check(what, false, `not within ${ms} ms; last ${JSON.stringify(seen)}`);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'assay-web-'));

// A report as `assay report --html` writes it, or of another document. Returns: its address.
let files = 0;
function report(docs, html = source, wrap = envelope) {
    if (!html.includes(MARK)) throw new Error('the page has no place for data');
    const text = JSON.stringify(wrap(docs)).replace(/</g, '\\u003c');
    const file = path.join(folder, `report-${++files}.html`);
    fs.writeFileSync(
        file,
        html.replace(MARK, () => MARK.replace('></', `>${text}</`)),
    );
    return 'file://' + file;
}

let browser = null;
async function open(address, { width = 1280, height = 900, dark = false, contrast, motion, args } = {}) {
    const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: dark ? 'dark' : 'light',
        forcedColors: contrast ? 'active' : 'none',
        reducedMotion: motion || 'no-preference',
        ...args,
    });
    const page = await context.newPage();
    page.said = [];
    page.on('console', (m) => {
        if (m.type() === 'error' || m.type() === 'warning') page.said.push(`${m.text()} ${m.location().url}`);
    });
    page.on('pageerror', (e) => page.said.push(e.message));
    await page.goto(address);
    await page.waitForSelector('main .view > *');
    return page;
}
const close = (page) => page.context().close();

// Another view of the same page, and all that hangs on a frame drawn.
async function go(page, hash) {
    await page.evaluate((h) => {
        location.hash = h;
    }, hash);
    await settle(page);
}
const settle = (page) =>
    page.evaluate(
        () =>
            new Promise((done) =>
                requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))),
            ),
    );

const overflow = (page) =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

// Texts that a reader does not see: cut by a box that hides what does not fit, without a title that has the whole, or
// drawn outside of their row.
// Boxes that scroll do not cut where they can be reached by the keyboard (tables of many numbers on a phone), nor do
// those that are there for readers of screens alone.
const cutTexts = (page) =>
    page.evaluate(() => {
        const found = [],
            walker = document.createTreeWalker(document.getElementById('app'), NodeFilter.SHOW_TEXT);
        const clips = (style, axis) => /hidden|clip/.test(style['overflow' + axis]);
        const scrolls = (style, axis) => /auto|scroll/.test(style['overflow' + axis]);
        const reached = (el) => el.tabIndex >= 0 || el.matches('details *, dialog');
        function cutBy(text, rects) {
            for (let el = text.parentElement; el && el !== document.body; el = el.parentElement) {
                const style = getComputedStyle(el);
                if (el.title || el.matches('.hidden, .skip, option') || style.visibility === 'hidden') return null;
                if (scrolls(style, 'X') && reached(el) && innerWidth < 1000) return null;
                if (scrolls(style, 'Y') && reached(el) && el.scrollHeight > el.clientHeight) return null;
                const box = el.getBoundingClientRect();
                for (const r of rects) {
                    const wide = r.right > box.right + 1 || r.left < box.left - 1,
                        tall = r.bottom > box.bottom + 2 || r.top < box.top - 2;
                    if (wide && (clips(style, 'X') || scrolls(style, 'X'))) return el;
                    if (tall && (clips(style, 'Y') || (scrolls(style, 'Y') && !scrolls(style, 'X')))) return el;
                }
            }
            const row = text.parentElement.closest('tr, li')?.getBoundingClientRect();
            if (row && rects.some((r) => r.bottom > row.bottom + 4 || r.top < row.top - 4)) return text.parentElement;
            return rects.some((r) => r.right > innerWidth + 1 || r.left < -1 || r.top + scrollY < -1)
                ? document.body
                : null;
        }
        for (let text = walker.nextNode(); text; text = walker.nextNode()) {
            if (!text.data.trim()) continue;
            const range = document.createRange();
            range.selectNodeContents(text);
            const rects = [...range.getClientRects()].filter((r) => r.width > 0 && r.height > 0);
            const by = rects.length > 0 && cutBy(text, rects);
            if (by) found.push(`${text.data.trim().slice(0, 60)} (in ${by.tagName} ${by.className})`);
        }
        return found;
    });

// rules: these alone; else all.
async function violations(page, rules) {
    if (!(await page.evaluate(() => !!window.axe))) await page.evaluate(axe);
    const found = await page.evaluate(
        (only) => axe.run(document, { resultTypes: ['violations'], ...(only ? { runOnly: only } : {}) }),
        rules,
    );
    return found.violations.map(
        (v) =>
            `${v.id}: ${v.nodes
                .slice(0, 3)
                .map((n) => n.html.slice(0, 120) + ' ' + (n.any[0]?.message || n.all[0]?.message || ''))
                .join(' | ')}`,
    );
}

// Light and dark, one after the other, of one page: elements are the same in both, colours are not. In `./dev test`
// axe looks at a phone and a notebook, whose elements and colours a tablet and a wall have, too.
async function inBothThemes(page, name, look) {
    for (const [dark, rules] of [
        [false, undefined],
        [true, ['color-contrast']],
    ]) {
        const which = name + (dark ? ', dark' : '');
        await page.emulateMedia({ colorScheme: dark ? 'dark' : 'light' });
        await settle(page);
        await look(which);
        const wide = await overflow(page),
            cut = await cutTexts(page),
            found = isQuick && [768, 2560].includes(page.viewportSize().width) ? [] : await violations(page, rules);
        check(`${which}: no wider than the window`, wide <= 0, wide);
        check(`${which}: no text is cut`, cut.length === 0, cut);
        check(`${which}: axe finds nothing`, found.length === 0, found);
    }
}

async function timed(name, group) {
    const start = Date.now();
    try {
        await group();
    } catch (error) {
        check(name, false, error.stack);
    }
    console.log(`${name}: ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

async function inTurn(groups) {
    for (const [name, group] of Object.entries(groups)) await timed(name, group);
}

// groups.waiting spend their time with waiting for others: they run beside groups.busy, each in turn; then
// groups.alone. groups.asked run only when one is named. Named groups, or sets of groups (`busy`), run one after the
// other and nothing beside them.
async function run(groups) {
    browser = await chromium.launch({
        executablePath: process.env.ASSAY_CHROMIUM || '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    });
    const named = process.argv.slice(2),
        all = Object.assign({}, ...Object.values(groups));
    try {
        for (const name of named)
            await inTurn(groups[name] || { [name]: all[name] || (() => check(`there is a group ${name}`, false)) });
        if (named.length === 0) {
            await Promise.all([inTurn(groups.waiting), inTurn(groups.busy)]);
            await inTurn(groups.alone);
        }
    } finally {
        await browser.close();
        fs.rmSync(folder, { recursive: true, force: true });
    }
    console.log(`${passed} passed, ${wrong.length} failed`);
    process.exitCode = wrong.length || !passed ? 1 : 0;
}

// A phone, a tablet, a notebook, a wall.
const WIDTHS = [390, 768, 1440, 2560];
const FEW_WIDTHS = [390, 1440];
const isQuick = process.env.ASSAY_DEPTH === 'quick'; // tests/support/depth.h

// Every view; of one node for those that need it.
const VIEWS = [
    'overview',
    'alerts',
    'fleet',
    'node/peer-1',
    'matrix',
    'seen',
    'epochs',
    'compare',
    'topology',
    'tolerance',
    'collateral',
    'policy',
    'services',
    'audit',
];

// The modules as node reads them.
function sources() {
    const copy = path.join(folder, 'src');
    fs.cpSync(path.join(__dirname, '../../web/src'), copy, { recursive: true });
    fs.writeFileSync(path.join(copy, 'package.json'), '{"type":"module"}');
    return copy;
}

module.exports = {
    VIEWS,
    WIDTHS,
    WIDTHS_OF_DEPTH: isQuick ? FEW_WIDTHS : WIDTHS,
    built,
    check,
    close,
    cutTexts,
    envelope,
    equal,
    eventually,
    folder,
    go,
    inBothThemes,
    modules,
    open,
    overflow,
    policyOf,
    report,
    run,
    settle,
    source,
    sources,
    violations,
    browserOf: () => browser,
};
