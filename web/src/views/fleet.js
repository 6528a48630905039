// views/fleet.js - every node, sortable; only the rows that can be seen are in the page.
import { h } from '../dom.js';
import { clean, count, percent, short, span } from '../format.js';
import {
    against,
    awayText,
    capital,
    conditionOf,
    epochText,
    list,
    lowered,
    nameOf,
    operatorName,
    rootName,
    sinceOf,
    told,
    wayBack,
    worse,
    STAGES,
} from '../model.js';
import { CONDITIONS, badge, standingOf } from '../shapes.js';
import { copier, empty, meter, nodeLink, page, reasoned, saver, select, spark } from '../parts.js';

const ROW = 44,
    ROW_NARROW = 64, // with the reason as a second line (style.css, 1180px)
    AROUND = 8,
    WINDOW_FROM = 80;
const seen = { top: 0, height: 700 };
const rowHeight = () => (innerWidth <= 1180 ? ROW_NARROW : ROW);

const COLUMNS = [
    {
        id: 'name',
        title: 'Node',
        by: (n) => n.name,
        cell(ctx, n) {
            const why = conditionOf(n) === 'FULL' ? '' : whyOf(ctx.model, n);
            return [
                nodeLink(ctx, n),
                why && h('div', { class: 'under unsaid', title: why }, h('bdi', {}, said(ctx, why))),
            ];
        },
        cls: 'first',
    },
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
    {
        id: 'operator',
        title: 'Operator',
        by: (n) => n.operator || n.operator_id || '',
        cell: (ctx, n) => group(ctx, n.operator_id, operatorName(ctx.model, n.operator_id)),
        cls: 'w2',
    },
    {
        id: 'vendor',
        title: 'Vendor root',
        by: (n) => n.vendor_root || '',
        cell: (ctx, n) => group(ctx, n.vendor_root, rootName(ctx.model, n.vendor_root)),
        cls: 'w2',
    },
    {
        id: 'since',
        title: 'Since',
        cell: (ctx, n) => (conditionOf(n) === 'FULL' ? '' : sinceOf(ctx.model, n)),
        cls: 'since w3',
    },
    {
        id: 'why',
        title: 'Reason and way back',
        cell(ctx, n) {
            const why = whyOf(ctx.model, n);
            return why && h('div', { class: 'why', title: why }, h('bdi', {}, said(ctx, why)));
        },
        text: (ctx, n) => whyOf(ctx.model, n),
        cls: 'w4',
    },
    {
        id: 'integrity',
        title: 'Integrity',
        by: (n) => n.integrity_bp,
        cell: (ctx, n) => percent(n.integrity_bp),
        cls: 'num w6',
    },
    {
        id: 'availability',
        title: 'Availability',
        by: (n) => n.availability_bp,
        cell: (ctx, n) => percent(n.availability_bp),
        cls: 'num w6',
    },
    { id: 'trend', title: 'Trend', cell: (ctx, n, trend) => spark(trend), cls: 'w6' },
    { id: 'weight', title: 'Weight', by: (n) => n.weight, cell: (ctx, n) => count(n.weight), cls: 'num w3 weight' },
    {
        id: 'attested',
        title: 'Last attested',
        by: (n) => n.last_success_epoch,
        cell: (ctx, n) => (n.last_success_epoch ? epochText(ctx.model, n.last_success_epoch) : 'never'),
        cls: 'num w5',
    },
    {
        id: 'heard',
        title: 'Last message',
        by: (n) => n.last_message_age_ms ?? Infinity,
        cell: (ctx, n) =>
            n.slot === ctx.model.status.slot
                ? 'this node'
                : n.present
                  ? 'now'
                  : n.last_message_age_ms === null || n.last_message_age_ms === undefined
                    ? 'never'
                    : span(n.last_message_age_ms) + ' ago',
        cls: 'num w6',
    },
];

// Its name, or the begin of its id with the whole in a title: the other members of the same.
const group = (ctx, id, name) =>
    id
        ? h(
              'a',
              { href: ctx.address('fleet', { ...ctx.query, group: id }), title: name ? null : id },
              name ? h('bdi', {}, name) : h('code', {}, short(id, 8)),
          )
        : '';

const reasonOf = (n) =>
    n.standing === 'FULL' && n.integrity_bp === 10000
        ? ''
        : list(n.reasons)[0]?.text || n.last_reason || lowered(n.reason);

// Rows of one height have no room for lines of identifiers.
const said = (ctx, why) => (ctx.model.nodes.length > WINDOW_FROM ? why : reasoned(why));

// One line: how it is away, or what is against it, and the way back.
function whyOf(model, n) {
    const back = wayBack(model, n),
        why = awayText(model, n) || against(model, n) || told(reasonOf(n));
    return clean(capital([why, back && `recovers: ${back}`].filter(Boolean).join('; ')), 400);
}

function pick(ctx) {
    const { q = '', standing = '', sort = 'standing', dir = 'down', group: id = '' } = ctx.query,
        text = q.trim().toLowerCase();
    const rows = ctx.model.nodes.filter(
        (n) =>
            (!standing || conditionOf(n) === standing) &&
            (!id || n.vendor_root === id || n.operator_id === id) &&
            (!text ||
                (n.name || '').toLowerCase().includes(text) ||
                (n.node_id || '').startsWith(text) ||
                (n.operator || '').toLowerCase().includes(text) ||
                whyOf(ctx.model, n).toLowerCase().includes(text)),
    );
    const column = COLUMNS.find((c) => c.id === sort && c.by),
        by = column ? column.by : worse,
        sign = dir === 'down' ? -1 : 1;
    return rows.sort((a, b) => {
        const x = by(a),
            y = by(b);
        return (x < y ? -sign : x > y ? sign : 0) || a.score_bp - b.score_bp || a.slot - b.slot;
    });
}

function heading(ctx, column) {
    const { sort = 'standing', dir = 'down' } = ctx.query,
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
                top = Math.max(0, Math.floor(-box.top / rowHeight() / 4) * 4);
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
    const to = whole ? rows.length : Math.min(rows.length, from + Math.ceil(seen.height / rowHeight()) + 2 * AROUND);
    const recent = model.epochs.slice(-24);
    const trend = (n) => recent.map((e) => e.at.get(n.slot)?.score_bp ?? 0);
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
                h('span', { class: 'hidden' }, 'Search for a node'),
                h('input', {
                    id: 'search',
                    type: 'search',
                    placeholder: 'Name, id, operator, reason',
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
            ? empty('No node matches.', filtered ? 'Remove a filter to see the others.' : null)
            : h(
                  'div',
                  { class: 'card flush', hook: scrolls(ctx) },
                  h(
                      'table',
                      { class: 'fleet' + (whole ? '' : ' even'), 'aria-rowcount': rows.length + 1 },
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
                                      style: { height: from * rowHeight() + 'px' },
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
                                          c.cell(ctx, n, c.id === 'trend' ? trend(n) : null),
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
                                      style: { height: (rows.length - to) * rowHeight() + 'px' },
                                  },
                                  h('td', { colspan: COLUMNS.length }),
                              ),
                      ),
                  ),
                  saver(
                      'Nodes of the network',
                      COLUMNS.filter((c) => c.id !== 'trend').map((c) => [c.title, (n) => (c.text || c.cell)(ctx, n, [])]),
                      () => rows,
                  ),
              ),
    );
}
