// views/tolerance.js - what must fail together to hurt us, and trying it.
import { h } from '../dom.js';
import { clean, count, names, percent, plural, short } from '../format.js';
import { conditionOf, fewest, groups, nameOf, operatorName, whatIf, rootName } from '../model.js';
import { mark } from '../shapes.js';
import { card, empty, page, stat, table } from '../parts.js';

const failed = (ctx) => new Set((ctx.query.x || '').split('.').filter(Boolean).map(Number));

function least(ctx, title, what, list, total, label) {
    const set = fewest(list, total);
    return h(
        'li',
        { key: title },
        h('h3', {}, title),
        !set
            ? h('p', { class: 'muted' }, 'No member has weight.')
            : [
                  h(
                      'p',
                      {},
                      h('b', { class: 'big' }, count(set.length)),
                      ` ${set.length === 1 ? what[0] : what[1]} of ${count(list.length)}`,
                      h(
                          'span',
                          { class: 'muted' },
                          ` ${set.length === 1 ? 'has' : 'have'} ${percent((10000 * set.reduce((s, g) => s + g.weight, 0)) / total, 1)}`,
                      ),
                  ),
                  h('p', { class: 'muted' }, h('bdi', {}, names(set.map(label), 4))),
              ],
    );
}

function shares(title, list, total, cap, label) {
    return h(
        'div',
        { class: 'shares' },
        h('h3', {}, title),
        h(
            'ul',
            {},
            list
                .slice(0, 10)
                .map((g) =>
                    h(
                        'li',
                        { key: g.id ?? g.slot },
                        h('span', { title: label(g) }, h('bdi', {}, label(g))),
                        h(
                            'span',
                            { class: 'sharebar', 'aria-hidden': 'true' },
                            h('i', {
                                class: 3 * g.weight >= total ? 'over' : '',
                                style: { width: (total ? (100 * g.weight) / total : 0) + '%' },
                            }),
                            h('em', { class: 'third' }),
                        ),
                        h('b', { class: 'num' }, percent(total ? (10000 * g.weight) / total : NaN, 1)),
                    ),
                ),
        ),
        list.length > 10 && h('p', { class: 'note' }, `and ${list.length - 10} lighter ones`),
    );
}

export function tolerance(ctx) {
    const { model } = ctx,
        { nodes, status } = model,
        t = status.tolerance;
    if (nodes.length === 0) return page('Tolerance', null, empty('No data yet.'));
    const out = failed(ctx),
        test = whatIf(nodes, out),
        total = test.total;
    const members = nodes
        .map((n) => ({ ...n, id: n.slot, weight: n.weight || 0 }))
        .sort((a, b) => b.weight - a.weight || a.slot - b.slot);
    const operators = groups(nodes, 'operator_id'),
        vendors = groups(nodes, 'vendor_root');
    const set = (slots, on) => {
        const next = new Set(out);
        slots.forEach((s) => (on ? next.add(s) : next.delete(s)));
        ctx.set({ x: [...next].sort((a, b) => a - b).join('.') });
    };
    const verdict =
        out.size === 0
            ? ['quiet', 'Choose below which members fail.']
            : test.progress
              ? ['good', 'The network continues: more than two thirds of the weight are left.']
              : ['bad', 'The network stops: two thirds of the weight or less are left.'];
    const safety =
        out.size === 0
            ? null
            : test.safe
              ? ['good', 'If they sent false votes instead, nothing false could become final.']
              : ['bad', 'If they sent false votes instead, safety would end: they have a third of the weight.'];
    const lead = t
        ? `${t.members_stop === 0 ? 'No more node may' : `Any ${plural(t.members_stop, 'more node')} may`} fail without stopping the network; any ${count(t.members_break)} may be Byzantine without ending its safety.`
        : 'Computed from the weights.';
    // By its name where it has one: a digest alone does not identify a group to a reader.
    const groupNames = (g) => {
        const name = rootName(model, g.id) || operatorName(model, g.id),
            whose = names(g.nodes.map(nameOf), 2);
        return name ? `${name} \u00b7 ${whose}` : `${whose} \u00b7 ${short(g.id, 6)}`;
    };
    const alone = t
        ? [
              ...(t.operators_stop || []).map((g) => ['operator', g]),
              ...(t.vendors_stop || []).map((g) => ['vendor root', g]),
          ]
        : [];
    return page(
        'Tolerance',
        lead,
        alone.length > 0 &&
            h(
                'div',
                { class: 'banner warn' },
                h('b', {}, 'A single point of failure: '),
                names(
                    alone.map(
                        ([what, g]) =>
                            `${what} ${rootName(model, g.id) || clean(g.name || '', 32) || short(g.id, 8)} (${names(
                                (g.members || []).map((m) => clean(m, 24)),
                                2,
                            )})`,
                    ),
                    3,
                ),
                ' can stop the network.',
            ),
        h(
            'dl',
            { class: 'stats' },
            t && stat('May fail', count(t.members_stop), 'more nodes, any of them'),
            t && stat('May be Byzantine', count(t.members_break), 'nodes, any of them'),
            stat(
                'Heaviest operator',
                percent(status.largest_operator_bp ?? NaN, 1),
                status.operator_cap_met === false ? 'above its cap' : 'within its cap',
            ),
            stat(
                'Heaviest vendor root',
                percent(status.largest_vendor_bp ?? NaN, 1),
                status.vendor_cap_met === false ? 'above its cap' : 'within its cap',
            ),
            stat('Heaviest platform', percent(status.largest_platform_bp ?? NaN, 1), 'of all weight'),
        ),
        h(
            'div',
            { class: 'grid two' },
            card(
                'Smallest sets with a third of the weight',
                h(
                    'ul',
                    { class: 'fewest' },
                    least(ctx, 'Nodes', ['node', 'nodes'], members, total, nameOf),
                    least(ctx, 'Operators', ['operator', 'operators'], operators, total, groupNames),
                    least(ctx, 'Vendor roots', ['vendor root', 'vendor roots'], vendors, total, groupNames),
                ),
                { note: 'their failure stops the network, false votes of all of them end its safety' },
            ),
            card(
                'Shares of the weight',
                [
                    shares('Vendor roots', vendors, total, 0, (g) => groupNames(g)),
                    shares('Operators', operators, total, 0, (g) => groupNames(g)),
                ],
                { note: 'the line is a third' },
            ),
        ),
        card(
            'What if',
            [
                h(
                    'div',
                    { class: 'whatif' },
                    h(
                        'p',
                        { class: 'verdictline e-' + verdict[0], role: 'status' },
                        h('b', {}, verdict[1]),
                        safety && h('span', { class: 'e-' + safety[0] }, ' ', safety[1]),
                    ),
                    h(
                        'div',
                        {
                            class: 'sharebar wide',
                            role: 'img',
                            'aria-label': `${percent(total ? (10000 * test.left) / total : NaN)} of the weight is left`,
                        },
                        h('i', {
                            class: test.progress ? 'left' : 'over',
                            style: { width: (total ? (100 * test.left) / total : 0) + '%' },
                        }),
                        h('em', { class: 'twothirds' }),
                    ),
                    h(
                        'p',
                        { class: 'muted' },
                        `${count(test.left)} of ${count(total)} weight left; the line is two thirds. `,
                        out.size > 0 &&
                            h(
                                'button',
                                { type: 'button', class: 'button', onclick: () => ctx.set({ x: '' }) },
                                'Reset',
                            ),
                    ),
                ),
                h(
                    'fieldset',
                    { class: 'picks' },
                    h('legend', {}, 'Vendor roots'),
                    vendors.slice(0, 24).map((g) =>
                        h(
                            'label',
                            { key: g.id },
                            h('input', {
                                type: 'checkbox',
                                checked: g.nodes.every((n) => out.has(n.slot)),
                                onchange: (e) =>
                                    set(
                                        g.nodes.map((n) => n.slot),
                                        e.target.checked,
                                    ),
                            }),
                            h('bdi', { title: groupNames(g) }, groupNames(g)),
                        ),
                    ),
                ),
                h(
                    'fieldset',
                    { class: 'picks' },
                    h('legend', {}, 'Nodes'),
                    nodes
                        .slice(0, 200)
                        .map((n) =>
                            h(
                                'label',
                                { key: n.slot },
                                h('input', {
                                    type: 'checkbox',
                                    checked: out.has(n.slot),
                                    onchange: (e) => set([n.slot], e.target.checked),
                                }),
                                mark(conditionOf(n), 12),
                                h('bdi', {}, nameOf(n)),
                            ),
                        ),
                ),
            ],
            { note: 'the choice is part of the address' },
        ),
    );
}
