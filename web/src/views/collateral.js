// views/collateral.js - TCB levels by the votes, and validity of the collateral.
import { h } from '../dom.js';
import { clean, count, date, percent, plural, short, span } from '../format.js';
import { epochText, groups, majorities, nameOf, rootName } from '../model.js';
import { outcomeMark, outcomeOf } from '../shapes.js';
import { card, empty, events, ident, page, table } from '../parts.js';

const EXPIRIES_MAX = 40;
const LEVELS = [
    'pass-up-to-date',
    'pass-needs-hardening',
    'pass-out-of-date',
    'fail-soft',
    'fail-hard',
    'unjudged',
    'absent',
    'none',
];

// Which level most weight gives each member, by its vendor root.
function levels(ctx) {
    const { model } = ctx,
        most = model.matrix ? majorities(model.matrix) : null;
    const levelOf = (n) => (most ? most.get(n.slot) || 'none' : n.own_outcome || 'none');
    const list = groups(model.nodes, 'vendor_root');
    return [
        h(
            'p',
            { class: 'note' },
            most ? `By the majority of the weight, ${epochText(model, model.matrix.epoch)}.` : 'By the verdicts of this node.',
        ),
        table(
            'TCB levels by vendor root',
            [
                [
                    'Vendor root',
                    (g) =>
                        ident(
                            g.id,
                            'the id of the root',
                            h(
                                'a',
                                { href: ctx.address('fleet', { group: g.id }) },
                                rootName(ctx.model, g.id) || h('code', {}, short(g.id, 12)),
                            ),
                        ),
                ],
                ['Nodes', (g) => g.nodes.length, 'num'],
                ...LEVELS.filter((l) => model.nodes.some((n) => levelOf(n) === l)).map((l) => [
                    outcomeOf(l).word,
                    (g) => {
                        const k = g.nodes.filter((n) => levelOf(n) === l);
                        return k.length
                            ? h('span', { class: 'said' }, outcomeMark(l), count(k.length))
                            : h('span', { class: 'muted' }, '0');
                    },
                ]),
            ],
            list,
            (g) => g.id,
        ),
    ];
}

function when(now, at) {
    const ms = Date.parse(at) - now;
    return Number.isFinite(ms) ? (ms < 0 ? `expired ${span(ms)} ago` : `in ${span(ms)}`) : '\u2013';
}

// One bar a piece of collateral: from when it was made to when it ends, now marked.
// Certificates of one chain often share their dates: they are one line.
function piecesOf(root) {
    const by = new Map();
    for (const p of root.pieces || []) {
        const key = p.name + p.from + p.until;
        by.set(key, { ...p, times: (by.get(key)?.times || 0) + 1 });
    }
    return [...by.values()].sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
}

function lives(ctx, roots) {
    const now = ctx.link.at || Date.now();
    return roots.map((root) =>
        h(
            'div',
            { class: 'root', key: root.root },
            h(
                'h3',
                {},
                root.name && h('bdi', {}, clean(root.name, 40)),
                ident(root.root, 'the id of the root', h('code', {}, short(root.root, 12))),
                root.until &&
                    h(
                        'span',
                        { class: 'muted' },
                        ` expires ${when(now, root.until).replace(/^expired /, '')}, ${date(Date.parse(root.until))}`,
                    ),
            ),
            h(
                'ul',
                { class: 'lives' },
                piecesOf(root).map((p, i) => {
                    const from = Date.parse(p.from),
                        until = Date.parse(p.until),
                        part = Math.max(0, Math.min(1, (now - from) / (until - from || 1))),
                        late = until < now;
                    return h(
                        'li',
                        { key: i, class: late ? 'late' : part > 0.75 ? 'soon' : '' },
                        h(
                            'span',
                            {},
                            clean(p.name, 60),
                            p.times > 1 && h('span', { class: 'muted' }, ` \u00d7${p.times}`),
                        ),
                        h(
                            'span',
                            { class: 'life', 'aria-hidden': 'true' },
                            h('i', { style: { width: part * 100 + '%' } }),
                        ),
                        h('span', { class: 'num' }, when(now, p.until)),
                        h('span', { class: 'muted num' }, date(until)),
                    );
                }),
            ),
        ),
    );
}

// All that expires in one table, the first first.
function expiries(ctx, roots) {
    const now = ctx.link.at || Date.now(),
        rows = roots
            .flatMap((root) => piecesOf(root).map((p) => ({ ...p, root })))
            .sort((a, b) => Date.parse(a.until) - Date.parse(b.until));
    return table(
        'Expiries of collateral and certificates',
        [
            ['Expires', (r) => date(Date.parse(r.until)), 'when'],
            ['', (r) => when(now, r.until)],
            ['Piece', (r) => clean(r.name, 60) + (r.times > 1 ? ` \u00d7${r.times}` : '')],
            ['Vendor root', (r) => clean(r.root.name || short(r.root.root, 12), 40)],
            ['Valid from', (r) => date(Date.parse(r.from)), 'when'],
        ],
        rows.slice(0, EXPIRIES_MAX),
        null,
        'stacks',
        rows,
    );
}

// No document of a node has one.
function forecast() {
    return empty(
        'Forecasts are made on the command line.',
        'assay collateral forecast evaluates the cached evidence against the set that would follow, and names members and devices that would fail. The view of a node shows what of its evidence expires first.',
    );
}

export function collateralView(ctx) {
    const { model } = ctx,
        c = model.docs.collateral,
        roots = Array.isArray(c?.roots) ? c.roots : [];
    if (model.nodes.length === 0) return page('TCB and collateral', null, empty('No data yet.'));
    const first = roots.filter((r) => r.until).sort((a, b) => Date.parse(a.until) - Date.parse(b.until))[0],
        now = ctx.link.at || Date.now();
    const news = [...model.events].reverse().filter((e) => e.event.startsWith('collateral'));
    return page(
        'TCB and collateral',
        first
            ? `The first collateral expires ${date(Date.parse(first.until))} (${when(now, first.until)}).`
            : 'TCB levels of the platforms, and the collateral that they are appraised with.',
        h(
            'div',
            { class: 'grid two' },
            card('TCB levels', levels(ctx)),
            card('Forecast', forecast()),
        ),
        card(
            'Collateral in force',
            roots.length
                ? lives(ctx, roots)
                : empty(
                      'The node does not serve the dates of its collateral.',
                      'A report has them (assay report --html FILE); assay collateral show prints them.',
                  ),
            {
                note:
                    model.status.changes &&
                    h(
                        'span',
                        {},
                        roots.length > 0 && 'filled: the part of its validity that is over; ',
                        'digest ',
                        ident(model.status.changes.endorsements_digest, 'the digest'),
                    ),
            },
        ),
        roots.length > 0 && card('Expiries, the first first', expiries(ctx, roots)),
        news.length > 0 && card('Events of collateral', events(ctx, news)),
    );
}
