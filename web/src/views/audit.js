// views/audit.js - orders, proofs, changes: everything that happened, filtered.
import { h } from '../dom.js';
import { clean, clock, count, date, percent } from '../format.js';
import { epochText, happened, nameOf } from '../model.js';
import { EVENT_GROUPS, eventGroup, eventMark, eventTone } from '../shapes.js';
import { card, empty, facts, page, segments, table } from '../parts.js';

const MAX = 200;

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
                `change ${sum.trial.sequence}: ${percent(sum.trial.total_weight ? (10000 * sum.trial.suspended_weight) / sum.trial.total_weight : 0)} of the weight fell, ${percent(sum.trial.total_weight ? (10000 * sum.trial.unjudged_weight) / sum.trial.total_weight : 0)} is not judged by it yet; above a fifth it reverts`,
            ],
            sum.ended && [
                'Ended',
                `change ${sum.ended.sequence}: ${clean(sum.ended.end, 80)}, ${epochText(ctx.model, sum.ended.epoch)}`,
            ],
        ]),
        waiting.length > 0 &&
            table(
                'Changes that wait',
                [
                    ['Number', (w) => w.sequence, 'num'],
                    ['Holds from', (w) => epochText(ctx.model, w.activation)],
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
        'What the network ordered, proved and changed, as this node saw it.',
        changes(ctx),
        h(
            'div',
            { class: 'bar' },
            segments(
                'Kind',
                [['', 'Of note'], ...EVENT_GROUPS.map((g) => [g, g[0].toUpperCase() + g.slice(1)])],
                kind,
                (to) => ctx.set({ kind: to }),
            ),
            h(
                'label',
                { class: 'search' },
                h('span', { class: 'hidden' }, 'Look in the events'),
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
                  'Nothing like that has happened.',
                  first ? `The oldest event that is kept is of ${epochText(model, first.epoch)}.` : null,
              )
            : h(
                  'div',
                  { class: 'card flush' },
                  table(
                      'Events',
                      [
                          ['', (e) => eventMark(eventTone(e))],
                          [
                              'When',
                              (e) =>
                                  h(
                                      'time',
                                      {
                                          datetime: new Date(e.at_unix_ms || 0).toISOString(),
                                          title: date(e.at_unix_ms),
                                      },
                                      clock(e.at_unix_ms),
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
                  ),
              ),
        h(
            'p',
            { class: 'note' },
            'A store is verified without believing this page: ',
            h('code', {}, 'assay audit verify STORE --genesis FILE'),
        ),
    );
}
