// views/fleet.js - every node, sortable; only the rows that can be seen are in the page.
import { h } from '../dom.js';
import { clean, count, percent, short, span } from '../format.js';
import {
    awayText,
    conditionOf,
    epochText,
    nameOf,
    operatorName,
    rootName,
    told,
    wayBack,
    worse,
    STAGES,
} from '../model.js';
import { CONDITIONS, badge, standingOf } from '../shapes.js';
import { copier, empty, meter, nodeLink, page, select, spark } from '../parts.js';

const ROW = 44,
    AROUND = 8,
    WINDOW_FROM = 80;
const seen = { top: 0, height: 700 };

const COLUMNS = [
    { id: 'name', title: 'Node', by: (n) => n.name, cell: (ctx, n) => nodeLink(ctx, n) },
    {
        id: 'standing',
        title: 'Condition',
        by: worse,
        cell: (ctx, n) => [
            badge(conditionOf(n)),
            STAGES[n.stage] && h('span', { class: 'chip' }, STAGES[n.stage]),
        ],
        cls: 'stands',
    },
    {
        id: 'score',
        title: 'Score',
        by: (n) => n.score_bp,
        cell: (ctx, n) => [meter(n), h('b', {}, percent(n.score_bp))],
        cls: 'num score',
    },
    { id: 'trend', title: 'Lately', cell: (ctx, n, trend) => spark(trend), cls: 'w3' },
    {
        id: 'integrity',
        title: 'Integrity',
        by: (n) => n.integrity_bp,
        cell: (ctx, n) => percent(n.integrity_bp),
        cls: 'num w2',
    },
    {
        id: 'availability',
        title: 'Availability',
        by: (n) => n.availability_bp,
        cell: (ctx, n) => percent(n.availability_bp),
        cls: 'num w2',
    },
    { id: 'weight', title: 'Weight', by: (n) => n.weight, cell: (ctx, n) => count(n.weight), cls: 'num w2' },
    {
        id: 'attested',
        title: 'Attested',
        by: (n) => n.last_success_epoch,
        cell: (ctx, n) => (n.last_success_epoch ? epochText(ctx.model, n.last_success_epoch) : 'never'),
        cls: 'num w5',
    },
    {
        id: 'heard',
        title: 'Heard',
        by: (n) => n.last_message_age_ms ?? Infinity,
        cell: (ctx, n) =>
            n.slot === ctx.model.status.slot
                ? 'itself'
                : n.present
                  ? 'now'
                  : n.last_message_age_ms === null || n.last_message_age_ms === undefined
                    ? 'never'
                    : span(n.last_message_age_ms) + ' ago',
        cls: 'num w3',
    },
    {
        id: 'why',
        title: 'Why',
        cell(ctx, n) {
            const back = wayBack(ctx.model, n),
                why = [awayText(ctx.model, n) || told(whyOf(n)), back && `recovers: ${back}`].filter(Boolean).join('; ');
            return h('span', { class: 'why', title: why || null }, h('bdi', {}, clean(why, 160)));
        },
        cls: 'w4',
    },
];

const whyOf = (n) =>
    n.standing === 'FULL' && n.integrity_bp === 10000
        ? ''
        : n.reasons?.[0]?.text || n.last_reason || n.reason || '';

function pick(ctx) {
    const { q = '', standing = '', sort = 'slot', dir = 'up', group = '' } = ctx.query,
        text = q.trim().toLowerCase();
    let rows = ctx.model.nodes.filter(
        (n) =>
            (!standing || conditionOf(n) === standing) &&
            (!group || n.vendor_root === group || n.operator_id === group) &&
            (!text ||
                (n.name || '').toLowerCase().includes(text) ||
                (n.node_id || '').startsWith(text) ||
                (whyOf(n) || '').toLowerCase().includes(text)),
    );
    const column = COLUMNS.find((c) => c.id === sort && c.by),
        by = column ? column.by : (n) => n.slot,
        sign = dir === 'down' ? -1 : 1;
    rows = [...rows].sort((a, b) => {
        const x = by(a),
            y = by(b);
        return (x < y ? -sign : x > y ? sign : 0) || a.slot - b.slot;
    });
    return rows;
}

function heading(ctx, column) {
    const { sort = 'slot', dir = 'up' } = ctx.query,
        on = sort === column.id;
    const aria = on ? (dir === 'up' ? 'ascending' : 'descending') : 'none';
    return h(
        'th',
        { scope: 'col', key: column.id, class: column.cls, 'aria-sort': column.by ? aria : null },
        column.by
            ? h(
                  'button',
                  {
                      type: 'button',
                      onclick: () => ctx.set({ sort: column.id, dir: on && dir === 'up' ? 'down' : 'up' }),
                  },
                  column.title,
                  h('i', { class: on ? dir : '', 'aria-hidden': 'true' }),
              )
            : column.title,
    );
}

// Scrolling asks for other rows; the page itself scrolls, not a box within it.
const scrolls = (ctx) => ({
    mount(el) {
        const state = { ctx };
        state.look = () => {
            const box = el.getBoundingClientRect(),
                top = Math.max(0, Math.floor(-box.top / ROW / 4) * 4);
            if (top === seen.top && innerHeight === seen.height) return;
            seen.top = top;
            seen.height = innerHeight;
            state.ctx.draw();
        };
        addEventListener('scroll', state.look, { passive: true });
        addEventListener('resize', state.look);
        return state;
    },
    update(el, data, state) {
        state.ctx = data;
        return state;
    },
    unmount(el, state) {
        removeEventListener('scroll', state.look);
        removeEventListener('resize', state.look);
        seen.top = 0;
    },
    data: ctx,
});

export function fleet(ctx) {
    const { model, query } = ctx,
        rows = pick(ctx),
        whole = rows.length <= WINDOW_FROM;
    const from = whole ? 0 : Math.max(0, Math.min(rows.length - 1, seen.top - AROUND));
    const to = whole ? rows.length : Math.min(rows.length, from + Math.ceil(seen.height / ROW) + 2 * AROUND);
    const recent = model.epochs.slice(-24);
    const filtered = query.q || query.standing || query.group;
    return page(
        'Fleet',
        null,
        h(
            'div',
            { class: 'bar' },
            h(
                'label',
                { class: 'search' },
                h('span', { class: 'hidden' }, 'Look for a node'),
                h('input', {
                    id: 'search',
                    type: 'search',
                    placeholder: 'Name, id or reason',
                    value: query.q || '',
                    oninput: (e) => ctx.set({ q: e.target.value }),
                }),
                h('kbd', { 'aria-hidden': 'true' }, '/'),
            ),
            select(
                'Condition',
                [['', 'any'], ...CONDITIONS.map((s) => [s, standingOf(s).word])],
                query.standing || '',
                (standing) => ctx.set({ standing }),
            ),
            query.group &&
                h(
                    'button',
                    { class: 'button', type: 'button', onclick: () => ctx.set({ group: '' }) },
                    'Group ',
                    rootName(model, query.group) || operatorName(model, query.group) || short(query.group, 8),
                    ' \u00d7',
                ),
            query.group && copier(query.group, 'the id of the group'),
            h(
                'p',
                { class: 'muted', role: 'status' },
                filtered
                    ? `${count(rows.length)} of ${count(model.nodes.length)}`
                    : `${count(rows.length)} nodes`,
            ),
        ),
        rows.length === 0
            ? empty('No node is like that.', filtered ? 'Take a filter away to see the others.' : null)
            : h(
                  'div',
                  { class: 'card flush', hook: scrolls(ctx) },
                  h(
                      'table',
                      { class: 'fleet', 'aria-rowcount': rows.length + 1 },
                      h('caption', { class: 'hidden' }, 'Nodes of the network'),
                      h(
                          'thead',
                          {},
                          h(
                              'tr',
                              {},
                              COLUMNS.map((c) => heading(ctx, c)),
                          ),
                      ),
                      h(
                          'tbody',
                          {},
                          from > 0 &&
                              h(
                                  'tr',
                                  {
                                      key: 'above',
                                      class: 'room',
                                      'aria-hidden': 'true',
                                      style: { height: from * ROW + 'px' },
                                  },
                                  h('td', { colspan: COLUMNS.length }),
                              ),
                          rows.slice(from, to).map((n, i) =>
                              h(
                                  'tr',
                                  {
                                      key: n.slot,
                                      'aria-rowindex': from + i + 2,
                                      'data-row': true,
                                      tabindex: -1,
                                      onkeydown: (e) => {
                                          if (e.key === 'Enter' && e.target.hasAttribute('data-row'))
                                              ctx.go(ctx.nodePath(n));
                                      },
                                  },
                                  COLUMNS.map((c) =>
                                      h(
                                          'td',
                                          { key: c.id, class: c.cls },
                                          c.cell(
                                              ctx,
                                              n,
                                              c.id === 'trend'
                                                  ? recent.map((e) => e.at.get(n.slot)?.score_bp ?? 0)
                                                  : null,
                                          ),
                                      ),
                                  ),
                              ),
                          ),
                          to < rows.length &&
                              h(
                                  'tr',
                                  {
                                      key: 'below',
                                      class: 'room',
                                      'aria-hidden': 'true',
                                      style: { height: (rows.length - to) * ROW + 'px' },
                                  },
                                  h('td', { colspan: COLUMNS.length }),
                              ),
                      ),
                  ),
              ),
    );
}
