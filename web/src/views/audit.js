// views/audit.js - orders, proofs and changes: all events, filtered.
import { h } from '../dom.js';
import { proposalsOf } from '../attention.js';
import { clean, count, date, percent, second } from '../format.js';
import { epochText, happened, nameOf, nowOf } from '../model.js';
import { EVENT_GROUPS, eventGroup, eventMark, eventTone } from '../shapes.js';
import { card, code, empty, facts, ident, page, segments, table } from '../parts.js';

const MAX = 200;

function proposals(ctx) {
    const list = proposalsOf(ctx.model);
    if (list.length === 0) return null;
    return table(
        'Changes that wait for approvals',
        [
            ['What', (p) => h('bdi', {}, p.what)],
            ['Approved by', (p) => (p.by.length ? h('bdi', {}, p.by.join(', ')) : 'no operator yet')],
            ['Missing', (p) => h('bdi', {}, p.missing.join(', '))],
            ['Needed', (p) => count(p.needed), 'num'],
            ['Last epoch', (p) => (p.until ? epochText(ctx.model, p.until) : '\u2013')],
            ['Id', (p) => ident(p.id, 'the id', code(p.id.slice(0, 16)))],
        ],
        list,
        (p) => p.id,
        'stacks',
    );
}

function changes(ctx) {
    const c = ctx.model.docs.changes,
        s = ctx.model.status.changes;
    if (!c && !s) return null;
    const waiting = c?.queue || c?.waiting || [],
        sum = c || s;
    return card('Changes of the rules', [
        facts([
            ['In force', sum.sequence ? 'change ' + count(sum.sequence) : 'the genesis, unchanged'],
            ['Waiting', count(sum.pending || 0)],
            sum.trial && [
                'On trial',
                `change ${sum.trial.sequence}: ${percent(sum.trial.total_weight ? (10000 * sum.trial.suspended_weight) / sum.trial.total_weight : 0)} of the weight was suspended by it, ${percent(sum.trial.total_weight ? (10000 * sum.trial.unjudged_weight) / sum.trial.total_weight : 0)} is not appraised under it yet; above a fifth it is reverted`,
            ],
            sum.ended && [
                'Ended',
                `change ${sum.ended.sequence}: ${clean(sum.ended.end, 80)}, ${epochText(ctx.model, sum.ended.epoch)}`,
            ],
        ]),
        proposals(ctx),
        waiting.length > 0 &&
            table(
                'Waiting changes',
                [
                    ['Number', (w) => w.sequence, 'num'],
                    ['In force from', (w) => epochText(ctx.model, w.activation)],
                    [
                        'What',
                        (w) => clean((w.actions || []).map((a) => a.text || a.kind || a).join(', '), 200),
                    ],
                ],
                waiting,
                (w) => w.sequence,
            ),
    ]);
}

export function audit(ctx) {
    const { model, query } = ctx,
        kind = query.kind || '',
        text = (query.q || '').trim().toLowerCase();
    const all = [...model.events].reverse();
    const list = all.filter(
        (e) =>
            (kind ? eventGroup(e.event) === kind : eventTone(e) !== 'quiet' || text) &&
            (!text || `${e.text} ${e.event} ${e.name || ''}`.toLowerCase().includes(text)),
    );
    const first = model.events[0];
    return page(
        'Orders and audit',
        'Orders, proofs and changes of the network, as this node received them.',
        changes(ctx),
        h(
            'div',
            { class: 'bar' },
            segments(
                'Kind',
                [['', 'Important'], ...EVENT_GROUPS.map((g) => [g, g[0].toUpperCase() + g.slice(1)])],
                kind,
                (to) => ctx.set({ kind: to }),
            ),
            h(
                'label',
                { class: 'search' },
                h('span', { class: 'hidden' }, 'Search the events'),
                h('input', {
                    type: 'search',
                    placeholder: 'Text, event or node',
                    value: query.q || '',
                    oninput: (e) => ctx.set({ q: e.target.value }),
                }),
            ),
            h(
                'p',
                { class: 'muted', role: 'status' },
                `${count(Math.min(MAX, list.length))} of ${count(all.length)}`,
            ),
        ),
        list.length === 0
            ? empty(
                  'No event matches.',
                  first ? `The oldest stored event is of ${epochText(model, first.epoch)}.` : null,
              )
            : h(
                  'div',
                  { class: 'card flush' },
                  table(
                      'Events',
                      [
                          ['', (e) => eventMark(eventTone(e))],
                          [
                              'When (UTC)',
                              (e) =>
                                  h(
                                      'time',
                                      {
                                          datetime: new Date(e.at_unix_ms || 0).toISOString(),
                                          title: date(e.at_unix_ms),
                                      },
                                      second(e.at_unix_ms, nowOf(model)),
                                  ),
                              'when',
                          ],
                          [
                              'Epoch',
                              (e) => h('a', { href: ctx.address('epochs', { e: e.epoch }) }, e.epoch),
                              'num w2',
                          ],
                          [
                              'Node',
                              (e) => {
                                  const n = model.bySlot.get(e.slot);
                                  return n
                                      ? h(
                                            'a',
                                            { href: ctx.address(ctx.nodePath(n)) },
                                            h('bdi', {}, nameOf(n)),
                                        )
                                      : '';
                              },
                              'name w2',
                          ],
                          ['What happened', (e) => h('bdi', {}, happened(e, 300)), 'grow'],
                          ['Event', (e) => h('code', {}, clean(e.event, 40)), 'w3'],
                      ],
                      list.slice(0, MAX),
                      (e) => e.first_seq,
                      '',
                      list,
                  ),
              ),
        h(
            'p',
            { class: 'note' },
            'To verify a store without trusting this page: ',
            h('code', {}, 'assay audit verify STORE --genesis FILE'),
        ),
    );
}
