// figures.js - what reports of simulations draw: lines with bands, bars, standings by epoch, plans.
import { h } from './dom.js';
import { clean, count, percent } from './format.js';
import { canvas, colour } from './charts.js';
import { card, lineChart, twin } from './parts.js';
import { STANDINGS, standingOf } from './shapes.js';
import { siText } from './simulation.js';

export const COLOURS = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'];

// Lines that are hidden stand in the address: ?off=scores.1-weight.0
const hidden = (ctx) =>
    new Set(
        String(ctx.query.off || '')
            .split('-')
            .filter(Boolean),
    );
function toggle(ctx, key) {
    const off = hidden(ctx);
    if (!off.delete(key)) off.add(key);
    ctx.set({ off: [...off].join('-') });
}

// One card with lines over epochs or an axis. lines: [{ label, column: { middle, low, high }, dash, colour }].
export function chart(ctx, id, title, about, x, lines, { cls, ...options } = {}) {
    const off = hidden(ctx),
        step = ctx.model.epochs?.step;
    // A point may stand for several epochs.
    const at =
        step > 1 ? { at: (i) => `${x[i]} to ${Math.min(ctx.model.epochs.last, x[i] + step - 1)}` } : {};
    const series = lines.map((l, i) => ({
        label: l.label,
        values: l.column.middle,
        ...(l.column.low ? { low: l.column.low, high: l.column.high } : {}),
        colour: l.colour || COLOURS[i % COLOURS.length],
        dash: l.dash,
        wide: l.dash ? 90 : 28,
        dots: l.dots,
        gaps: true,
        off: off.has(`${id}.${i}`),
    }));
    return card(
        title,
        lineChart(ctx, id, title, x, series, {
            max: 0,
            zero: true,
            unit: siText,
            even: true,
            words: true,
            ...at,
            ontoggle: lines.length > 1 ? (i) => toggle(ctx, `${id}.${i}`) : undefined,
            ...options,
        }),
        { note: about, key: id, cls },
    );
}

export const perCent = {
    unit: (v) => (v === null || v === undefined ? '\u2013' : percent(v, 2)),
    tick: (v) => percent(v),
    max: 10000,
};

// ------------------------------------------------------------ bars

// groups: [{ label, bars: [{ label, value, low, high, text }] }]; a bar that never came is a dash.
export function bars(title, groups, { mark, max = 0 } = {}) {
    const top =
        Math.max(
            max,
            ...(mark ? [mark.value] : []),
            ...groups.flatMap((g) => g.bars.flatMap((b) => [b.value ?? 0, b.high ?? 0])),
        ) || 1;
    const at = (v) => Math.max(0, Math.min(100, (100 * v) / top)).toFixed(2) + '%';
    const one = (b, k) =>
        h(
            'li',
            { key: k },
            h('span', { class: 'blabel' }, clean(b.label, 60)),
            h(
                'span',
                { class: 'btrack', 'aria-hidden': 'true' },
                b.value !== null &&
                    h('i', { style: { width: at(b.value), background: `var(--${b.colour})` } }),
                b.value !== null &&
                    b.low !== null &&
                    b.low !== undefined &&
                    b.high > b.low &&
                    h('u', { style: { left: at(b.low), right: `calc(100% - ${at(b.high)})` } }),
                mark && h('em', { style: { left: at(mark.value) } }),
            ),
            h('b', { class: 'num' }, b.text),
        );
    return h(
        'div',
        { class: 'bars', role: 'group', 'aria-label': title },
        groups.map((g, i) => [
            g.label && h('h3', { key: 'h' + i }, h('bdi', {}, clean(g.label, 60))),
            h('ul', { key: 'u' + i }, g.bars.map(one)),
        ]),
        mark && h('p', { class: 'note', key: 'mark' }, clean(mark.label, 120)),
    );
}

// ------------------------------------------------------------ standings by epoch

const HEAD = 26,
    ROW = 62;

// A ground that tells as colour does: the lower the standing, the denser the strokes.
function ground(ctx, tone) {
    const tile = document.createElement('canvas'),
        t = tile.getContext('2d'),
        strokes = { full: 0, warning: 1, restricted: 2, suspended: 3 }[tone] || 0;
    tile.width = tile.height = 8;
    t.fillStyle = colour(tone);
    t.fillRect(0, 0, 8, 8);
    t.strokeStyle = colour('surface');
    t.lineWidth = 1.2;
    t.beginPath();
    for (const d of [-8, 0, 8]) {
        if (strokes === 1) {
            t.moveTo(d, 4);
            t.lineTo(d + 3, 4);
        }
        if (strokes >= 2) {
            t.moveTo(d, 8);
            t.lineTo(d + 8, 0);
        }
        if (strokes === 3) {
            t.moveTo(d, 0);
            t.lineTo(d + 8, 8);
        }
    }
    t.stroke();
    return ctx.createPattern(tile, 'repeat');
}

// Epochs between two that are named: a round number, whatever a point stands for.
function tickOf(rough) {
    const power = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
    return [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough) || 10 * power;
}

const standingsBoard = canvas(
    (ctx, w, height, { x, step, rows, held }) => {
        const side = w < 560 ? 82 : 128,
            wide = (w - side) / Math.max(1, x.length),
            muted = colour('muted'),
            fills = Object.fromEntries(STANDINGS.map((s) => [s, ground(ctx, standingOf(s).tone)]));
        ctx.font = '12px system-ui, sans-serif';
        ctx.textBaseline = 'middle';
        ctx.fillStyle = muted;
        const every = tickOf((x.length * step * 56) / Math.max(1, w - side));
        x.forEach((epoch, i) => {
            const left = Math.round(side + i * wide),
                right = Math.round(side + (i + 1) * wide);
            ctx.fillStyle = muted;
            ctx.textAlign = 'center';
            const middle = side + (i + 0.5) * wide;
            const named = Math.ceil(epoch / every) * every; // the round one among the epochs of this point
            if (named < epoch + step && middle + 16 < w) ctx.fillText(String(named), middle, 8);
            if (held[i] > 0) {
                ctx.fillStyle = colour('ink');
                ctx.globalAlpha = Math.max(0.35, held[i]);
                ctx.fillRect(left, HEAD - 8, Math.max(1, right - left - (wide > 6 ? 1 : 0)), 4);
                ctx.globalAlpha = 1;
            }
        });
        rows.forEach((row, r) => {
            const top = HEAD + r * ROW,
                tall = ROW - 10;
            ctx.fillStyle = colour('ink');
            ctx.textAlign = 'right';
            let name = clean(row.name, 40);
            while (name.length > 2 && ctx.measureText(name).width > side - 12)
                name = name.slice(0, -2) + '\u2026';
            ctx.fillText(name, side - 8, top + tall / 2 - 8);
            ctx.fillStyle = muted;
            ctx.fillText(count(row.members), side - 8, top + tall / 2 + 8);
            x.forEach((_, i) => {
                const parts = STANDINGS.map((s) => row.at[s][i] || 0),
                    all = parts.reduce((a, b) => a + b, 0);
                const left = Math.round(side + i * wide),
                    right = Math.round(side + (i + 1) * wide);
                let y = top + tall;
                STANDINGS.forEach((s, k) => {
                    if (!(all > 0) || !parts[k]) return;
                    const part = (tall * parts[k]) / all;
                    ctx.fillStyle = fills[s];
                    ctx.fillRect(left, y - part, Math.max(1, right - left - (wide > 6 ? 1 : 0)), part);
                    y -= part;
                });
            });
        });
    },
    ({ rows }) => HEAD + rows.length * ROW + 2,
);

const NAMES = { FULL: 'full', WARNING: 'warning', RESTRICTED: 'restricted', SUSPENDED: 'suspended' };

export function standings(model) {
    const e = model.epochs;
    const rows = model.present.map((c) => ({
        name: c.name,
        members: c.members,
        at: Object.fromEntries(STANDINGS.map((s) => [s, e.cohorts[c.index][NAMES[s]].middle])),
    }));
    const pick = e.x.map((_, i) => i).filter((i) => i % Math.max(1, Math.ceil(e.x.length / 60)) === 0);
    return [
        h(
            'div',
            { class: 'board standingsboard' },
            h('canvas', {
                role: 'img',
                'aria-label': `Members by standing in every epoch, of ${count(rows.length)} cohorts; the numbers are in the table below`,
                hook: { ...standingsBoard, data: boardData(model, rows) },
            }),
        ),
        h(
            'ul',
            { class: 'keyed' },
            STANDINGS.map((s) =>
                h('li', { key: s }, h('i', { class: 'ground g-' + standingOf(s).tone }), standingOf(s).word),
            ),
            e.held.some((v) => v > 0) &&
                h('li', { key: 'held' }, h('i', { class: 'heldkey' }), 'held: no certified tally'),
        ),
        twin(
            'Members by standing',
            [
                ['Epoch', (i) => e.x[i], 'num'],
                ...rows.flatMap((row) =>
                    STANDINGS.map((s) => [
                        `${clean(row.name, 24)}: ${standingOf(s).word.toLowerCase()}`,
                        (i) => siText(row.at[s][i] ?? NaN),
                        'num',
                    ]),
                ),
            ],
            pick,
        ),
    ];
}

// The same rows again are the same object: a canvas is redrawn when its data are others.
const boards = new WeakMap();
function boardData(model, rows) {
    if (!boards.has(model))
        boards.set(model, { x: model.epochs.x, step: model.epochs.step, rows, held: model.epochs.held });
    return boards.get(model);
}

// ------------------------------------------------------------ what was planned

const KIND = {
    attack: 's2',
    partition: 's4',
    crash: 's7',
    clock: 's5',
    change: 's1',
    collateral: 's6',
    era: 's8',
    heal: 's3',
};

export function schedule(model) {
    const last = Math.max(1, Number(model.network.epochs) || 1, model.epochs.last || 0),
        at = (epoch) => Math.max(0, Math.min(100, (100 * (epoch - 1)) / last));
    return h(
        'ul',
        { class: 'plan' },
        model.schedule.slice(0, 128).map((s, i) => {
            const from = Number.isFinite(s.from) ? s.from : 1,
                to = Number.isFinite(s.to) ? Math.max(s.to, from) : last,
                when =
                    s.to === from
                        ? `epoch ${count(from)}`
                        : `epochs ${count(from)} to ${Number.isFinite(s.to) ? count(to) : 'the end'}`;
            return h(
                'li',
                { key: i },
                h(
                    'span',
                    { class: 'pwhat' },
                    s.who && h('b', {}, h('bdi', {}, clean(s.who, 40)), ': '),
                    h('bdi', {}, clean(s.what, 120)),
                ),
                h(
                    'span',
                    { class: 'ptrack', 'aria-hidden': 'true' },
                    h('i', {
                        style: {
                            left: at(from) + '%',
                            width: Math.max(0.6, at(to + 1) - at(from)) + '%',
                            background: `var(--${KIND[s.kind] || 's8'})`,
                        },
                    }),
                ),
                h('span', { class: 'muted' }, s.kind === 'heal' ? `from epoch ${count(from)}` : when),
            );
        }),
    );
}
