// views/topology.js - who stands on what: members packed by the vendor root or operator they depend on.
import { h } from '../dom.js';
import { count, percent, plural, short, span } from '../format.js';
import { conditionOf, describe, groups, nameOf, operatorName, rootName } from '../model.js';
import { standingOf } from '../shapes.js';
import { copier, empty, ident, page, segments, table, twin } from '../parts.js';

const PATH = {
    FULL: 'M0-1A1 1 0 1 1 0 1A1 1 0 1 1 0-1Z',
    WARNING: 'M0-1 1 .9H-1Z',
    RESTRICTED: 'M0-1.1 1.1 0 0 1.1-1.1 0Z',
    SUSPENDED: 'M-.85-.85H.85V.85H-.85Z',
    DRAINED: 'M-.85-.85H.85V.85H-.85ZM-.5-.5V.5H.5V-.5Z',
    MAINTENANCE: 'M0-1.1 1.1 0 0 1.1-1.1 0ZM0-.6-.6 0 0 .6 .6 0Z',
};

// What a title says is part of the name.
const toldOf = (node) =>
    describe(node) +
    (node.present === false && conditionOf(node) !== 'OFFLINE' ? '; unreachable' : '');

// A spiral of equal cells: dense, stable, and the heaviest in the middle.
function packed(list, size) {
    const spots = list.map((node, i) => {
        const r = size * 1.06 * Math.sqrt(i + 0.3),
            a = i * 2.399963;
        return { node, x: r * Math.cos(a), y: r * Math.sin(a) };
    });
    const mean = (key) => spots.reduce((sum, s) => sum + s[key], 0) / spots.length,
        x = mean('x'),
        y = mean('y');
    return spots.map((s) => ({ node: s.node, x: s.x - x, y: s.y - y }));
}

function cluster(ctx, group, size, total, third) {
    const list = [...group.nodes].sort((a, b) => (b.weight || 0) - (a.weight || 0) || a.slot - b.slot),
        spots = packed(list, size * 1.9);
    const radius = size * 1.9 + Math.max(size * 0.4, ...spots.map((s) => Math.hypot(s.x, s.y))),
        side = 2 * radius + 6;
    const most = Math.max(1, ...ctx.model.nodes.map((n) => n.weight || 0));
    return h(
        'li',
        { key: group.id, class: third ? 'heavy' : '' },
        h(
            'svg',
            {
                viewBox: `${-side / 2} ${-side / 2} ${side} ${side}`,
                width: side,
                height: side,
                role: 'group',
                'aria-label': `${plural(list.length, 'node')}, ${percent(total ? (10000 * group.weight) / total : 0)} of the weight`,
            },
            h('circle', { r: radius, class: 'hull' }),
            spots.map(({ node, x, y }) => {
                const scale = size * (0.55 + 0.45 * Math.sqrt((node.weight || 0) / most));
                return h(
                    'a',
                    {
                        key: node.slot,
                        tabindex: ctx.model.nodes.length > 64 ? -1 : null,
                        href: ctx.address(ctx.nodePath(node)),
                        'aria-label': toldOf(node),
                    },
                    h(
                        'g',
                        {
                            transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${scale.toFixed(2)})`,
                            class:
                                'spot t-' +
                                standingOf(conditionOf(node)).tone +
                                (node.present === false ? ' gone' : ''),
                        },
                        h('title', {}, toldOf(node)),
                        h('path', { d: PATH[conditionOf(node)] || PATH.FULL, 'fill-rule': 'evenodd' }),
                    ),
                );
            }),
        ),
        h(
            'p',
            {},
            h(
                'a',
                { href: ctx.address('fleet', { group: group.id }) },
                groupName(ctx.model, group.id) || h('code', {}, short(group.id, 10)),
            ),
            copier(group.id, 'the id'),
            h('b', {}, percent(total ? (10000 * group.weight) / total : NaN, 1)),
            h('span', { class: 'muted' }, plural(list.length, 'node')),
            list.length <= 6 &&
                h('span', { class: 'names muted' }, h('bdi', {}, list.map(nameOf).join(', '))),
        ),
    );
}

// ------------------------------------------------------------ links of this node

const RINGS_MS = [1, 10, 100, 1000];
// Distance from the middle for a way there and back: by its logarithm, from half a millisecond on.
const distance = (ms) => 44 + 46 * Math.log10(1 + 2 * Math.max(0, ms));
const linkOf = (n) =>
    n.present === false ? 'not reachable' : n.connected === false ? 'through others' : n.connected ? 'direct' : 'reachable';

function picture(ctx, self, others) {
    const far = Math.max(distance(RINGS_MS[1]), ...others.map((n) => distance(n.round_ms ?? 0))) + 26,
        rings = RINGS_MS.filter((ms) => distance(ms) < far),
        aside = Math.PI / others.length - Math.PI / 2; // between two members
    const at = others.map((n, i) => {
        const a = (2 * Math.PI * i) / others.length - Math.PI / 2,
            r = Number.isFinite(n.round_ms) ? distance(n.round_ms) : far - 14;
        return { n, x: r * Math.cos(a), y: r * Math.sin(a) };
    });
    return h(
        'svg',
        { class: 'links', viewBox: `${-far} ${-far} ${2 * far} ${2 * far}`, role: 'group', 'aria-label': `Links of ${nameOf(self)} to ${plural(others.length, 'member')}; the numbers are in the table` },
        rings.map((ms) => [
            h('circle', { key: 'r' + ms, r: distance(ms), class: 'ring' }),
            h('text', { key: 't' + ms, x: (distance(ms) * Math.cos(aside)).toFixed(1), y: (distance(ms) * Math.sin(aside)).toFixed(1) }, ms < 1000 ? `${ms} ms` : '1 s'),
        ]),
        at.map(({ n, x, y }) => h('line', { key: 'l' + n.slot, x2: x.toFixed(1), y2: y.toFixed(1), class: 'link-' + linkOf(n).split(' ')[0] })),
        [{ n: self, x: 0, y: 0 }, ...at].map(({ n, x, y }) =>
            h(
                'a',
                { key: n.slot, href: ctx.address(ctx.nodePath(n)), tabindex: others.length > 64 ? -1 : null, 'aria-label': `${toldOf(n)}; ${n === self ? 'this node' : linkOf(n)}` },
                h(
                    'g',
                    { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)}) scale(${n === self ? 11 : others.length > 60 ? 4 : 7})`, class: 'spot t-' + standingOf(conditionOf(n)).tone },
                    h('title', {}, toldOf(n)),
                    h('path', { d: PATH[conditionOf(n)] || PATH.FULL, 'fill-rule': 'evenodd' }),
                ),
            ),
        ),
        others.length <= 40 && at.map(({ n, x, y }) => h('text', { key: 'n' + n.slot, x: (x + 10).toFixed(1), y: (y + 4).toFixed(1), 'aria-hidden': 'true' }, String(n.slot))),
    );
}

function links(ctx) {
    const { model } = ctx,
        self = model.bySlot.get(model.status.slot),
        others = model.nodes.filter((n) => n !== self);
    if (ctx.past || !self) return empty('Links of past epochs are not stored.');
    const { neighbours: near } = model.status,
        measured = others.filter((n) => Number.isFinite(n.round_ms)).length;
    return [
        h(
            'div',
            { class: 'card' },
            h('p', { class: 'note' }, near?.used ? `An overlay: ${plural((near.chosen || 0) + (near.others || 0), 'neighbour')}, ${near.chosen || 0} of them chosen by this node; other members are reached through them.` : 'A full mesh: this node links to every member.'),
            picture(ctx, self, others),
            h('p', { class: 'note' }, `The middle is ${nameOf(self)}. Rings: the time there and back, measured of ${measured} of ${others.length}; members without a measurement are outside. Numbers are slots. Solid: linked; dotted: through others; dashed: not reachable.`),
        ),
        h(
            'div',
            { class: 'card' },
            table(
                'Links of this node',
                [
                    ['Slot', (n) => n.slot, 'num'],
                    ['Node', (n) => h('a', { class: 'node', href: ctx.address(ctx.nodePath(n)) }, h('bdi', {}, nameOf(n))), 'name'],
                    ['Link', linkOf],
                    ['There and back', (n) => span(n.round_ms), 'num'],
                    ['Longest of late', (n) => span(n.round_worst_ms), 'num'],
                    ['Last message', (n) => (Number.isFinite(n.last_message_age_ms) ? span(n.last_message_age_ms) + ' ago' : 'never')],
                    ['Clock', (n) => (Number.isFinite(n.date_ahead_ms) ? `${span(n.date_ahead_ms)} ${n.date_ahead_ms < 0 ? 'behind' : 'ahead'}` : 'not known')],
                ],
                [...others].sort((a, b) => (b.present === false) - (a.present === false) || (b.round_ms ?? Infinity) - (a.round_ms ?? Infinity) || a.slot - b.slot).slice(0, 200),
                (n) => n.slot,
                'stacks',
                others,
            ),
        ),
    ];
}

const groupName = (model, id) => rootName(model, id) || operatorName(model, id);

export function topology(ctx) {
    const { model, query } = ctx,
        { nodes } = model;
    if (nodes.length === 0) return page('Topology', null, empty('No data yet.'));
    const by = ['operator', 'links'].includes(query.by) ? query.by : 'vendor',
        list = groups(nodes, by === 'operator' ? 'operator_id' : 'vendor_root'),
        total = nodes.reduce((s, n) => s + (n.weight || 0), 0);
    const size = nodes.length > 200 ? 6 : nodes.length > 60 ? 9 : nodes.length > 24 ? 14 : 22,
        gone = nodes.filter((n) => n.present === false);
    return page(
        'Topology',
        `${plural(nodes.length, 'node')} on ${plural(list.length, by === 'operator' ? 'operator' : 'vendor root')}; ${gone.length ? `${gone.length} unreachable` : 'all of them heard of'}.`,
        h(
            'div',
            { class: 'bar' },
            segments(
                'Group by',
                [
                    ['vendor', 'By vendor root'],
                    ['operator', 'By operator'],
                    ['links', 'Links'],
                ],
                by,
                (to) => ctx.set({ by: to === 'vendor' ? '' : to }),
            ),
            by !== 'links' &&
                h(
                'p',
                { class: 'muted' },
                'Size is weight, shape is condition, hollow ones are no standing; dashed: unreachable. A thick ring: more than a third of the weight.',
            ),
        ),
        by === 'links' ? links(ctx) : [
        h(
            'div',
            { class: 'card' },
            h(
                'ul',
                { class: 'clusters' },
                list.slice(0, 64).map((g) => cluster(ctx, g, size, total, 3 * g.weight > total)),
            ),
        ),
        list.length > 64 &&
            h('p', { class: 'note' }, `The ${list.length - 64} lightest groups are in the table alone.`),
        twin(
            'Groups',
            [
                [by === 'operator' ? 'Operator' : 'Vendor root', (g) => ident(g.id, 'the id', groupName(model, g.id))],
                ['Nodes', (g) => g.nodes.length, 'num'],
                ['Weight', (g) => count(g.weight), 'num'],
                ['Share', (g) => percent(total ? (10000 * g.weight) / total : NaN, 1), 'num'],
                ['Members', (g) => g.nodes.slice(0, 12).map(nameOf).join(', ')],
            ],
            list,
        ),
        ],
    );
}
