// views/topology.js - who stands on what: members packed by the vendor root or operator they depend on.
import { h } from '../dom.js';
import { clean, count, percent, plural, short } from '../format.js';
import { conditionOf, describe, groups, nameOf, operatorName, rootName } from '../model.js';
import { standingOf } from '../shapes.js';
import { copier, empty, ident, page, segments, twin } from '../parts.js';

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

const groupName = (model, id) => rootName(model, id) || operatorName(model, id);

export function topology(ctx) {
    const { model, query } = ctx,
        { nodes } = model;
    if (nodes.length === 0) return page('Topology', null, empty('No data yet.'));
    const by = query.by === 'operator' ? 'operator' : 'vendor',
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
                ],
                by,
                (to) => ctx.set({ by: to === 'vendor' ? '' : to }),
            ),
            h(
                'p',
                { class: 'muted' },
                'Size is weight, shape is condition, hollow ones are no standing; dashed: unreachable. A thick ring: more than a third of the weight.',
            ),
        ),
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
    );
}
