// views/overview.js - the headline with what to do, then standings, scores and events.
import { h } from '../dom.js';
import { ROWS_MAX, headline } from '../attention.js';
import { clean, count, names, percent, plural, short, span } from '../format.js';
import { conditionOf, counts, describe, everBelow, nameOf, spareFaults, spread } from '../model.js';
import { CONDITIONS, STANDINGS, eventTone, mark, standingOf } from '../shapes.js';
import { canvas, colour } from '../charts.js';
import { authorityTile } from '../authority.js';
import { card, command, empty, events, lineChart, nodeLink, stat } from '../parts.js';

const BOUNDS = [
    [9000, 'full'],
    [7500, 'warning'],
    [5000, 'restricted'],
];
const LINES_MAX = 8;

// One mark a node over a scale from 0 to 100; marks that would lie on each other are stacked.
const strip = canvas(
    (ctx, w, height, nodes) => {
        const left = 12,
            right = w - 12,
            base = height - 26,
            x = (bp) => left + ((right - left) * bp) / 10000;
        ctx.font = '12px system-ui, sans-serif';
        ctx.textAlign = 'center';
        ctx.strokeStyle = colour('line');
        ctx.fillStyle = colour('muted');
        for (const bp of [0, 2500, 5000, 7500, 9000, 10000]) {
            const bound = BOUNDS.some(([b]) => b === bp);
            ctx.setLineDash(bound ? [4, 4] : []);
            ctx.globalAlpha = bound ? 1 : 0.6;
            ctx.beginPath();
            ctx.moveTo(x(bp), 4);
            ctx.lineTo(x(bp), base + 4);
            ctx.stroke();
            ctx.globalAlpha = 1;
            ctx.fillText(String(bp / 100), x(bp), height - 8);
        }
        ctx.setLineDash([]);
        const r = nodes.length > 200 ? 3 : nodes.length > 60 ? 4 : 6,
            cell = 2 * r + 2,
            piles = new Map(),
            tones = {};
        for (const n of [...nodes].sort((a, b) => a.score_bp - b.score_bp || a.slot - b.slot)) {
            const tone = standingOf(conditionOf(n)).tone,
                slot = Math.round(x(n.score_bp || 0) / cell),
                high = piles.get(slot) || 0;
            piles.set(slot, high + 1);
            const y = base - r - high * cell,
                px = Math.min(right, Math.max(left, slot * cell));
            if (y < 20) continue;
            ctx.fillStyle = tones[tone] ||= colour(tone);
            shape(ctx, conditionOf(n), px, y, r, tones[tone]);
        }
        ctx.fillStyle = colour('ink');
        for (const [slot, high] of piles) {
            const fit = Math.floor((base - r - 20) / cell) + 1;
            if (high > fit) ctx.fillText(`+${high - fit}`, Math.min(right - 10, slot * cell), 10);
        }
    },
    (nodes) => {
        const byScore = new Map();
        for (const n of nodes)
            byScore.set(
                Math.round((n.score_bp || 0) / 150),
                (byScore.get(Math.round((n.score_bp || 0) / 150)) || 0) + 1,
            );
        const r = nodes.length > 200 ? 3 : nodes.length > 60 ? 4 : 6;
        return Math.min(260, Math.max(84, 40 + Math.max(0, ...byScore.values()) * (2 * r + 2)));
    },
);

function shape(ctx, standing, x, y, r, tone) {
    ctx.beginPath();
    if (standing === 'WARNING') {
        ctx.moveTo(x, y - r);
        ctx.lineTo(x + r, y + r);
        ctx.lineTo(x - r, y + r);
    } else if (standing === 'RESTRICTED' || standing === 'MAINTENANCE') {
        ctx.moveTo(x, y - r);
        ctx.lineTo(x + r, y);
        ctx.lineTo(x, y + r);
        ctx.lineTo(x - r, y);
    } else if (standing === 'SUSPENDED' || standing === 'DRAINED') ctx.rect(x - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1);
    else ctx.arc(x, y, r - (standing === 'OFFLINE' ? 1 : 0), 0, 7);
    if (STANDINGS.includes(standing)) return ctx.fill();
    ctx.closePath();
    ctx.lineWidth = 1.6;
    ctx.strokeStyle = tone;
    ctx.stroke();
}

// One row: the member or the subject, what is wrong since when, the way back, and one action.
function rowOf(ctx, r) {
    const when = [
        r.since && `since ${r.since}`,
        r.back && `back: ${r.back}`,
        r.expires && `expires after ${r.expires}`,
    ]
        .filter(Boolean)
        .join('; ');
    return h(
        'li',
        { key: r.key, class: r.network ? 'network' : '' },
        h(
            'div',
            { class: 'who' },
            r.title
                ? h('b', {}, r.condition && mark(r.condition), h('bdi', {}, r.title))
                : r.node
                  ? nodeLink(ctx, r.node)
                  : h('b', {}, 'This network'),
            r.members && h('span', { class: 'muted' }, h('bdi', {}, names(r.members.map(nameOf), 5))),
            !r.title &&
                r.node?.operator &&
                h('span', { class: 'muted' }, 'operator ', h('bdi', {}, clean(r.node.operator, 32))),
        ),
        h(
            'div',
            { class: 'wrong' },
            r.what && h('p', {}, h('bdi', {}, r.what)),
            when && h('p', { class: 'muted' }, when[0].toUpperCase() + when.slice(1)),
        ),
        !ctx.past && h(
            'div',
            { class: 'act' },
            r.do && h('p', {}, r.do),
            command(r.command),
            r.runbook && h('p', { class: 'muted' }, 'Runbook: ', h('code', {}, `docs/runbooks/${r.runbook}.md`)),
        ),
    );
}

function hero(ctx) {
    const s = headline(ctx.model, ctx.link),
        rest = s.rows.length - ROWS_MAX;
    return h(
        'section',
        { class: 'hero h-' + s.tone + (s.head.length > 90 ? ' long' : ''), 'aria-live': 'polite' },
        h('h1', {}, h('bdi', {}, s.head)),
        s.rows.length > 0 && h('ul', { class: 'needs' }, s.rows.slice(0, ROWS_MAX).map((r) => rowOf(ctx, r))),
        rest > 0 && h('a', { class: 'button', href: ctx.address('fleet') }, `${count(rest)} more in the fleet`),
        s.text && h('p', {}, h('bdi', {}, s.text)),
    );
}

function standings(ctx) {
    const { nodes } = ctx.model,
        by = counts(nodes),
        shown = CONDITIONS.filter((s) => by[s] || STANDINGS.includes(s));
    return card(
        'Standing',
        [
            h(
                'div',
                {
                    class: 'stack',
                    role: 'img',
                    'aria-label': shown.map((s) => `${by[s]} ${s.toLowerCase()}`).join(', '),
                },
                shown.filter((s) => by[s]).map((s) =>
                    h('i', {
                        key: s,
                        class: 't-' + standingOf(s).tone,
                        style: { 'flex-grow': String(by[s]) },
                    }),
                ),
            ),
            h(
                'ul',
                { class: 'tally' },
                shown.map((s) =>
                    h(
                        'li',
                        { key: s },
                        h(
                            'a',
                            { href: ctx.address('fleet', { standing: s }), class: by[s] ? '' : 'zero' },
                            mark(s),
                            h('b', {}, count(by[s])),
                            h('span', {}, standingOf(s).word),
                        ),
                    ),
                ),
            ),
        ],
        { cls: 'c-standing' },
    );
}

// Of all that evidence is judged by, what expires first.
function firstEnd(ctx) {
    const roots = ctx.model.docs.collateral?.roots,
        list = Array.isArray(roots) ? roots.filter((r) => Number.isFinite(Date.parse(r.until))) : [];
    const first = list.sort((a, b) => Date.parse(a.until) - Date.parse(b.until))[0];
    return first
        ? {
              ms: Date.parse(first.until) - (ctx.link.at || Date.now()),
              name: clean(first.name || short(first.root, 8), 24),
          }
        : null;
}

function tiles(ctx) {
    const { model } = ctx,
        { status } = model,
        ends = ctx.past ? null : firstEnd(ctx);
    const recent = model.epochs.slice(-20),
        good = recent.filter((e) => e.certified).length,
        t = status.tolerance,
        spare = spareFaults(status);
    const f = status.finality,
        present = status.closing;
    return h(
        'dl',
        { class: 'stats' },
        t &&
            stat(
                'Faults tolerated',
                spare === null ? '\u2013' : count(spare),
                `${count(t.members_stop)} may fail, ${count(t.members_break)} may be Byzantine`,
            ),
        present &&
            stat(
                'Reachable',
                percent(status.total_weight ? (10000 * present.present_weight) / status.total_weight : NaN),
                'of the weight; two thirds are required',
            ),
        recent.length > 0 &&
            stat(
                'Epochs certified',
                `${good} of ${recent.length}`,
                status.epoch_ms ? `one every ${span(status.epoch_ms)}` : 'of the newest',
            ),
        f &&
            stat(
                'Finality',
                f.samples ? span(f.p50_us / 1000) : '\u2013',
                f.samples ? `99 % within ${span(f.p99_us / 1000)}` : 'not measured yet',
            ),
        ends &&
            stat(
                'Collateral',
                ends.ms > 0 ? span(ends.ms) : 'expired',
                ends.ms > 0 ? `then that of ${ends.name} expires` : `scores of ${ends.name} do not move`,
            ),
        authorityTile(ctx),
        status.clock &&
            stat(
                'This clock',
                status.clock.known ? (status.clock.off ? 'off' : 'in sync') : 'unknown',
                status.clock.known
                    ? `${span(status.clock.ahead_ms || 0)} from the others`
                    : 'too few members report their date',
            ),
    );
}

// Few nodes: a line each. Many: the middle, the tenth from below, and the lowest ones now.
export function scoreLines(ctx, id) {
    const { nodes, epochs } = ctx.model,
        shown = epochs.slice(-240);
    if (shown.length < 2) return empty('No history yet: each epoch adds a point.');
    const x = shown.map((e) => e.epoch),
        of = (slot) => shown.map((e) => e.at.get(slot)?.score_bp ?? null);
    const below = everBelow(epochs),
        moved = nodes.filter((n) => below.has(n.slot));
    const still = nodes.length - moved.length;
    let series, note;
    if (moved.length <= LINES_MAX) {
        series = moved.map((n) => ({ label: nameOf(n), values: of(n.slot) }));
        note = still
            ? `${still === nodes.length ? 'All' : 'The other'} ${plural(still, 'node')} had a score of 100\u202f% in all of these epochs.`
            : '';
        if (series.length === 0) series = [{ label: 'every node', values: shown.map(() => 10000) }];
    } else {
        const spreads = shown.map(spread),
            low = [...nodes].sort((a, b) => a.score_bp - b.score_bp || a.slot - b.slot).slice(0, 5);
        series = [
            { label: 'median', values: spreads.map((s) => s.mid), width: 2.5 },
            { label: 'lowest tenth', values: spreads.map((s) => s.p10), dash: [6, 4] },
            ...low.map((n) => ({ label: nameOf(n), values: of(n.slot) })),
        ];
        note = 'The median, the lowest tenth, and the five nodes with the lowest scores now.';
    }
    return lineChart(ctx, id, 'Scores by epoch', x, series, { bounds: BOUNDS, note });
}

export function overview(ctx) {
    const { model } = ctx;
    if (model.nodes.length === 0) return [hero(ctx)];
    const notable = [...model.events]
        .reverse()
        .filter((e) => eventTone(e) !== 'quiet' && e.event !== 'evidence_missing');
    return [
        hero(ctx),
        tiles(ctx),
        h(
            'div',
            { class: 'grid overview' },
            standings(ctx),
            card(
                ctx.past ? 'Scores then' : 'Scores now',
                h(
                    'div',
                    { class: 'strip' },
                    h('canvas', {
                        role: 'img',
                        'aria-label':
                            model.nodes.length > 12
                                ? `${model.nodes.length} scores; the fleet lists them`
                                : model.nodes.map(describe).join('; '),
                        hook: { ...strip, data: model.nodes },
                    }),
                ),
                { cls: 'c-strip', note: 'one mark a node; dashed: bounds of the standings' },
            ),
            card('Scores by epoch', scoreLines(ctx, 'scores'), { cls: 'c-lines' }),
            card(
                'What happened',
                [
                    events(ctx, notable, { max: 6 }),
                    h('a', { class: 'button', href: ctx.address('audit') }, 'All events'),
                ],
                { cls: 'c-events' },
            ),
        ),
    ];
}
