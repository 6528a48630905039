// parts.js - pieces that several views are made of.
import { h } from './dom.js';
import { clean, date, percent, second, short } from './format.js';
import { lines } from './charts.js';
import { saveTable } from './export.js';
import { eventMark, eventTone, mark, standingOf } from './shapes.js';
import { conditionOf, happened, nameOf, nowOf } from './model.js';

export const page = (title, lead, ...body) => [
    h('div', { class: 'head' }, h('h1', {}, title), lead && h('p', { class: 'lead' }, lead)),
    body,
];

export const card = (title, body, { note, cls, key } = {}) =>
    h(
        'section',
        { class: 'card ' + (cls || ''), key },
        h('div', { class: 'cardhead' }, h('h2', {}, title), note && h('p', { class: 'note' }, note)),
        body,
    );

export const empty = (text, how) =>
    h('div', { class: 'empty' }, h('p', {}, text), how && h('p', { class: 'muted' }, how));

export const stat = (label, value, note, extra) =>
    h(
        'div',
        { class: 'stat' },
        h('dt', {}, label),
        h('dd', {}, h('b', {}, value), note && h('span', {}, note), extra),
    );

export const nodeLink = (ctx, node) =>
    h(
        'a',
        { class: 'node', href: ctx.address(ctx.nodePath(node)) },
        mark(conditionOf(node)),
        h('bdi', {}, nameOf(node)),
    );

export const facts = (rows) =>
    h(
        'dl',
        { class: 'facts' },
        rows
            .filter(Boolean)
            .map(([what, value, note]) =>
                h(
                    'div',
                    { key: what },
                    h('dt', {}, what),
                    h('dd', {}, value, note && h('span', { class: 'muted' }, ' ', note)),
                ),
            ),
    );

export const code = (text) => h('code', { class: 'hex' }, clean(text, 400));

// Pages of networks have no clipboard where they come over plain HTTP: a selection has to do.
async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        const box = document.createElement('textarea');
        box.value = text;
        document.body.append(box);
        box.select();
        document.execCommand('copy');
        box.remove();
    }
}

// A button that copies a value, whole, however much of it is shown.
export const copier = (text, what) =>
    h(
        'button',
        {
            class: 'copy',
            type: 'button',
            title: clean(text, 400),
            'aria-label': `Copy ${what}`,
            onclick: async ({ currentTarget: button }) => {
                await copyText(String(text));
                button.setAttribute('aria-label', `Copied ${what}`);
                button.classList.add('done');
                setTimeout(() => {
                    button.setAttribute('aria-label', `Copy ${what}`);
                    button.classList.remove('done');
                }, 1500);
            },
        },
        h(
            'svg',
            { width: 14, height: 14, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
            h('path', { class: 'idle', d: 'M6 2.5h7.5V10M2.5 6H10v7.5H2.5Z' }),
            h('path', { class: 'tick', d: 'M3 8.5 6.5 12 13 4.5' }),
        ),
    );

// An identifier or a measurement, whole; shown: what stands for it where there is little room.
export const ident = (text, what, shown) =>
    h('span', { class: 'ident' }, shown || code(text), text && copier(text, what));

// A text with its measurements and identifiers whole, each with a button that copies it.
export const reasoned = (text) =>
    text
        .split(/\b((?:[0-9a-f]{2}){16,}\b[,;.]?) ?/)
        .map((part, i) => {
            const [value, mark] = [part.replace(/[,;.]$/, ''), /[,;.]$/.exec(part)];
            return i % 2 ? h('span', { class: 'ident' }, code(value), mark && mark[0], copier(value, 'the value ' + short(value))) : part;
        });

// A scale from 0 to 100 with the bounds of the standings, and where this score is.
export function meter(node, width = 72) {
    const bp = node.score_bp || 0;
    return h(
        'span',
        {
            class: 'meter t-' + standingOf(conditionOf(node)).tone,
            style: { width: width + 'px' },
            'aria-hidden': 'true',
        },
        h('i', { style: { width: bp / 100 + '%' } }),
    );
}

// The last scores as one line.
export function spark(values, width = 84, height = 20) {
    if (values.length < 2) return null;
    const step = width / (values.length - 1),
        y = (v) => (height - 2 - (v / 10000) * (height - 4)).toFixed(1);
    return h(
        'svg',
        { class: 'spark', width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
        h('path', { d: 'M' + values.map((v, i) => `${(i * step).toFixed(1)} ${y(v)}`).join('L') }),
    );
}

export const segments = (label, options, value, onpick) =>
    h(
        'div',
        { class: 'seg', role: 'group', 'aria-label': label },
        options.map(([key, text]) =>
            h(
                'button',
                { key, type: 'button', 'aria-pressed': String(key === value), onclick: () => onpick(key) },
                text,
            ),
        ),
    );

export const select = (label, options, value, onpick) =>
    h(
        'label',
        { class: 'pick' },
        h('span', {}, label),
        h(
            'select',
            { value, onchange: (e) => onpick(e.target.value) },
            options.map(([key, text]) => h('option', { key, value: key }, text)),
        ),
    );

// A command to be run in a terminal, with a button that copies it.
export const command = (text) =>
    h('span', { class: 'command' }, h('code', {}, text), copier(text, 'the command ' + text));

// Buttons that save a table: rows() are all of it, also those that are not drawn.
export const saver = (caption, columns, rows) =>
    h(
        'p',
        { class: 'save' },
        'Save ',
        ['csv', 'json'].map((type) =>
            h(
                'button',
                {
                    key: type,
                    type: 'button',
                    'aria-label': `Save ${caption} as ${type.toUpperCase()}`,
                    onclick: () => saveTable(caption, type, columns, rows()),
                },
                type.toUpperCase(),
            ),
        ),
    );

// Rows as a table; columns: [title, cell(row), class]. all: the rows that are saved, where more are than shown.
export const table = (caption, columns, rows, keyOf, cls = '', all = rows) => [
    h(
        'div',
        { class: 'scroll ' + cls, tabindex: 0, role: 'region', 'aria-label': caption, key: 'table/' + caption },
        h(
            'table',
            {},
            h('caption', { class: 'hidden' }, caption),
            h(
                'thead',
                {},
                h(
                    'tr',
                    {},
                    columns.map(([title, , cls], k) =>
                        title
                            ? h('th', { scope: 'col', class: cls, key: k }, title)
                            : h('td', { class: cls, key: k }),
                    ),
                ),
            ),
            h(
                'tbody',
                {},
                rows.map((row, i) =>
                    h(
                        'tr',
                        { key: keyOf ? keyOf(row) : i },
                        columns.map(([title, cell, cls], k) =>
                            h('td', { class: cls, key: k, 'data-title': title || null }, cell(row)),
                        ),
                    ),
                ),
            ),
        ),
    ),
    rows.length > 0 && saver(caption, columns, () => all),
];

// The numbers below a drawing, for readers who cannot see it.
export const twin = (caption, columns, rows) =>
    h('details', { class: 'twin' }, h('summary', {}, 'View as table'), table(caption, columns, rows));

export function events(ctx, list, { max = 12, about = true } = {}) {
    if (list.length === 0) return empty('No important events yet.');
    return h(
        'ol',
        { class: 'events' },
        list.slice(0, max).map((e) => {
            const node = ctx.model.bySlot.get(e.slot),
                tone = eventTone(e);
            return h(
                'li',
                { key: e.first_seq, class: 'e-' + tone },
                eventMark(tone),
                h(
                    'span',
                    { class: 'when' },
                    h(
                        'time',
                        { datetime: new Date(e.at_unix_ms || 0).toISOString(), title: date(e.at_unix_ms) },
                        second(e.at_unix_ms, nowOf(ctx.model)),
                    ),
                    h('span', {}, 'epoch ' + e.epoch),
                ),
                h(
                    'span',
                    { class: 'what' },
                    h('bdi', {}, happened(e)),
                    about &&
                        node &&
                        h(
                            'a',
                            {
                                class: 'more',
                                href: ctx.address(ctx.nodePath(node)),
                                'aria-label': 'Open ' + nameOf(node),
                            },
                            'open',
                        ),
                ),
            );
        }),
    );
}

// ------------------------------------------------------------ lines over epochs

const chartHook = lines(248);
let reading = { chart: '', idx: null };
const PALETTE = ['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8'];

const ROWS_MAX = 60;
// Of many rows as many as are read, evenly, first and last among them.
const some = (n) =>
    n <= ROWS_MAX
        ? Array.from({ length: n }, (_, i) => i)
        : Array.from({ length: ROWS_MAX }, (_, i) => Math.round((i * (n - 1)) / (ROWS_MAX - 1)));
const between = (l, i, unit) =>
    l.low && l.low[i] !== l.high[i] && l.low[i] !== null ? ` (${unit(l.low[i])} to ${unit(l.high[i])})` : '';

// A key of the legend: a button where lines can be hidden.
function legendKey(l, value, ontoggle) {
    const inside = [
        h('i', { style: { background: `var(--${l.colour})` }, class: l.dash ? 'dash' : '' }),
        h('bdi', {}, clean(l.label, l.wide || 28)),
        h('b', {}, value),
    ];
    return h(
        'li',
        { key: l.label, class: l.off ? 'off' : '' },
        ontoggle
            ? h(
                  'button',
                  {
                      type: 'button',
                      'aria-pressed': String(!l.off),
                      title: 'Show or hide',
                      onclick: ontoggle,
                  },
                  inside,
              )
            : inside,
    );
}

// series: [{ label, values }]. One figure, its legend that reads out under the pointer, its numbers.
// axis: the name of x; at(i): what stands at one of them; even: the table has as many rows as are read; rows: those
// of the table; snap: lines have values at every so many-th x alone; now: the x that is read out without a pointer.
export function lineChart(
    ctx,
    id,
    title,
    x,
    series,
    {
        unit = (v) => percent(v),
        max = 10000,
        bounds = [],
        note,
        axis = 'epoch',
        at,
        even,
        rows,
        snap = 1,
        ontoggle,
        now = x.length - 1,
        ...more
    } = {},
) {
    const lines_ = series.map((s, i) => ({ width: 1.75, colour: PALETTE[i % PALETTE.length], ...s }));
    const text = at || ((i) => String(x[i]));
    const idx =
        reading.chart === id && reading.idx !== null && reading.idx < x.length ? reading.idx : now;
    const onread = (i) => {
        const next = Number.isInteger(i) ? Math.round(i / snap) * snap : null;
        if (reading.chart === id && reading.idx === next) return;
        reading = { chart: next === null ? '' : id, idx: next };
        ctx.draw();
    };
    const stamp =
        x.length +
        '/' +
        x[x.length - 1] +
        '/' +
        lines_.map((l) => `${l.values[now]} ${l.values.at(-1)}` + (l.off ? 'off' : '')).join() +
        (more.marks || []).join();
    const newest = x.map((_, i) => i).reverse();
    return h(
        'figure',
        { class: 'chart', key: id },
        h(
            'figcaption',
            {},
            h('span', { class: 'hidden' }, title + '. '),
            h(
                'ul',
                { class: 'legend' },
                lines_.map((l, i) => legendKey(l, unit(l.values[idx]), ontoggle && (() => ontoggle(i)))),
                h('li', { class: 'at' }, x.length ? `${axis} ${text(idx)}` : ''),
            ),
        ),
        h('div', {
            class: 'plot',
            role: 'img',
            'aria-label': `${title}, ${axis} ${text(0)} to ${text(x.length - 1)}; the numbers are in the table below`,
            hook: { ...chartHook, data: { x, lines: lines_, bounds, max, unit, onread, stamp, ...more } },
        }),
        note && h('p', { class: 'note' }, note),
        twin(
            title,
            [
                [axis[0].toUpperCase() + axis.slice(1), (i) => text(i), 'num'],
                ...lines_
                    .slice(0, 24)
                    .map((l) => [
                        clean(l.label, l.wide || 28),
                        (i) => unit(l.values[i]) + between(l, i, unit),
                        'num',
                    ]),
            ],
            rows || (even ? some(x.length) : newest.slice(0, 100)),
        ),
    );
}
