// views/epochs.js - epoch by epoch, node by node; and the sums of one of them.
import { h } from '../dom.js';
import { clean, count, percent } from '../format.js';
import { capital, epochText, findNode, nameOf, tally } from '../model.js';
import { STANDINGS, badge, mark, standingOf } from '../shapes.js';
import { canvas, colour } from '../charts.js';
import { card, empty, page, select, table } from '../parts.js';

const ROWS_MAX = 48;

function sizes(width, columns, rows) {
    const side = width < 560 ? 78 : 116,
        cell = Math.max(6, Math.min(22, Math.floor((width - side) / Math.max(24, columns))));
    return {
        side,
        cell,
        high: rows > 120 ? 4 : rows > 40 ? 8 : 20,
        head: 26,
        shown: Math.max(1, Math.floor((width - side) / cell)),
    };
}
const gridHeight = (rows, s) => s.head + rows * s.high + 4;

const grid = canvas(
    (ctx, w, height, { epochs, nodes, at }) => {
        const s = sizes(w, epochs.length, nodes.length),
            shown = epochs.slice(-s.shown),
            muted = colour('muted'),
            tones = {};
        const tone = (name) => (tones[name] ||= colour(name));
        ctx.font = '12px system-ui, sans-serif';
        ctx.textBaseline = 'middle';
        nodes.forEach((n, i) => {
            if (s.high < 12) return;
            ctx.fillStyle = at.slot === n.slot ? colour('ink') : muted;
            ctx.textAlign = 'right';
            let name = nameOf(n);
            while (name.length > 2 && ctx.measureText(name).width > s.side - 12)
                name = name.slice(0, -2) + '\u2026';
            ctx.fillText(name, s.side - 8, s.head + i * s.high + s.high / 2);
        });
        shown.forEach((e, c) => {
            const x = s.side + c * s.cell;
            if (e.epoch % (s.cell > 14 ? 5 : 10) === 0) {
                ctx.fillStyle = muted;
                ctx.textAlign = 'center';
                ctx.fillText(String(e.epoch), x + s.cell / 2, 8);
            }
            if (!e.certified) {
                ctx.fillStyle = tone('warning');
                ctx.fillRect(x, s.head - 7, s.cell - 1, 4);
            }
            nodes.forEach((n, i) => {
                const m = e.at.get(n.slot),
                    y = s.head + i * s.high;
                if (!m) return;
                ctx.fillStyle = tone(standingOf(m.standing).tone);
                const level = STANDINGS.indexOf(m.standing),
                    gap = s.high > 6 ? 1 : 0;
                // Height tells as colour does: the lower the standing, the less of the square is filled.
                const part = [1, 0.72, 0.46, 0.24][level] ?? 0.1,
                    full = s.high - gap;
                ctx.globalAlpha = 0.14;
                ctx.fillRect(x, y, s.cell - 1, full);
                ctx.globalAlpha = 1;
                ctx.fillRect(x, y + full * (1 - part), s.cell - 1, full * part);
            });
            if (e.epoch === at.epoch) {
                ctx.strokeStyle = colour('focus');
                ctx.lineWidth = 2;
                ctx.strokeRect(x - 0.5, s.head - 1.5, s.cell, nodes.length * s.high + 2);
            }
        });
    },
    ({ epochs, nodes }, w) => gridHeight(nodes.length, sizes(w, epochs.length, nodes.length)),
);

function inspector(ctx, epoch, before, node) {
    const row = epoch.at.get(node.slot);
    if (!row) return empty(`${nameOf(node)} was no member in ${epochText(ctx.model, epoch.epoch)}.`);
    const was = before?.at.get(node.slot),
        t = tally(row, was, epoch.certified);
    const check =
        t.agrees === null
            ? h(
                  'span',
                  { class: 'muted' },
                  'The epoch before is not stored here: the change cannot be computed again.',
              )
            : t.agrees
              ? h('span', { class: 'verdict v-match' }, 'Computed again in this page from these bounds: the same result.')
              : h(
                    'span',
                    { class: 'verdict v-free' },
                    `Another rule decided here (${clean(row.availability_rule || row.reason || 'mute, unjudged or restart', 60)}): by votes alone it would be ${count(t.expected)}.`,
                );
    return [
        table(
            'Tally step by step',
            [
                ['Step', (s) => s.what, 'step'],
                ['How', (s) => h('span', { class: 'how' }, clean(s.how, 220))],
                ['Result', (s) => count(s.value), 'num'],
            ],
            t.steps,
            (s) => s.what,
        ),
        h('p', { class: 'note', role: 'status' }, check),
    ];
}

// Of many nodes those that moved most: members that were always FULL are one sentence, not four hundred rows.
function rowsOf(model, chosen) {
    if (model.nodes.length <= ROWS_MAX) return model.nodes;
    const low = new Map(model.nodes.map((n) => [n.slot, n.score_bp]));
    for (const e of model.epochs)
        for (const m of e.at.values()) if (m.score_bp < (low.get(m.slot) ?? 0)) low.set(m.slot, m.score_bp);
    const rows = [...model.nodes]
        .sort((a, b) => low.get(a.slot) - low.get(b.slot) || a.slot - b.slot)
        .slice(0, ROWS_MAX / 2);
    if (chosen && !rows.includes(chosen)) rows.push(chosen);
    return rows.sort((a, b) => a.slot - b.slot);
}

export function epochsView(ctx) {
    const { model, query } = ctx,
        { epochs, nodes } = model;
    if (epochs.length === 0) return page('Epochs', null, empty('No closed epoch is stored here yet.'));
    const index = query.e ? epochs.findIndex((e) => String(e.epoch) === query.e) : -1,
        i = index < 0 ? epochs.length - 1 : index,
        epoch = epochs[i];
    const members = nodes.filter((n) => epoch.at.has(n.slot));
    const lowest = [...members].sort(
        (a, b) => epoch.at.get(a.slot).score_bp - epoch.at.get(b.slot).score_bp,
    )[0];
    const node = findNode(model, query.n || '') || lowest || nodes[0];
    const at = { epoch: epoch.epoch, slot: node?.slot },
        drawn = rowsOf(model, node);
    const move = (by) => {
        const to = epochs[Math.max(0, Math.min(epochs.length - 1, i + by))];
        ctx.set({ e: to.epoch });
    };
    const pick = (e) => {
        const box = e.currentTarget.getBoundingClientRect(),
            s = sizes(box.width, epochs.length, drawn.length),
            shown = epochs.slice(-s.shown);
        const c = Math.floor((e.clientX - box.left - s.side) / s.cell),
            r = Math.floor((e.clientY - box.top - s.head) / s.high);
        if (c < 0 || c >= shown.length) return;
        ctx.set({ e: shown[c].epoch, n: drawn[r] ? drawn[r].name : query.n });
    };
    const keys = (e) => {
        const row = nodes.indexOf(node);
        if (e.key === 'ArrowLeft') move(-1);
        else if (e.key === 'ArrowRight') move(1);
        else if (e.key === 'ArrowUp' && row > 0) ctx.set({ n: nodes[row - 1].name });
        else if (e.key === 'ArrowDown' && row < nodes.length - 1) ctx.set({ n: nodes[row + 1].name });
        else return;
        e.preventDefault();
    };
    const held = epochs.filter((e) => !e.certified).length;
    return page(
        'Epochs',
        `${epochs.length} closed epochs, ${held ? `${held} of them held: nothing moved in those` : 'every one certified'}.`,
        h(
            'div',
            { class: 'card epochcard' },
            h(
                'div',
                {
                    class: 'board',
                    tabindex: 0,
                    role: 'application',
                    'aria-label':
                        'Standings by epoch and node; left and right choose the epoch, up and down the node',
                    onkeydown: keys,
                    onclick: pick,
                },
                h('canvas', { 'aria-hidden': 'true', hook: { ...grid, data: { epochs, nodes: drawn, at } } }),
            ),
            drawn.length < nodes.length &&
                h(
                    'p',
                    { class: 'note' },
                    `The ${drawn.length} nodes of ${nodes.length} with the lowest scores; choose any other below.`,
                ),
            h(
                'ul',
                { class: 'keyed' },
                STANDINGS.map((s) => h('li', { key: s }, mark(s), standingOf(s).word)),
                h('li', { key: 'held' }, h('i', { class: 'held' }), 'held: not certified'),
                h('li', { key: 'fill', class: 'muted' }, 'the lower, the less is filled'),
            ),
        ),
        h(
            'div',
            { class: 'bar' },
            h(
                'div',
                { class: 'seg', role: 'group', 'aria-label': 'Epoch' },
                h(
                    'button',
                    { type: 'button', 'aria-label': 'Epoch before', onclick: () => move(-1) },
                    '\u2190',
                ),
                h(
                    'button',
                    { type: 'button', 'aria-label': 'Epoch after', onclick: () => move(1) },
                    '\u2192',
                ),
            ),
            select(
                'Epoch',
                epochs
                    .slice(-256)
                    .map((e) => [String(e.epoch), `${epochText(model, e.epoch).slice(6)}${e.certified ? '' : ', held'}`])
                    .reverse(),
                String(epoch.epoch),
                (e) => ctx.set({ e }),
            ),
            node &&
                select(
                    'Node',
                    nodes.map((n) => [n.name, nameOf(n)]),
                    node.name,
                    (n) => ctx.set({ n }),
                ),
        ),
        node &&
            h(
                'div',
                { class: 'grid two' },
                card(
                    `${capital(epochText(model, epoch.epoch))}: the tally`,
                    inspector(ctx, epoch, epochs[i - 1], node),
                    { note: nameOf(node) },
                ),
                card(
                    `${capital(epochText(model, epoch.epoch))}: all members`,
                    table(
                        'Members in this epoch',
                        [
                            [
                                'Node',
                                (n) =>
                                    h(
                                        'a',
                                        {
                                            href: ctx.address('epochs', {
                                                ...query,
                                                e: epoch.epoch,
                                                n: n.name,
                                            }),
                                        },
                                        h('bdi', {}, nameOf(n)),
                                    ),
                                'name',
                            ],
                            ['Standing', (n) => badge(epoch.at.get(n.slot).standing)],
                            ['Score', (n) => percent(epoch.at.get(n.slot).score_bp), 'num'],
                            ['For', (n) => count(epoch.at.get(n.slot).positive_bp), 'num w2'],
                            ['Against', (n) => count(epoch.at.get(n.slot).negative_bp), 'num'],
                        ],
                        members.length > 30
                            ? [...members]
                                  .sort(
                                      (a, b) =>
                                          epoch.at.get(a.slot).score_bp - epoch.at.get(b.slot).score_bp ||
                                          a.slot - b.slot,
                                  )
                                  .slice(0, 20)
                            : members,
                        (n) => n.slot,
                    ),
                    {
                        note:
                            members.length > 30
                                ? `the lowest 20 of ${members.length}`
                                : epoch.certified
                                  ? 'certified'
                                  : 'held',
                    },
                ),
            ),
    );
}
