// views/services.js - what services' records have made: groups of state continuity, clusters of shares, tasks
// and money, the group key, as the node of this page knows them.
import { h } from '../dom.js';
import { clean, count, plural, short } from '../format.js';
import { card, empty, facts, ident, nodeLink, page, stat, table } from '../parts.js';

const PHASES = {
    forming: 'forms: too few replicas are available',
    serving: 'serves',
    changing: 'changes: its next view does not serve yet',
    gone: 'permanently lost: too few replicas have its memories',
};
const ALARMS = {
    few: 'too few seats count',
    'no-candidate': 'no candidate for a seat',
    'no-dealers': 'too few dealers for new shares',
    'old-shares': 'too many holders have shares of an old generation',
    cut: 'a seat is cut off from others',
    missing: 'a seat is missing',
    changing: 'its next view does not start',
    operators: 'candidates only of operators at their limit of seats',
};
const KEY_STATES = {
    none: 'no key: too few members offer to hold shares',
    making: 'the first key is being generated',
    active: 'certificates and tokens are signed',
    few: 'signs; a few more lost shares end that',
    too_few: 'nothing is signed: too few shares are live',
    lost: 'nothing is signed: too many shares are lost for ever',
};
const STATES = [
    ['open', 'Open'],
    ['accepted', 'Accepted'],
    ['failed', 'Failed'],
    ['paid', 'Paid'],
    ['closed', 'Closed'],
    ['expired', 'Expired'],
];

// Amounts beyond what numbers of JSON carry come as text.
const money = (amount) => (typeof amount === 'string' ? clean(amount, 24) : count(amount || 0));
// A line each, behind a chip: the sentences are longer than a narrow window.
const alarms = (codes) =>
    (codes || []).map((code) =>
        h('p', { key: 'alarm ' + code }, chip('alarm', true), ' ', ALARMS[code] || clean(code, 24)),
    );
const chip = (text, bad) => h('span', { class: 'chip ' + (bad ? 'warn' : 'l-live') }, text);

function member(ctx, seat) {
    const node = ctx.model.bySlot.get(seat.slot);
    if (node) return nodeLink(ctx, node);
    return h('span', { class: 'muted' }, clean(seat.name, 64) || 'no member');
}

const members = (ctx, seats) =>
    h(
        'span',
        {},
        seats.map((s, i) => h('span', { key: i }, i > 0 && ' ', member(ctx, s))),
    );

function group(ctx, g) {
    const bad = g.phase !== 'serving',
        lost = g.seats.filter((s) => s.lost).length;
    return card(
        ['Group ', h('bdi', { key: 'name' }, clean(g.name, 64))],
        [
            h(
                'p',
                { key: 'state' },
                chip(clean(g.phase, 12), bad),
                ' ',
                PHASES[g.phase] || clean(g.phase, 24),
                g.phase !== 'forming' && `, view ${count(g.view)}`,
                g.next_seats.length > 0 && `, waits for view ${count(g.next_view)}`,
                lost > 0 && `; ${plural(lost, 'seat')} lost`,
            ),
            alarms(g.alarms),
            g.seats.length > 0 &&
                table(
                    'Seats of group ' + clean(g.name, 64),
                    [
                        ['Seat', (s) => s.seat, 'num'],
                        ['Member', (s) => member(ctx, s)],
                        ['', (s) => (s.lost ? chip('lost', true) : clean(s.state || 'serves', 12))],
                    ],
                    g.seats.map((s, seat) => ({ ...s, seat })),
                    (s) => s.seat,
                ),
            facts([
                g.next_seats.length > 0 && ['Next seats', members(ctx, g.next_seats)],
                ['Listed', g.listed.length ? members(ctx, g.listed) : 'no member'],
                ['Enclaves', count(g.instances), `of at most ${count(g.instances_max)}`],
                ['Sessions', count(g.sessions), 'numbered'],
            ]),
        ],
        { key: 'g' + g.number, note: `${g.size} replicas` },
    );
}

function cluster(ctx, c) {
    return card(
        `Cluster ${c.number}`,
        [
            c.alarm && alarms(c.alarms),
            c.seated
                ? table(
                      'Slots of cluster ' + c.number,
                      [
                          ['Slot', (s) => s.place, 'num'],
                          ['Member', (s) => member(ctx, s)],
                          ['Shares', (s) => (s.ready ? 'complete' : 'not complete yet')],
                          ['', (s) => (s.lost ? chip('lost', true) : s.silent_epoch > 0 ? chip('silent in public') : '')],
                      ],
                      c.seats.map((s, place) => ({ ...s, place })),
                      (s) => s.place,
                  )
                : empty('Too few holders are available yet.'),
        ],
        { key: 'c' + c.number, note: c.alarm && chip('alarm', true) },
    );
}

const shares = (s) =>
    card(
        'Secrets in shares',
        h(
            'dl',
            { class: 'stats' },
            stat('Stored', count(s.synced), `of at most ${count(s.ids_max)}`),
            stat('Waiting', count(s.waiting), `for ${s.confirmations} confirmations`),
            stat(
                'To be redealt',
                count(s.due),
                `${count(s.resharing)} under way` + (s.public > 0 ? `, ${count(s.public)} in public` : ''),
            ),
            stat('Holders', count(s.holders), s.convicted > 0 && `${count(s.convicted)} convicted`),
            s.away > 0 && stat('Away', count(s.away), 'lost a slot for their silence'),
        ),
        { key: 'shares', note: `any ${s.threshold} of ${s.slots} slots make a secret` },
    );

function tasks(ctx, t) {
    return [
        card(
            'Tasks and money',
            h(
                'dl',
                { class: 'stats' },
                stat('Money', money(t.total), `in ${plural(t.accounts, 'account')}`),
                stat('Locked', money(t.locked), 'by tasks'),
                STATES.filter(([key], i) => i < 2 || t.states[key] > 0).map(([key, word]) =>
                    stat(word, count(t.states[key]), 'tasks'),
                ),
            ),
            { key: 'money' },
        ),
        card(
            'Offers',
            t.offers.length
                ? table(
                      'Offers',
                      [
                          ['Member', (o) => member(ctx, o)],
                          ['A step', (o) => money(o.price), 'num'],
                          [
                              'Programs',
                              (o) => o.codes.map((c, i) => [i > 0 && ' ', h('span', { key: c }, ident(c, 'the code', h('code', {}, short(c, 12))))]),
                          ],
                          ['Address', (o) => clean(o.address, 64)],
                      ],
                      t.offers,
                      (o) => o.slot,
                  )
                : empty('No member offers to run a program.'),
            { key: 'offers' },
        ),
    ];
}

function groupKey(ctx, k) {
    const bad = ['few', 'too_few', 'lost'].includes(k.state);
    return card(
        'Certificate authority',
        [
            h('p', { key: 'state' }, chip(clean(k.state, 12).replace('_', ' '), bad), ' ', KEY_STATES[k.state] || ''),
            k.ceremony !== 'none' &&
                h(
                    'p',
                    { key: 'ceremony' },
                    `${k.is_reshare ? 'A reshare of the key' : 'Generation of a key'} is under way: ${clean(k.ceremony, 12)}.`,
                ),
            k.holders.length > 0 &&
                table(
                    'Holders of the group key',
                    [
                        ['Member', (x) => member(ctx, x)],
                        ['Shares', (x) => count(x.indices), 'num'],
                        ['', (x) => (x.lost ? chip('lost', true) : x.live < x.indices ? chip('not live', true) : '')],
                    ],
                    k.holders,
                    (x) => x.slot,
                ),
            k.ca_number > 0 &&
                facts([
                    ['Live shares', `${count(k.live)} of ${count(k.indices)}`, `${count(k.threshold)} sign together`],
                    ['Generation', count(k.generation), `in force since epoch ${count(k.since_epoch)}`],
                    k.convicted > 0 && ['Convicted', plural(k.convicted, 'member'), 'dealt, accused or signed wrongly'],
                ]),
        ],
        { key: 'identity', note: k.ca_number > 0 && `key ${count(k.ca_number)}` },
    );
}

function programs(s) {
    const seen = s.records.filter((r) => r.applied + r.idle > 0),
        p = s.programs;
    return card(
        'Records and programs',
        [
            p
                ? h(
                      'p',
                      { key: 'p' },
                      `${plural(p.connected, 'program')} at the socket, ${count(p.following)} of them `,
                      p.following === 1 ? 'follows.' : 'follow.',
                  )
                : h('p', { key: 'p' }, 'No program may follow this node.'),
            seen.length > 0 &&
                table(
                    'Final records by kind',
                    [
                        ['Kind', (r) => clean(r.kind, 24)],
                        ['Applied', (r) => count(r.applied), 'num'],
                        ['Without effect', (r) => count(r.idle), 'num'],
                    ],
                    seen,
                    (r) => r.kind,
                ),
        ],
        { key: 'records', note: 'since the node started' },
    );
}

export function servicesView(ctx) {
    const s = ctx.model.services;
    if (!s) return page('Services', null, empty('This network has no services.'));
    return page(
        'Services',
        !s.known
            ? 'This node still asks for the documents of services.'
            : s.current
              ? 'State of the services after the last final record.'
              : `As epoch ${count(s.epoch)} left it.`,
        h(
            'div',
            { class: 'grid two' },
            s.groups.map((g) => group(ctx, g)),
            (s.shares?.clusters || []).map((c) => cluster(ctx, c)),
            s.identity && groupKey(ctx, s.identity),
        ),
        s.shares && shares(s.shares),
        s.tasks && tasks(ctx, s.tasks),
        programs(s),
    );
}
