// app.js - the frame around the views: address, keys, theme, and when to draw.
import { h, render } from './dom.js';
import { clean, count, date, short, span } from './format.js';
import { headline } from './attention.js';
import { epochText, makeModel } from './model.js';
import { copier } from './parts.js';
import { pastOf, storedOf } from './past.js';
import { Live, embedded } from './source.js';
import { opener, step, timebar } from './timebar.js';
import { redrawAll } from './charts.js';
import { overview } from './views/overview.js';
import { fleet } from './views/fleet.js';
import { nodeView } from './views/node.js';
import { matrixView } from './views/matrix.js';
import { epochsView } from './views/epochs.js';
import { compareView } from './views/compare.js';
import { seenView } from './views/seen.js';
import { topology } from './views/topology.js';
import { collateralView } from './views/collateral.js';
import { tolerance } from './views/tolerance.js';
import { alertsView } from './views/alerts.js';
import { audit } from './views/audit.js';
import { policyView } from './views/policy.js';
import { servicesView } from './views/services.js';
import { makeSimulation } from './simulation.js';
import { checksView, figuresView, runOverview, scenarioView } from './views/run.js';
import { standingsView, trafficView, weightView } from './views/course.js';
import { sweepFigures, sweepOverview, sweepPlots, sweepTable } from './views/sweep.js';
import { swarmOverview } from './views/swarm.js';

// path: its key with `g`, its title, its view; `when`: listed only where it has something to show. Of a
// network, and of what assay-sim reports.
const NETWORK = {
    overview: { key: 'o', title: 'Overview', view: overview },
    alerts: { key: 'l', title: 'Alerts', view: alertsView },
    fleet: { key: 'f', title: 'Fleet', view: fleet },
    matrix: { key: 'm', title: 'Trust matrix', view: matrixView },
    seen: { key: 'v', title: 'Seen from', view: seenView },
    epochs: { key: 'e', title: 'Epochs', view: epochsView },
    compare: { key: 'd', title: 'Compare', view: compareView },
    topology: { key: 't', title: 'Topology', view: topology },
    tolerance: { key: 'r', title: 'Tolerance', view: tolerance },
    collateral: { key: 'c', title: 'Collateral', view: collateralView },
    policy: { key: 'p', title: 'Policy', view: policyView },
    services: { key: 's', title: 'Services', view: servicesView, when: (model) => model.services },
    audit: { key: 'a', title: 'Orders and audit', view: audit },
    node: { title: 'Node', view: nodeView },
};
const SIMULATED = {
    runs: {
        overview: { key: 'o', title: 'Overview', view: runOverview },
        standings: { key: 's', title: 'Standings', view: standingsView },
        weight: { key: 'w', title: 'Weight', view: weightView },
        traffic: { key: 'b', title: 'Blocks and traffic', view: trafficView },
        checks: { key: 'c', title: 'Checks', view: checksView },
        figures: { key: 'f', title: 'Figures', view: figuresView },
        scenario: { key: 'n', title: 'Scenario', view: scenarioView },
    },
    sweep: {
        overview: { key: 'o', title: 'Overview', view: sweepOverview },
        plots: { key: 'p', title: 'Other figures', view: sweepPlots },
        comparison: { key: 'c', title: 'Comparison', view: sweepTable },
        figures: { key: 'f', title: 'Figures', view: sweepFigures },
    },
    swarm: { overview: { key: 'o', title: 'Overview', view: swarmOverview } },
};
let VIEWS = NETWORK;
const DRAW_MS = 250; // at most four a second, whatever comes in

const app = {
    docs: {},
    link: { kind: 'file', lost: false, age: 0 },
    model: makeModel({}),
    drawn: 0,
    timer: 0,
    help: false,
    menu: false, // on narrow windows, where the list of views is closed
    went: '',
    then: null, // the model of a past epoch: { of: documents that it was made of, epoch, model }
};

// ------------------------------------------------------------ the address

// '#/fleet?sort=score' is { path: 'fleet', arg: '', query: { sort: 'score' } }.
function readAddress() {
    const [path, query] = location.hash.replace(/^#\/?/, '').split('?');
    const [view, ...rest] = path.split('/');
    let arg = '';
    try {
        arg = decodeURIComponent(rest.join('/'));
    } catch {
        arg = rest.join('/');
    }
    return {
        path: Object.hasOwn(VIEWS, view) ? view : 'overview',
        arg,
        query: Object.fromEntries(new URLSearchParams(query || '')),
    };
}

// The chosen epoch goes along, unless the query has another one.
function address(path, query = {}) {
    const { at } = readAddress().query;
    const kept = Object.entries({ ...query, at: 'at' in query ? query.at : at }).filter(
        ([, value]) => value !== '' && value !== null && value !== undefined,
    );
    const text = new URLSearchParams(kept).toString();
    return '#/' + path + (text ? '?' + text : '');
}

// A name that is no text (half of a surrogate pair) cannot stand in an address: its place can.
function encoded(text, otherwise) {
    try {
        return encodeURIComponent(text) || otherwise;
    } catch {
        return otherwise;
    }
}

const nodePath = (node) => 'node/' + encoded(node.name || '', String(node.slot));

// ------------------------------------------------------------ a past epoch

const PAST_OF = ['history', 'timeline', 'matrix', 'matrices', 'policy', 'collateral'];

// The chosen epoch of the address, and how to choose another; at 0: now.
function timeOf() {
    const stored = app.model.kind ? [] : storedOf(app.docs),
        wanted = readAddress().query.at || '',
        at = /^[1-9]\d{0,14}$/.test(wanted) && !app.model.kind ? Number(wanted) : 0;
    return {
        stored,
        at,
        here: stored.includes(at),
        set: (epoch) => {
            const to = readAddress();
            const path = to.arg ? to.path + '/' + encoded(to.arg, '') : to.path;
            history.replaceState(null, '', address(path, { ...to.query, at: epoch || '' }));
            draw();
        },
    };
}

// The network as it was, made once of the documents that it is made of.
function modelAt(epoch) {
    const of = PAST_OF.map((name) => app.docs[name]);
    if (app.then?.epoch !== epoch || of.some((d, i) => d !== app.then.of[i])) {
        const docs = pastOf(app.docs, epoch);
        if (!docs.matrix) app.live?.older(String(epoch));
        app.then = { epoch, of, model: makeModel(docs, app.link.kind) };
    }
    return app.then.model;
}

// A view that fails says so; the others still work.
function viewOf(ctx) {
    try {
        return VIEWS[ctx.path].view(ctx);
    } catch (error) {
        console.error(error);
        return h(
            'div',
            { class: 'empty' },
            h('h1', {}, 'This view could not be drawn'),
            h('p', {}, clean(error.message)),
        );
    }
}

// What a view is given: state of the address, and how to change it.
function context() {
    const at = readAddress(),
        time = timeOf(),
        past = time.at > 0 && time.here;
    return {
        ...at,
        time,
        past, // of a past epoch: what is not stored is not shown, and nothing can be done about it
        model: past ? modelAt(time.at) : app.model,
        link: past ? { ...app.link, lost: false } : app.link,
        address,
        nodePath,
        go: (path, query) => {
            location.hash = address(path, query);
        },
        // Changes parts of the query; no entry in the history of the browser.
        set: (change) => {
            const path = at.arg ? at.path + '/' + encoded(at.arg, '') : at.path;
            history.replaceState(null, '', address(path, { ...readAddress().query, ...change }));
            draw();
        },
        draw,
        // A document that is not at hand yet.
        older: (epoch) => app.live?.older(epoch),
        verify: (node) => app.live?.detail('verified', 'evidence', node.slot),
        keysOf: (node) => app.live?.detail('keys', 'keys', node.slot),
    };
}

// ------------------------------------------------------------ theme

const themes = ['system', 'light', 'dark'];
let theme = 'system';
function setTheme(to) {
    theme = themes.includes(to) ? to : 'system';
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
        localStorage.setItem('assay-theme', theme);
    } catch {
        // Kept for this page alone where nothing may be stored.
    }
    redrawAll();
}

// ------------------------------------------------------------ the frame

function linkState(ctx) {
    const { link, model } = app;
    if (ctx.past) return { tone: 'past', text: 'Past' };
    if (model.kind) return { tone: 'file', text: 'Simulation' };
    if (link.kind === 'first') return { tone: 'slow', text: 'Connecting' };
    if (link.kind === 'file')
        return { tone: 'file', text: 'Report', more: link.at ? ' of ' + date(link.at) : '' };
    if (link.lost) return { tone: 'lost', text: `No contact for ${span(link.age)}` };
    if (model.status.stale) return { tone: 'stale', text: 'Stopped' };
    return link.stream ? { tone: 'live', text: 'Live' } : { tone: 'slow', text: 'Live, polling' };
}

// What is shown, and by whom.
function where(ctx) {
    const { model, link } = ctx;
    if (model.kind)
        return h(
            'p',
            { class: 'where' },
            h('span', { class: 'what' }, h('bdi', {}, clean(model.name, 64))),
            h('span', { class: 'by' }, 'assay-sim ', clean(model.version, 24)),
        );
    const { status } = model;
    return h(
        'p',
        { class: 'where' },
        status.chain_id &&
            h(
                'span',
                { title: 'chain ' + clean(status.chain_id) },
                'chain ',
                h('code', {}, short(status.chain_id, 8)),
                copier(status.chain_id, 'the id of the chain'),
            ),
        Number.isFinite(status.epoch) &&
            opener(ctx.time, ['epoch ', h('b', {}, count(status.epoch)), h('span', { class: 'long' }, epochText(model, status.epoch).replace(/^epoch \d+/, ''))]),
        link.node && h('span', { class: 'seen' }, 'seen from ', h('bdi', {}, clean(link.node, 32))),
    );
}

function header(ctx) {
    const { status } = app.model,
        state = linkState(ctx);
    return h(
        'header',
        { class: 'top' },
        h(
            'a',
            { class: 'brand', href: address('overview'), 'aria-label': 'Assay, overview' },
            h(
                'svg',
                { viewBox: '0 0 24 24', width: 22, height: 22, 'aria-hidden': 'true' },
                h('path', { d: 'M12 1.8 21 7v10l-9 5.2L3 17V7Z', class: 'hex' }),
                h('path', { d: 'm7.8 12.2 3 3 5.6-6.2', class: 'tick' }),
            ),
            h('span', {}, 'Assay'),
        ),
        where(ctx),
        (status?.insecure || status?.insecure_settings?.length > 0) &&
            h(
                'span',
                {
                    class: 'chip warn',
                    title: status.insecure
                        ? 'Profile development: evidence proves nothing about hardware'
                        : 'Accepted by the operator: ' + clean(status.insecure_settings.join(', '), 80),
                },
                'INSECURE',
            ),
        h(
            'span',
            { class: 'chip link l-' + state.tone, role: 'status' },
            h('i', { 'aria-hidden': 'true' }),
            h('span', {}, state.text, state.more && h('span', { class: 'long' }, state.more)),
        ),
        h(
            'div',
            { class: 'seg theme', role: 'group', 'aria-label': 'Colours' },
            themes.map((t) =>
                h(
                    'button',
                    {
                        key: t,
                        type: 'button',
                        'aria-pressed': String(theme === t),
                        title: t + ' colours',
                        onclick: () => {
                            setTheme(t);
                            draw();
                        },
                    },
                    { system: 'Auto', light: 'Light', dark: 'Dark' }[t],
                ),
            ),
        ),
    );
}

function navigation(at) {
    const current = at.path === 'node' ? 'fleet' : at.path;
    return h(
        'nav',
        { class: 'side' + (app.menu ? ' open' : ''), 'aria-label': 'Views' },
        h(
            'button',
            {
                class: 'menu',
                type: 'button',
                'aria-expanded': String(app.menu),
                'aria-controls': 'views',
                onclick: () => {
                    app.menu = !app.menu;
                    draw();
                },
            },
            VIEWS[at.path].title,
            h('span', { class: 'muted' }, app.menu ? 'Close' : 'All views'),
        ),
        h(
            'ul',
            { id: 'views' },
            Object.entries(VIEWS)
                .filter(([, v]) => v.key && (!v.when || v.when(app.model)))
                .map(([path, v]) =>
                    h(
                        'li',
                        { key: path },
                        h(
                            'a',
                            {
                                href: address(path),
                                'aria-current': path === current ? 'page' : null,
                                onclick: () => {
                                    app.menu = false;
                                },
                            },
                            v.title,
                            h('kbd', { 'aria-hidden': 'true' }, 'g ' + v.key),
                        ),
                    ),
                ),
        ),
        h(
            'button',
            {
                class: 'quiet',
                type: 'button',
                onclick: () => {
                    app.help = true;
                    draw();
                },
            },
            'Shortcuts ',
            h('kbd', {}, '?'),
        ),
    );
}

const KEYS = [
    ['g then a letter', 'open a view: the list of views has its letter', true],
    ['/', 'search for a node'],
    ['j  k', 'next and previous row'],
    ['Enter', 'open it'],
    ['arrows', 'move in the matrix and in epochs'],
    ['[  ]', 'the network one epoch earlier, later'],
    ['n', 'back to now'],
    ['t', 'light, dark, as the system', true],
    ['Esc', 'close, or leave a field', true],
];

function helpDialog() {
    return h(
        'dialog',
        {
            class: 'help',
            'aria-label': 'Shortcuts',
            onclose: () => {
                app.help = false;
                draw();
            },
            hook: { mount: (el) => el.showModal(), update: (el, data, state) => state },
        },
        h('h2', {}, 'Shortcuts'),
        h(
            'dl',
            {},
            (app.model.kind ? KEYS.filter(([, , both]) => both) : KEYS).map(([key, what]) => [
                h('dt', {}, h('kbd', {}, key)),
                h('dd', {}, what),
            ]),
        ),
        h('form', { method: 'dialog' }, h('button', { class: 'button' }, 'Close')),
    );
}

// On other views than the overview, which begins with the same: what is wrong, and where the remedy is.
function banner(at) {
    const { link, model } = app;
    if (model.kind || at.past || at.path === 'overview') return null;
    const s = headline(model, link);
    if (s.tone !== 'bad') return null;
    return h(
        'div',
        { class: 'banner bad', role: 'alert', key: 'bad' },
        h('b', {}, h('bdi', {}, s.head)),
        ' ',
        h('a', { href: address('overview') }, 'What to do'),
    );
}

// Cards then show data of the past: of a node without contact, or of a network that is stopped.
const isOld = () => !app.model.kind && (app.link.lost || !!app.model.status.stale);

function frame(ctx) {
    return [
        h(
            'a',
            {
                class: 'skip',
                href: '#main',
                onclick: (e) => {
                    e.preventDefault();
                    document.getElementById('main').focus();
                },
            },
            'Skip to the content',
        ),
        header(ctx),
        navigation(ctx),
        h(
            'main',
            { id: 'main', tabindex: '-1', class: ctx.past ? 'past' : isOld() ? 'old' : '' },
            banner(ctx),
            timebar(ctx, ctx.time),
            h('div', { class: 'view v-' + ctx.path, key: ctx.path + '/' + ctx.arg }, viewOf(ctx)),
        ),
        app.help && helpDialog(),
    ];
}

// ------------------------------------------------------------ drawing

function draw() {
    clearTimeout(app.timer);
    app.timer = 0;
    app.drawn = performance.now();
    const at = context();
    render(document.getElementById('app'), frame(at).filter(Boolean));
    const title = at.path === 'node' ? clean(at.arg, 40) : VIEWS[at.path].title;
    const shown = title + (at.past ? ` \u00b7 epoch ${at.time.at}` : '') + ' \u00b7 Assay';
    if (document.title !== shown) document.title = shown;
    const went = at.path + '/' + at.arg;
    if (app.went && app.went !== went) {
        scrollTo(0, 0);
        document.getElementById('main').focus({ preventScroll: true });
    }
    app.went = went;
}

function drawSoon() {
    if (app.timer) return;
    app.timer = setTimeout(draw, Math.max(0, DRAW_MS - (performance.now() - app.drawn)));
}

// New data; the same again changes nothing.
function receive(docs, link) {
    const stamp = Object.values(docs);
    const same = app.stamp && stamp.length === app.stamp.length && stamp.every((d, i) => d === app.stamp[i]);
    app.stamp = stamp;
    app.docs = docs;
    app.link = link;
    if (!same) app.model = makeModel(docs, link.kind);
    const words = JSON.stringify([link.lost, link.stream, link.lost && Math.round(link.age / 1000)]);
    if (same && words === app.words) return;
    app.words = words;
    drawSoon();
}

// ------------------------------------------------------------ keys

let chord = 0;
function onkey(event) {
    const el = event.target,
        typing = /^(INPUT|SELECT|TEXTAREA)$/.test(el.tagName);
    if (event.key === 'Escape' && typing) return el.blur();
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (chord && performance.now() - chord < 1500) {
        chord = 0;
        const to = Object.entries(VIEWS).find(
            ([, v]) => v.key === event.key && (!v.when || v.when(app.model)),
        );
        if (to) location.hash = address(to[0]);
        return;
    }
    if (event.key === 'g') chord = performance.now();
    else if (event.key === '?') {
        app.help = true;
        draw();
    } else if (event.key === 't') {
        setTheme(themes[(themes.indexOf(theme) + 1) % themes.length]);
        draw();
    } else if (app.model.kind) {
        // Nodes and rows are of a network.
    } else if (event.key === '/') {
        event.preventDefault();
        if (readAddress().path !== 'fleet') location.hash = address('fleet');
        requestAnimationFrame(() => requestAnimationFrame(() => document.getElementById('search')?.focus()));
    } else if (event.key === '[' || event.key === ']') step(timeOf(), event.key === '[' ? -1 : 1);
    else if (event.key === 'n') timeOf().set(0);
    else if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1);
}

function moveRow(by) {
    const rows = [...document.querySelectorAll('main [data-row]')];
    if (rows.length === 0) return;
    const now = rows.indexOf(document.activeElement);
    const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + by))];
    next.focus();
}

// ------------------------------------------------------------ start

function start() {
    try {
        setTheme(localStorage.getItem('assay-theme') || 'system');
    } catch {
        setTheme('system');
    }
    addEventListener('hashchange', draw);
    addEventListener('keydown', onkey);
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
        matchMedia(query).addEventListener('change', redrawAll);
    document.addEventListener('visibilitychange', () => {
        if (app.live) app.live.watched(!document.hidden);
    });
    const report = embedded(document);
    if (report?.schema === 'assay.sim.page') {
        app.model = makeSimulation(report.data, report.version);
        VIEWS = SIMULATED[app.model.kind];
        draw();
    } else if (report) {
        receive(report.data, {
            kind: 'file',
            lost: false,
            age: 0,
            at: Date.parse(report.generated_at),
            node: report.node,
        });
        draw();
    } else {
        app.link = { ...app.link, kind: 'first' };
        draw();
        app.live = new Live(receive);
    }
}
start();
